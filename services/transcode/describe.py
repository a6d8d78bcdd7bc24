"""What transcode says of itself: the ffmpeg that it has, and whether it runs."""

from __future__ import annotations

import time

from libs.contracts.errors import ReelbusError
from libs.contracts.rpc import Describe, Description
from libs.media.runner import stream
from libs.media.tools import Tools

FRESH = 10.0
"""Seconds for which an answer holds: asking does not start a process each time."""
TIME_LIMIT = 5.0


class Describer:
    """Answers `DESCRIBE_TRANSCODE`."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._last = Description(tool="ffmpeg", ready=False)
        self._until = 0.0

    async def __call__(self, _: Describe) -> Description:
        if time.monotonic() >= self._until:
            self._last = await self._look()
            self._until = time.monotonic() + FRESH
        return self._last

    async def _look(self) -> Description:
        try:
            async with stream(self._tools, "ffmpeg", ["-version"], time_limit=TIME_LIMIT) as reader:
                lines = [line async for line in reader.lines()]
        except (ReelbusError, OSError):
            return Description(tool="ffmpeg", ready=False)
        return Description(tool=lines[0] if lines else "ffmpeg", ready=bool(lines))
