"""Everything that has to be known of a video before its VIDEO_EDIT can be rendered."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from libs.contracts.errors import TaskTimeoutError
from libs.contracts.graph import Focus
from libs.contracts.media import MediaInfo
from libs.contracts.video_edit import HIGHLIGHT, Analysis, Wanted
from libs.media.foretell import video_of
from libs.media.tools import Tools
from libs.media.video_edit.frames import STAND_IN, Footage
from libs.media.video_edit.graph import part
from libs.media.video_edit.highlight import find_highlight
from libs.media.video_edit.look import find_focus

CHOSEN = 0.5
"""Share of the work that is done when the part is chosen."""


async def analyse(
    tools: Tools,
    target: str | Path,
    info: MediaInfo,
    wanted: Wanted,
    *,
    cwd: Path,
    time_limit: float,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Analysis:
    """Look at `target` (a path or URL), and listen to it for the liveliest part, as far as `wanted` needs
    that; works in the scratch directory `cwd` for at most `time_limit` seconds. `on_progress` gets 0…1.

    Raises as `run_ffmpeg`, and `MediaError` without a video.
    """
    video_of(info)
    deadline, footage = time.monotonic() + time_limit, Footage(tools, target, cwd)

    def left() -> float:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TaskTimeoutError(f"The work took longer than its limit of {time_limit:g} s.")
        return remaining

    start, focus = 0.0, list[Focus]()
    if wanted.selection == HIGHLIGHT:
        start = await find_highlight(
            footage, info, wanted.duration, left(), lambda share: on_progress(share * CHOSEN)
        )
    on_progress(CHOSEN)
    node = part(STAND_IN, info, wanted, start)
    if wanted.fit == "crop":
        focus = await find_focus(
            footage,
            node,
            info,
            wanted,
            time_limit=left(),
            on_progress=lambda share: on_progress(CHOSEN + share * (1 - CHOSEN)),
        )
    on_progress(1.0)
    return Analysis(start=start, focus=focus)
