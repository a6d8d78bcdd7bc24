"""The base image from Debian's packages, under the name that the Dockerfile has for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from deploy.images import buildah, machine
from deploy.images.names import FOLDER, ImageError, base

SUITE = "bookworm"
SOURCES = """\
deb http://deb.debian.org/debian {suite} main
deb http://deb.debian.org/debian {suite}-updates main
deb http://deb.debian.org/debian-security {suite}-security main
"""
"""What the image itself says, wherever its packages came from."""
SLIM = (
    "force-unsafe-io",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/locale/*",
)
"""Settings of dpkg, as in the slim images of Debian."""
HOOKS = "/usr/share/mmdebstrap/hooks/merged-usr"


def make() -> None:
    """Nothing when it is there. The point release is that of today, whatever the name says."""
    if buildah.exists(base()):
        return
    archive, sources = FOLDER / "base.tar", FOLDER / "base.sources"
    sources.write_text(SOURCES.format(suite=SUITE))
    _debootstrap(archive, sources)
    container = buildah.run("from", "scratch").strip()
    buildah.run("add", "--quiet", container, str(archive), "/")
    buildah.run("commit", "--quiet", "--rm", container, f"docker.io/library/{base()}")
    archive.unlink()


def _debootstrap(archive: Path, sources: Path) -> None:
    mirrors = [str(path) for path in machine.apt_sources() if machine.codename() == SUITE] or [str(sources)]
    (FOLDER / "apt.conf").write_text(machine.apt_settings())
    options = [
        "--variant=minbase",
        "--mode=root",
        "--quiet",
        "--include=ca-certificates,usr-is-merged",
        f"--hook-dir={HOOKS}",
        f"--aptopt={FOLDER / 'apt.conf'}",
        *(f"--dpkgopt={each}" for each in SLIM),
        f"--customize-hook=upload {sources} /etc/apt/sources.list",
        '--customize-hook=rm -f "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/99mmdebstrap',
    ]
    done = subprocess.run(
        ["mmdebstrap", *options, SUITE, str(archive), *mirrors],
        env=machine.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = "\n".join(done.stderr.splitlines()[-buildah.TAIL :])
        raise ImageError(f"mmdebstrap failed:\n{last}")
