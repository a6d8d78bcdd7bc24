"""How long a video is, read from its packets where its container does not say."""

from __future__ import annotations

import asyncio
from pathlib import Path

from anyio.lowlevel import checkpoint

from libs.chassis.storage import Storage
from libs.contracts.errors import MediaError, TaskTimeoutError, UnavailableError
from libs.contracts.media import MediaInfo, ObjectRef
from libs.media.foretell import length_of, video_of
from libs.media.inputs import input_args
from libs.media.runner import stream
from libs.media.tools import Tools
from services.sessions.work import check_length, check_packets

_URL_GRACE = 30.0
_TURN = 250
"""Packets between two chances for everything else in this process."""


class Durations:
    """`time_limit` is seconds that finding one out may take, waiting for its turn included: `lanes` are
    measured at once."""

    def __init__(self, tools: Tools, storage: Storage, *, time_limit: float, lanes: int = 2) -> None:
        self._tools = tools
        self._storage = storage
        self._time_limit = time_limit
        self._free = asyncio.Semaphore(lanes)

    async def of(self, source: ObjectRef, info: MediaInfo) -> float:
        """As `duration_of`, of a stored video. Raises `UnavailableError` when its turn does not come."""
        known = length_of(info)
        return _shown(known) if known else await self._measured(source, info)

    async def _measured(self, source: ObjectRef, info: MediaInfo) -> float:
        begun = False
        try:
            async with asyncio.timeout(self._time_limit), self._free:
                begun = True
                url = await self._storage.presign(source.key, ttl=self._time_limit + _URL_GRACE)
                return await duration_of(url, info, self._tools, time_limit=self._time_limit)
        except TimeoutError as error:
            if begun:
                raise _slow() from error
            raise UnavailableError("Too many videos are being measured; try again in a moment.") from error


async def duration_of(target: str | Path, info: MediaInfo, tools: Tools, *, time_limit: float) -> float:
    """Seconds that the pictures last. Raises `MediaError` when there are none, for more of them than
    `work` allows and when reading them takes longer than `time_limit` seconds; else as `runner.stream`."""
    try:
        return _shown(length_of(info) or await _from_packets(target, info, tools, time_limit))
    except TaskTimeoutError as error:
        raise _slow() from error


async def _from_packets(target: str | Path, info: MediaInfo, tools: Tools, time_limit: float) -> float:
    """From the first frame to the end of the last one; packets without times follow one another."""
    asked = ["-select_streams", str(video_of(info).index), "-of", "csv=p=0"]
    asked += ["-show_entries", "packet=pts_time,duration_time"]
    first, end, added, count = float("inf"), 0.0, 0.0, 0
    async with stream(tools, "ffprobe", [*asked, *input_args(target)], time_limit=time_limit) as reader:
        async for line in reader.lines():
            count += 1
            if count % _TURN == 0:
                check_packets(count)
                check_length(added)
                await checkpoint()
            time, length = [_seconds(part) for part in (*line.split(","), "", "")[:2]]
            added += length or 0.0
            if time is not None:
                first, end = min(first, time), max(end, time + (length or 0.0))
    return end - first if end > first else added


def _shown(seconds: float) -> float:
    if not seconds > 0:
        raise MediaError("There is nothing to see in this video.")
    return seconds


def _slow() -> MediaError:
    return MediaError("This file takes too long to read.")


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # `N/A`
        return None
