"""What may and what must be in an image."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.images import buildah
from deploy.images.names import NAMES, OPERATOR, USER, WITHOUT_MEDIA, ImageError, tag, version

PROGRAMS = re.compile(r"(.*-linux-gnu-)?(gcc|g\+\+|cc|c\+\+|clang|ld|make|cpp)(-[\d.]+)?")
"""Compilers, and what goes with them."""
BINARIES = ("usr/bin/", "usr/local/bin/", "opt/venv/bin/")
LEFT_OUT = ("usr/lib/*/dri/*_dri.so", "usr/lib/*/libLLVM*")
"""What deploy/images/no-drivers.conf is about."""
FOLDERS = ("opt/builder", "build", "root/.cache", "root/.config", "var/lib/apt/lists/partial")
UNWANTED = {".git", ".pytest_cache", ".venv", ".images", "bench"}
PACKAGES = ("pip", "setuptools", "wheel", "uv", "hatchling", "pytest")
SECRET = re.compile(
    r".*\.(pem|key|p12)|secrets\.json|reelbus_(nats|database|s3|signing|jwt)_.*|id_(rsa|ed25519)"
)
PUBLIC = ("etc/ssl/certs", "usr/lib/ssl/cert.pem", "usr/share/ca-certificates", "opt/venv/lib")
"""Folders whose .pem files are certificates."""
TOOLS = ("usr/bin/setpriv", "usr/bin/prlimit", "usr/bin/nice")
"""What ffmpeg is confined with."""


def look_into(name: str) -> None:
    """Raises `ImageError` with all that is wrong."""
    wrong = list(_configured(name, buildah.configuration(tag(name))))
    with buildah.mounted(tag(name)) as root:
        wrong += _files(name, root)
        wrong += _leftovers(root)
        wrong += _packages(name, root)
    if wrong:
        raise ImageError("\n".join(f"{name}: {each}" for each in wrong))


def _configured(name: str, found: dict[str, Any]) -> Iterator[str]:
    module = "reelbus" if name == OPERATOR else f"services.{name}"
    if found.get("User") != f"{USER}:{USER}":
        yield f"runs as {found.get('User')}"
    if found.get("Entrypoint") != ["python", "-m", module]:
        yield f"starts {found.get('Entrypoint')}"
    if bool(found.get("Healthcheck")) == (name == OPERATOR):
        yield f"its health check is {found.get('Healthcheck')}"
    labels = found.get("Labels") or {}
    if labels.get("org.opencontainers.image.version") != version():
        yield f"its labels are {labels}"
    names = {pair.partition("=")[0] for pair in found.get("Env") or []}
    if "PIP_INDEX_URL" in names or "SSL_CERT_FILE" in names:
        yield "the machine's settings are in its environment"


def _files(name: str, root: Path) -> Iterator[str]:
    media = name not in WITHOUT_MEDIA
    for program in ("ffmpeg", "ffprobe"):
        if (root / "usr/bin" / program).exists() != media:
            yield f"{program} is {'missing' if media else 'there'}"
    for tool in TOOLS:
        if not (root / tool).exists():
            yield f"{tool} is missing"
    if (root / "models" / "whisper-base" / "model.bin").exists() != (name == "speech"):
        yield "the model is in the wrong image"


def _leftovers(root: Path) -> Iterator[str]:
    """Of the build, and of the machine that it ran on."""
    for folder in FOLDERS:
        if (root / folder).exists():
            yield f"/{folder} is there"
    if large := [path for pattern in LEFT_OUT for path in root.glob(pattern)]:
        yield f"dpkg did not leave out {large[0].name}"
    if list((root / "var/cache/apt/archives").glob("*.deb")):
        yield "packages of Debian are kept twice"
    for place in ("etc/pip.conf", "etc/uv", "etc/apt/apt.conf.d/machine"):
        if (root / place).exists():
            yield f"/{place} of the machine is there"
    for path in _walk(root):
        if reason := _unwanted(path, str(path.relative_to(root))):
            yield reason


def _unwanted(path: Path, place: str) -> str | None:
    if path.name in UNWANTED or place == "app/tests":
        return f"/{place} is there"
    if place.startswith(BINARIES) and PROGRAMS.fullmatch(path.name):
        return f"a compiler is there: /{place}"
    if SECRET.fullmatch(path.name) and not place.startswith(PUBLIC):
        return f"/{place} looks like a secret"
    return None


def _packages(name: str, root: Path) -> Iterator[str]:
    """Of Debian and of Python: what a scanner reads."""
    if not (root / "var/lib/dpkg/status").exists():
        yield "no scanner finds Debian's packages"
    (site,) = (root / "opt/venv/lib").glob("python3*/site-packages")
    present = {path.name.partition("-")[0].lower() for path in site.glob("*.dist-info")}
    if not present:
        yield "no scanner finds Python's packages"
    for each in present.intersection(PACKAGES):
        yield f"the package {each} is there"
    if not list((root / "app").glob("reelbus-*.dist-info/METADATA")):
        yield "it does not know its version"
    services = {path.name for path in (root / "app/services").iterdir() if path.is_dir()} - {"__pycache__"}
    if services != (set(NAMES) - {OPERATOR} if name == OPERATOR else {name}):
        yield f"it has the services {sorted(services)}"
    sources = [path for path in (root / "app").rglob("*.py") if not path.with_name("__pycache__").is_dir()]
    if sources:
        yield f"not compiled: {sources[0]}"


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        yield from (Path(folder) / each for each in (*folders, *files))
