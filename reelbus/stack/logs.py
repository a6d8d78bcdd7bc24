"""Log files of the stack: bounded by rotation at start, read by `reelbus logs`."""

import time
from collections.abc import Iterator
from pathlib import Path

from reelbus.stack.layout import Layout

ROTATE_AT = 10 * 1024 * 1024
TAIL_WINDOW = 512 * 1024
POLL = 0.2


def rotate(path: Path, limit: int = ROTATE_AT) -> None:
    """Move a file that outgrew `limit` bytes to `<name>.1`, replacing the one before."""
    try:
        if path.stat().st_size > limit:
            path.replace(path.with_name(path.name + ".1"))
    except FileNotFoundError:
        return


def names(layout: Layout) -> list[str]:
    return sorted(path.stem for path in layout.logs.glob("*.log"))


def tail(path: Path, lines: int) -> list[str]:
    """The last lines; looks back at most 512 KiB. Empty when there is no such file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_WINDOW))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:] if lines > 0 else []


def follow(path: Path) -> Iterator[str]:
    """Chunks appended from now on, for ever; goes on with the new file after a rotation."""
    return _appended(path, path.stat().st_size)


def _appended(path: Path, offset: int) -> Iterator[str]:
    while True:
        size = path.stat().st_size if path.exists() else 0
        if size < offset:
            offset = 0
        if size > offset:
            with path.open("rb") as file:
                file.seek(offset)
                chunk = file.read(size - offset)
            offset += len(chunk)
            yield chunk.decode(errors="replace")
        else:
            time.sleep(POLL)
