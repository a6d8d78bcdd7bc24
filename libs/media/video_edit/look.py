"""What a crop has to keep, shot by shot: small grey frames of exactly what will be shown are looked at."""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread

from libs.contracts.graph import Focus, Node
from libs.contracts.media import MediaInfo
from libs.contracts.video_edit import Wanted
from libs.media.checks import MAX_FOCUS
from libs.media.foretell import video_of
from libs.media.standard import size_within, video_steps
from libs.media.video_edit.faces import Faces
from libs.media.video_edit.frames import Footage, Pixels, small_frames
from libs.media.video_edit.framing import Shot, focuses
from libs.media.video_edit.graph import kept, rate_of, written
from libs.media.video_edit.salience import movement, salience
from libs.media.video_edit.shots import Cuts

SIDE = 320
"""Pixels of the longer side of a frame that is looked at."""
NOTHING = 0.02
"""Share of the picture that a crop may cut off without looking."""
SHORTEST = 0.4
"""Seconds of a shot."""
SETTLED, EVERY, AT_FIRST = 0.08, 1.0, 2.0
"""Seconds of a shot before the first frame that is looked at closely, between two such, and of those at the
beginning of a shot in which it is twice as many."""


async def find_focus(
    footage: Footage,
    node: Node,
    info: MediaInfo,
    wanted: Wanted,
    *,
    time_limit: float,
    on_progress: Callable[[float], None],
) -> list[Focus]:
    """What a crop of `node` to the size of `wanted` looks at, by its clock; none for the centre. Raises as
    `runner.stream`."""
    share = kept(info, wanted)
    if min(share) >= 1 - NOTHING:
        return []
    video, rate = video_of(info), float(rate_of(info))
    size = size_within(video, (SIDE, SIDE), even=True)
    steps = video_steps(video, *size)
    cuts, faces, shots, number = Cuts(round(SHORTEST * rate)), Faces(), list[Shot](), 0
    before: Pixels | None = None
    async with small_frames(footage, written(node, info), steps, size, time_limit) as frames:
        async for frame in frames:
            if cuts.begins(frame):
                shots.append(Shot(number))
                before = None
            shot = shots[-1]
            if _closely(number - shot.first, rate):
                await anyio.to_thread.run_sync(_look, shot, before, frame, faces)
                before = frame
            number += 1
            on_progress(min(number / rate / wanted.duration, 1.0))
    return focuses(shots, share, rate, MAX_FOCUS)


def _closely(number: int, rate: float) -> bool:
    """Whether a frame of a shot is looked at closely."""
    since = number - round(SETTLED * rate)
    every = EVERY if since >= AT_FIRST * rate else EVERY / 2
    return since >= 0 and since % max(round(every * rate), 1) == 0


def _look(shot: Shot, before: Pixels | None, frame: Pixels, faces: Faces) -> None:
    shot.faces.append(faces.find(frame))
    shot.maps.append(salience(frame))
    moved = None if before is None else movement(before, frame)
    if moved is not None:
        shot.moves.append(moved)
