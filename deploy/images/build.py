"""Builds images as `docker build` would, each with a log of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from deploy.images import base, buildah, machine
from deploy.images.names import FOLDER, ROOT, tag, version


def build(names: Sequence[str]) -> dict[str, float]:
    """Seconds that each took; what they share is built with the first one. Raises `ImageError`."""
    begun = time.monotonic()
    buildah.run("rm", "--all")  # of builds that were killed
    base.make()
    took = {"base": time.monotonic() - begun}
    handed = FOLDER / "machine"
    handed.mkdir(exist_ok=True)
    options = [*machine.secrets(handed), *machine.mounts(handed)]
    for name in names:
        begun = time.monotonic()
        print(f"building {name} …", flush=True)
        buildah.run(*_arguments(name), *options, str(ROOT))
        buildah.run("rm", "--all")  # it leaves those of stages that were there already
        took[name] = time.monotonic() - begun
    return took


def _arguments(name: str) -> list[str]:
    """`docker` is the format that has health checks."""
    return [
        *(
            "bud",
            "--isolation",
            "chroot",
            "--format",
            "docker",
            "--layers",
            "--pull-never",
            "--network",
            "host",
        ),
        *("--ignorefile", str(ROOT / ".dockerignore"), "--logfile", str(FOLDER / f"{name}.log")),
        *("--build-arg", f"SERVICE={name}", "--build-arg", f"VERSION={version()}"),
        *("--build-arg", f"REVISION={_revision()}", "--tag", tag(name)),
    ]


def _revision() -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
