"""How this machine's package managers reach their packages, as files that a build reads and no image has."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
from pathlib import Path

APT = Path("/etc/apt")
CERTIFICATES = Path("/etc/ssl/certs")
_KEPT = ("Acquire::http::", "Acquire::https::", "Acquire::Check-", "Acquire::Retries")
"""Settings of apt that say how packages are reached."""


def pip_settings() -> dict[str, str]:
    """pip's own settings, from all of its files and variables."""
    found = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=True).stdout
    pairs = [line.partition("=") for line in found.splitlines() if "=" in line]
    names = ("index-url", "extra-index-url", "cert")
    return {
        name: value.strip("'")
        for key, _, value in pairs
        if (name := key.rpartition(".")[2]) in names and "file:" not in value
    }


def secrets(folder: Path) -> list[str]:
    """Options of a build: `pip.conf` and `uv.toml`, written to `folder`."""
    settings = pip_settings()
    written = configparser.RawConfigParser()
    written["global"] = settings
    with (folder / "pip.conf").open("w") as file:
        written.write(file)
    lines = ["system-certs = true"]
    if url := settings.get("index-url"):
        lines.append(f"index-url = {json.dumps(url)}")
    if more := settings.get("extra-index-url"):
        lines.append(f"extra-index-url = {json.dumps(more.split())}")
    (folder / "uv.toml").write_text("\n".join(lines) + "\n")
    return [f"--secret=id={name},src={folder / name}" for name in ("pip.conf", "uv.toml")]


def mounts(folder: Path) -> list[str]:
    """Options of a build: apt's sources and settings, and certificates, over folders that the base has."""
    sources, settings = folder / "sources.list.d", folder / "apt.conf.d"
    for each in (sources, settings):
        each.mkdir(exist_ok=True)
        for left in each.iterdir():
            left.unlink()
    for source in apt_sources():
        (sources / source.name).write_bytes(source.read_bytes())
    (settings / "machine").write_text(apt_settings())
    (folder / "sources.list").write_text("")
    pairs = {
        CERTIFICATES: CERTIFICATES,
        sources: APT / "sources.list.d",
        settings: APT / "apt.conf.d",
        folder / "sources.list": APT / "sources.list",
    }
    return [f"--volume={here}:{there}:ro" for here, there in pairs.items()]


def apt_sources() -> list[Path]:
    """Those of Debian itself: an image needs no packages of others."""
    files = [APT / "sources.list", *sorted((APT / "sources.list.d").glob("*.sources"))]
    files += sorted((APT / "sources.list.d").glob("*.list"))
    return [file for file in files if file.is_file() and _is_debians(file.read_text())]


def apt_settings() -> str:
    shown = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return "".join(f"{line}\n" for line in shown.splitlines() if line.startswith(_KEPT))


def codename() -> str:
    """Of the Debian that this machine runs."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("VERSION_CODENAME="))


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/root"), "LANG": "C.UTF-8"}


def _is_debians(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return any(codename() in line for line in lines)
