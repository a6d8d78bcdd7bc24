"""Where one shot ends and the next begins: between two frames whose histograms differ much more than those of
frames do that merely move."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

SIZE, BLOCKS, BINS = 96, 3, 32
"""A frame is seen as so many pixels each way, in so many blocks each way, each of them with a histogram."""
CUT, AGAINST_MOTION = 0.35, 3.0
"""Share of the pixels that have to change, and how many times as many as in the frames before."""
RECENT = 12
"""Frames."""


@dataclass
class Cuts:
    """Tells of each frame in turn whether a shot begins with it; none is shorter than `least` frames."""

    least: int
    _before: NDArray[np.float32] | None = None
    _changes: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    _length: int = 0

    def begins(self, frame: Pixels) -> bool:
        """`frame` is grey. The first frame begins a shot."""
        now, before = histograms(frame), self._before
        self._before = now
        self._length += 1
        if before is None:
            return True
        change = float(np.abs(now - before).sum()) / 2
        usual = sum(self._changes) / len(self._changes) if self._changes else 0.0
        self._changes.append(change)
        if change < CUT or change < AGAINST_MOTION * usual or self._length <= self.least:
            return False
        self._changes.clear()
        self._length = 1
        return True


def histograms(frame: Pixels) -> NDArray[np.float32]:
    """(blocks, bins), all of them summing to 1."""
    small = cv2.resize(frame, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    side = SIZE // BLOCKS
    blocks = small.reshape(BLOCKS, side, BLOCKS, side).swapaxes(1, 2).reshape(BLOCKS**2, side * side)
    bins = (blocks.astype(np.uint16) * BINS // 256) + np.arange(BLOCKS**2, dtype=np.uint16)[:, None] * BINS
    counts = np.bincount(bins.ravel(), minlength=BLOCKS**2 * BINS)
    return (counts.reshape(BLOCKS**2, BINS) / small.size).astype(np.float32)
