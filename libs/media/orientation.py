"""What ffprobe tells only when it reads more than headers: how many pictures a GIF has, and how photos have
to be turned, by what cameras write into them (EXIF 2.3, section 4.6.4, Orientation).

ffmpeg turns what is in a JPEG, depending on its version, and nothing else; so nothing is left to it.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from libs.contracts.errors import MediaError
from libs.contracts.media import VideoStream
from libs.media.inputs import input_args
from libs.media.runner import run_ffprobe
from libs.media.tools import Tools

TAGGED = ("mjpeg", "webp")
"""Codecs in which ffmpeg finds it."""
TURNS = {2: (0, True), 3: (180, False), 4: (180, True), 5: (270, True), 6: (90, False), 7: (90, True),
         8: (270, False)}  # fmt: skip
"""Clockwise degrees, and whether the picture is mirrored left to right before that; 1 is upright."""
_MAX = 1 << 20


async def orientation(target: str | Path, picture: VideoStream, tools: Tools, *, time_limit: float) -> int:
    """1…8; 1 where nothing sensible is said. Decodes the picture."""
    if picture.codec not in TAGGED:
        return 1
    asked = ["-read_intervals", "%+#1", "-show_entries", "frame_tags=Orientation", "-of", "json"]
    try:
        found = await run_ffprobe(
            tools, [*asked, *input_args(target)], time_limit=time_limit, max_output=_MAX
        )
        return int(json.loads(found)["frames"][0]["tags"]["Orientation"])
    except (MediaError, ValueError, LookupError, TypeError):  # whether it decodes is seen elsewhere
        return 1


async def packets(target: str | Path, tools: Tools, *, time_limit: float) -> int | None:
    """How many there are of the first video, for files that do not say; all of it is read."""
    asked = ["-count_packets", "-select_streams", "v:0", "-show_entries", "stream=nb_read_packets"]
    try:
        found = await run_ffprobe(
            tools, [*asked, "-of", "json", *input_args(target)], time_limit=time_limit, max_output=_MAX
        )
        return int(json.loads(found)["streams"][0]["nb_read_packets"]) or None
    except (MediaError, ValueError, LookupError, TypeError):  # without a count a round is as long as it says
        return None


def turned(picture: VideoStream, orientation: int) -> VideoStream:
    """`picture` as it is to be shown."""
    if orientation not in TURNS:
        return picture
    rotation, mirrored = TURNS[orientation]
    shown = picture.display_width, picture.display_height
    width, height = shown[::-1] if rotation in (90, 270) else shown
    return msgspec.structs.replace(
        picture, rotation=rotation, mirrored=mirrored, display_width=width, display_height=height
    )
