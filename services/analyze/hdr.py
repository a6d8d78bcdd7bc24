"""HDR frames as a standard screen shows them. Formulas: ITU-R BT.2100-2, BT.2087-0, BT.709-6, BT.2408."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

REFERENCE_WHITE = 203.0
"""cd/m² of diffuse white in HDR programmes (BT.2408); it becomes the white of the standard picture."""

HLG_PEAK, HLG_GAMMA = 1000.0, 1.2
PQ_PEAK = 10_000.0

BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
HLG_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)


def to_standard(rgb: NDArray[np.uint16], transfer: str) -> NDArray[np.uint8]:
    """Tone-map full-range 16-bit RGB (h, w, 3) of BT.2020 with `transfer` `smpte2084` or `arib-std-b67`
    to 8-bit BGR of BT.709."""
    light = _pq(rgb) if transfer == "smpte2084" else _hlg(rgb)
    scene = np.maximum(light @ BT2020_TO_BT709.T / REFERENCE_WHITE, 0.0)
    encoded = _bt709(_roll_off(scene))
    return np.ascontiguousarray((encoded[..., ::-1] * 255.0 + 0.5).astype(np.uint8))


def _pq(rgb: NDArray[np.uint16]) -> Floats:
    """Display light in cd/m² (BT.2100 table 4, PQ EOTF)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = (np.arange(65536, dtype=np.float64) / 65535.0) ** (1 / m2)
    table = PQ_PEAK * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return np.asarray(table.astype(np.float32)[rgb])


def _hlg(rgb: NDArray[np.uint16]) -> Floats:
    """Display light in cd/m² on a 1000 cd/m² screen (BT.2100 table 5, HLG inverse OETF and OOTF)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    signal = np.arange(65536, dtype=np.float64) / 65535.0
    table = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    scene = table.astype(np.float32)[rgb]
    luma = np.maximum(scene @ HLG_LUMA, 1e-6)[..., None]
    return np.asarray(HLG_PEAK * scene * luma ** (HLG_GAMMA - 1), dtype=np.float32)


def _roll_off(light: Floats) -> Floats:
    """Linear to 0.7 of white, then a curve that reaches white only at infinity: highlights keep shape."""
    knee = 0.7
    over = np.maximum(light - knee, 0.0) / (1 - knee)
    return np.where(light <= knee, light, knee + (1 - knee) * over / (1 + over))


def _bt709(light: Floats) -> Floats:
    """BT.709 item 1.2, the opto-electronic transfer."""
    return np.where(light < 0.018, 4.5 * light, 1.099 * np.maximum(light, 0.018) ** 0.45 - 0.099)
