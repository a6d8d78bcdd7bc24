"""What stands out in a frame: the spectral residual (Hou and Zhang, CVPR 2007), and what moves."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Map = NDArray[np.float64]

SIDE = 64
"""Pixels of the longer side; the scale of what is looked for."""
STILL = 1.0
"""Grey levels of change under which nothing moves."""
AVERAGED, SMOOTHED = 3, 2.5
"""Pixels of the mean that is taken from the spectrum, and of the blur of the map."""


def salience(frame: Pixels) -> Map:
    """How much each place of a grey frame stands out: (rows, columns) with a sum of 1. Nothing does in an
    even frame."""
    small = _small(frame)
    if small.std() < 1:
        return np.full(small.shape, 1 / small.size)
    spectrum = np.fft.fft2(small)
    amplitude, phase = np.log(np.abs(spectrum) + 1e-6), np.angle(spectrum)
    mean = cv2.blur(amplitude, (AVERAGED, AVERAGED), borderType=cv2.BORDER_REFLECT_101)
    found = np.abs(np.fft.ifft2(np.exp(amplitude - mean + 1j * phase))) ** 2
    return _map(found)


def movement(before: Pixels, after: Pixels) -> Map | None:
    """Where two grey frames differ, likewise; `None` where they hardly do."""
    moved = np.abs(_small(after) - _small(before))
    return None if moved.mean() < STILL else _map(moved)


def _small(frame: Pixels) -> Map:
    height, width = frame.shape
    share = SIDE / max(width, height)
    size = max(round(width * share), 4), max(round(height * share), 4)
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.float64)


def _map(found: Map) -> Map:
    smooth = cv2.GaussianBlur(found, (0, 0), SMOOTHED).astype(np.float64)
    return np.asarray(smooth / smooth.sum())
