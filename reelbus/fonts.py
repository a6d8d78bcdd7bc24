"""The fonts that captions need: `python -m reelbus.fonts` exits with 1 when some writing has none here."""

import subprocess
import sys
from collections.abc import Callable

WRITINGS = {
    "Latin": "41",
    "Arabic": "634",
    "Hebrew": "5d0",
    "Devanagari": "915",
    "Thai": "e01",
    "Chinese": "4e2d",
    "Japanese": "3042",
    "Korean": "ac00",
}
"""Of each writing that captions must be able to draw one letter, in hexadecimal."""
USUAL = "Liberation Sans"
"""The font of captions that name none."""
_TIMEOUT = 20


def _here(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, timeout=_TIMEOUT, check=True).stdout


def lacking(output: Callable[..., str] = _here) -> list[str]:
    """The writings, and the usual font, that no font draws where `output` runs programs. Here it raises
    `OSError` without fontconfig and `subprocess.SubprocessError` when it does not run to a good end."""
    output("fc-match", "--version")
    wanted = {USUAL: USUAL, **{name: f":charset={letter}" for name, letter in WRITINGS.items()}}
    return [name for name, pattern in wanted.items() if not output("fc-list", pattern, "family").strip()]


def main() -> None:
    try:
        missing = lacking()
    except (OSError, subprocess.SubprocessError) as error:
        sys.exit(f"fontconfig does not run: {error}")
    if missing:
        sys.exit(f"No font here draws {', '.join(missing)}.")


if __name__ == "__main__":
    main()
