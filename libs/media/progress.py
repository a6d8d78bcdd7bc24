"""The key=value reports that ffmpeg writes to `-progress`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """`out_time_s` is the end of what is written (seconds), `frames` and `size` (bytes) how much that
    is, `speed` a multiple of real time; `done` marks the last report."""

    out_time_s: float = 0.0
    frames: int = 0
    size: int = 0
    speed: float = 0.0
    done: bool = False


class ProgressParser:
    """Feed it bytes as they come; it answers the reports that are complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._block: dict[str, str] = {}

    def feed(self, data: bytes) -> list[Progress]:
        """Reports that `data` completes, oldest first."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        reports = []
        for line in lines:
            key, _, value = line.decode("ascii", "replace").partition("=")
            self._block[key.strip()] = value.strip()
            if key == "progress":
                reports.append(_report(self._block))
                self._block = {}
        return reports


def _report(block: dict[str, str]) -> Progress:
    return Progress(
        out_time_s=max(_number(block.get("out_time_us")) / 1e6, 0.0),
        frames=int(_number(block.get("frame"))),
        size=int(_number(block.get("total_size"))),
        speed=_number(block.get("speed", "").rstrip("x")),
        done=block.get("progress") == "end",
    )


def _number(text: str | None) -> float:
    """ffmpeg writes `N/A` for what it does not know yet; that is 0 here."""
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
