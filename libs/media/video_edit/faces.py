"""Faces in frames, by the Haar cascades that come with OpenCV 4 (Viola and Jones 2001): from the front or,
where there are none, from either side."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from cv2.data import haarcascades
from numpy.typing import NDArray

from libs.media.video_edit.framing import Box

Pixels = NDArray[np.uint8]

FRONT, PROFILE = "haarcascade_frontalface_default.xml", "haarcascade_profileface.xml"
SMALLEST, LEAST = 0.08, 20
"""The side of the smallest face: share of the shorter side of the frame, and pixels."""
SCALE, NEIGHBOURS = 1.1, 4
"""How the sizes that are looked for grow, and how many hits in one place make a face."""
_SAME = 0.3
"""Share of two boxes that is common to them when they are the same face."""


class Faces:
    """Not for two threads at once."""

    def __init__(self) -> None:
        folder = Path(haarcascades)
        self._front = cv2.CascadeClassifier(str(folder / FRONT))
        self._profile = cv2.CascadeClassifier(str(folder / PROFILE))

    def find(self, frame: Pixels) -> list[Box]:
        """The faces in a grey frame, each once, in shares of the frame."""
        height, width = frame.shape
        least = max(round(SMALLEST * min(width, height)), LEAST)
        found = self._hits(self._front, frame, least)
        if not found:
            mirrored = self._hits(self._profile, np.ascontiguousarray(frame[:, ::-1]), least)
            found = self._hits(self._profile, frame, least)
            found += [(width - x - w, y, w, h) for x, y, w, h in mirrored]
        faces: list[Box] = []
        for x, y, w, h in found:
            box = Box(x / width, y / height, w / width, h / height)
            if not any(box.common(other) > _SAME for other in faces):
                faces.append(box)
        return faces

    def _hits(
        self, cascade: cv2.CascadeClassifier, frame: Pixels, least: int
    ) -> list[tuple[int, int, int, int]]:
        hits = cascade.detectMultiScale(
            frame, scaleFactor=SCALE, minNeighbors=NEIGHBOURS, minSize=(least, least)
        )
        return [(int(x), int(y), int(w), int(h)) for x, y, w, h in hits]
