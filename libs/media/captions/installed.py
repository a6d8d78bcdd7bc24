"""The fonts of this machine, as fontconfig knows them."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache

from libs.contracts.captions import MAX_FAMILY
from libs.contracts.errors import UnavailableError
from libs.media.captions.fonts import LISTED, Catalogue, Face
from libs.media.runner import ENVIRONMENT

_PATIENCE = 60.0
"""Seconds: the first listing may have to read every font."""
_TWINS = {
    "arial": "Liberation Sans",
    "helvetica": "Liberation Sans",
    "times new roman": "Liberation Serif",
    "times": "Liberation Serif",
    "courier new": "Liberation Mono",
    "courier": "Liberation Mono",
}
"""Fonts whose letters are exactly as wide as those of one that can be had by everybody."""
_GENERIC = frozenset({"", "sans", "sans-serif", "serif", "monospace", "system-ui", "cursive", "fantasy"})


@dataclass(frozen=True)
class Choice:
    """What stands for a family: `note` says so where it is neither that family nor its twin."""

    face: Face
    note: str | None = None


def choice(family: str, fonts: Catalogue) -> Choice:
    """The face for a `family` that a user names. Blocks while fontconfig is asked."""
    name = _named(family)
    if (face := fonts.face(name)) or (face := fonts.face(_TWINS.get(name.casefold(), ""))):
        return Choice(face)
    face = fonts.face(_match(name)) or fonts.face("DejaVu Sans") or next(iter(fonts.faces.values()))
    if name.casefold() in _GENERIC:
        return Choice(face)
    return Choice(face, f"The font '{name}' is not installed; {face.family} is used.")


@lru_cache(maxsize=1)
def installed() -> Catalogue:
    """All fonts that there are; asked for once. Blocks. Raises `UnavailableError` without any."""
    pattern = "\\t".join(f"%{{{name}}}" for name in LISTED)
    fonts = Catalogue.parsed(_asked("fc-list", ":scalable=true", "--format", f"{pattern}\\n"))
    if not fonts.faces:
        raise UnavailableError("No fonts are installed on this machine.")
    return fonts


@lru_cache(maxsize=256)
def _match(name: str) -> str:
    """The family that fontconfig puts in the place of one that is not there."""
    escaped = re.sub(r"([\\\-:,=])", r"\\\1", name)
    return _asked("fc-match", escaped or "sans-serif", "--format", "%{family}").split(",")[0]


def _named(family: str) -> str:
    """`family` without what has a meaning in ASS, in fontconfig or on a command line."""
    return " ".join(re.sub(r"[^\w .+&'-]", " ", family[:MAX_FAMILY]).split()).lstrip("-")


def _asked(program: str, *args: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise UnavailableError(f"{program} (fontconfig) is not installed on this machine.")
    try:
        done = subprocess.run(
            [found, *args], env=ENVIRONMENT, capture_output=True, check=True, timeout=_PATIENCE
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise UnavailableError(f"{program} does not answer.") from error
    return done.stdout.decode(errors="replace")
