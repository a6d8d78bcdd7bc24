"""Which point a crop looks at in each shot, from what was found in its frames. Pure.

Places and sizes are shares of the picture, `kept` those of its width and height that the crop keeps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from libs.contracts.graph import Focus

Point = tuple[float, float]
Kept = tuple[float, float]
Map = NDArray[np.float64]

CENTRE: Point = (0.5, 0.5)
CONSISTENT, SIGHTINGS = 0.3, 2
"""Share of the frames of a shot that have to show a face in nearly the same place, and how many at least."""
NEAR, ALIKE = 0.7, 1.7
"""How far a face moves at most from one frame to the next (widths), and how many times it grows."""
STANDS_OUT = 1.15
"""How many times as much salience as the middle the best place must have."""
SAME = 0.06
"""Two shots that look at points nearer than this look at one point between them."""


class Box(NamedTuple):
    """A face, from its left top corner on."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        return self.width * self.height

    def common(self, other: Box) -> float:
        """Share of the smaller one that is common to both."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(width, 0.0) * max(height, 0.0) / min(self.area, other.area)

    def around(self, other: Box) -> Box:
        """The smallest one that holds both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return Box(x, y, right - x, bottom - y)


@dataclass
class Track:
    """One face, frame by frame."""

    boxes: list[Box]

    def goes_on_as(self, box: Box) -> bool:
        last = self.boxes[-1]
        away = math.dist(
            (last.centre[0] / last.width, last.centre[1] / last.height),
            (box.centre[0] / last.width, box.centre[1] / last.height),
        )
        return away <= NEAR and 1 / ALIKE <= box.width / last.width <= ALIKE

    @property
    def usual(self) -> Box:
        return Box(*(float(value) for value in np.median(np.array(self.boxes), axis=0)))

    @property
    def weight(self) -> float:
        return len(self.boxes) * math.sqrt(self.usual.area)


@dataclass
class Shot:
    """What was found in some frames of a shot whose first frame has the number `first`: faces, and maps of
    what stands out and of what moves."""

    first: int
    faces: list[list[Box]] = field(default_factory=list)
    maps: list[Map] = field(default_factory=list)
    moves: list[Map] = field(default_factory=list)

    def look(self, kept: Kept) -> Point | None:
        """The faces, else what stands out, else the centre; `None` when no frame was looked at."""
        if not self.faces:
            return None
        salience = np.mean([np.mean(maps, axis=0) for maps in (self.maps, self.moves) if maps], axis=0)
        return faces_of(self.faces, kept) or standing_out(salience, kept) or CENTRE


def faces_of(frames: Sequence[Sequence[Box]], kept: Kept) -> Point | None:
    """The middle of the faces that are there most of the time: of as many as the crop can hold, the largest
    first."""
    tracks: list[Track] = []
    for boxes in frames:
        for box in boxes:
            track = next((each for each in tracks if each.goes_on_as(box)), None)
            if track is None:
                tracks.append(Track([box]))
            else:
                track.boxes.append(box)
    enough = min(max(SIGHTINGS, math.ceil(CONSISTENT * len(frames))), len(frames))
    lasting = sorted((t for t in tracks if len(t.boxes) >= enough), key=lambda t: t.weight, reverse=True)
    if not lasting:
        return None
    held = lasting[0].usual
    for track in lasting[1:]:
        both = held.around(track.usual)
        held = both if both.width <= kept[0] and both.height <= kept[1] else held
    return held.centre


def standing_out(salience: Map, kept: Kept) -> Point | None:
    """The middle of what stands out (a map with a sum of 1) where the crop holds the most of it; `None` when
    that is hardly more than what the middle of the picture holds."""
    rows, columns = salience.shape
    height, width = (max(round(k * n), 1) for k, n in zip(reversed(kept), (rows, columns), strict=True))
    sums = np.pad(salience, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    held = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    middle = held[(rows - height) // 2, (columns - width) // 2]
    top, left = np.unravel_index(int(np.argmax(held)), held.shape)
    if held[top, left] < STANDS_OUT * middle:
        return None
    part = salience[top : top + height, left : left + width] ** 2
    y, x = (
        float((part.sum(axis=1 - axis) * (np.arange(part.shape[axis]) + 0.5)).sum() / part.sum())
        for axis in (0, 1)
    )
    return (float(left) + x) / columns, (float(top) + y) / rows


def focuses(shots: Sequence[Shot], kept: Kept, rate: float, most: int) -> list[Focus]:
    """One for each shot that looks elsewhere than the one before it, `most` at most; none when all look at
    the centre. It counts from half a frame before the shot, so that no rounding puts it into the one
    before."""
    looks: list[tuple[int, Point]] = []
    for shot in shots:
        point = shot.look(kept)
        if point is not None:
            looks.append((shot.first, _reachable(point, kept)))
    apart = SAME
    joined = _joined(looks, apart)
    while len(joined) > most:
        apart *= 1.5
        joined = _joined(looks, apart)
    if all(point == CENTRE for _, point in joined):
        return []
    return [
        Focus(start=max(round((first - 0.5) / rate, 6), 0.0), x=round(x, 4), y=round(y, 4))
        for first, (x, y) in joined
    ]


def _joined(looks: Sequence[tuple[int, Point]], apart: float) -> list[tuple[int, Point]]:
    """Neighbours that hardly differ become one, at the mean of what they look at."""
    runs: list[list[tuple[int, Point]]] = []
    for look in looks:
        if runs and math.dist(_mean(runs[-1]), look[1]) < apart:
            runs[-1].append(look)
        else:
            runs.append([look])
    return [(run[0][0], _mean(run)) for run in runs]


def _mean(run: Sequence[tuple[int, Point]]) -> Point:
    return sum(p[0] for _, p in run) / len(run), sum(p[1] for _, p in run) / len(run)


def _reachable(point: Point, kept: Kept) -> Point:
    """The nearest point that the middle of the crop can be at."""
    x, y = (min(max(p, k / 2), 1 - k / 2) for p, k in zip(point, kept, strict=True))
    return x, y
