"""How long a video is, read from its packets where its container does not say."""

from __future__ import annotations

from pathlib import Path

from libs.chassis.storage import Storage
from libs.contracts.errors import MediaError
from libs.contracts.media import MediaInfo, ObjectRef
from libs.media.foretell import length_of, video_of
from libs.media.inputs import input_args
from libs.media.runner import stream
from libs.media.tools import Tools

_URL_GRACE = 30.0


class Durations:
    """`time_limit` is seconds that finding one out may take."""

    def __init__(self, tools: Tools, storage: Storage, *, time_limit: float) -> None:
        self._tools = tools
        self._storage = storage
        self._time_limit = time_limit

    async def of(self, source: ObjectRef, info: MediaInfo) -> float:
        """As `duration_of`, of a stored video."""
        url = await self._storage.presign(source.key, ttl=self._time_limit + _URL_GRACE)
        return await duration_of(url, info, self._tools, time_limit=self._time_limit)


async def duration_of(target: str | Path, info: MediaInfo, tools: Tools, *, time_limit: float) -> float:
    """Seconds that the pictures last. Raises `MediaError` when there are none, and as `runner.stream`."""
    seconds = length_of(info) or await _measured(target, info, tools, time_limit)
    if not seconds > 0:
        raise MediaError("There is nothing to see in this video.")
    return seconds


async def _measured(target: str | Path, info: MediaInfo, tools: Tools, time_limit: float) -> float:
    """From the first frame to the end of the last one; packets without times follow one another."""
    asked = ["-select_streams", str(video_of(info).index), "-of", "csv=p=0"]
    asked += ["-show_entries", "packet=pts_time,duration_time"]
    first, end, added = float("inf"), 0.0, 0.0
    async with stream(tools, "ffprobe", [*asked, *input_args(target)], time_limit=time_limit) as reader:
        async for line in reader.lines():
            time, length = [_seconds(part) for part in (*line.split(","), "", "")[:2]]
            added += length or 0.0
            if time is not None:
                first, end = min(first, time), max(end, time + (length or 0.0))
    return end - first if end > first else added


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # `N/A`
        return None
