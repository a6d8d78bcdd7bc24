"""Stills have the colours of the video, however it stores them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from libs.media.tools import Tools
from tests.media.filming import Lab, picture
from tests.media.patches import centres, stored, striped

pytestmark = pytest.mark.anyio

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (128, 128, 128),
           (200, 60, 30), (30, 120, 200)]  # fmt: skip
X264 = "-c:v libx264 -qp 4 -pix_fmt"
FINE = "flags=accurate_rnd+full_chroma_int"
SOURCES = {
    "bt709.mp4": (f"scale=out_color_matrix=bt709:out_range=tv:{FINE}", f"{X264} yuv420p -colorspace bt709"),
    "bt601.mp4": (
        f"scale=out_color_matrix=smpte170m:out_range=tv:{FINE}",
        f"{X264} yuv420p -colorspace smpte170m",
    ),
    "pal.mkv": (f"scale=out_color_matrix=bt470bg:out_range=tv:{FINE}", f"{X264} yuv422p -colorspace bt470bg"),
    "untagged.avi": (f"scale=out_color_matrix=smpte170m:out_range=tv:{FINE}", "-c:v mpeg4 -q:v 1"),
    "untagged-hd.mp4": (
        "scale=w=iw*12:h=ih*12:out_color_matrix=bt709:out_range=tv:flags=neighbor",
        f"{X264} yuv420p -preset ultrafast",
    ),
    "full.mp4": (
        f"scale=out_color_matrix=bt709:out_range=pc:{FINE}",
        f"{X264} yuvj420p -colorspace bt709 -color_range pc",
    ),
    "full-10.mkv": (
        f"scale=out_color_matrix=bt709:out_range=pc:{FINE}",
        "-c:v ffv1 -pix_fmt yuv420p10le -colorspace bt709 -color_range pc",
    ),
    "mjpeg.mov": (f"scale=out_range=pc:{FINE}", "-c:v mjpeg -q:v 1 -pix_fmt yuvj420p"),
    "rgb.mkv": ("format=gbrp", "-c:v ffv1 -pix_fmt gbrp"),
    "plain.gif": ("format=rgb24", ""),
    "deep.mov": (
        f"scale=out_color_matrix=bt709:out_range=tv:{FINE},setparams=colorspace=bt709",
        "-c:v prores_ks -pix_fmt yuv422p10le",
    ),
}
TOLERANCE = {"plain.gif": 40, "untagged.avi": 6}
"""Levels; the palette of a GIF has 256 fixed colours here."""


@pytest.mark.parametrize("name", SOURCES)
async def test_colours_are_those_of_the_video(tools: Tools, tmp_path: Path, name: str) -> None:
    vf, args = SOURCES[name]
    levels = [(red * 257, green * 257, blue * 257) for red, green, blue in COLOURS]
    path = stored(tmp_path / name, striped(levels), vf, *args.split())
    still = picture(await Lab(tools, tmp_path).still(path, 0.4, within=(len(COLOURS) * 32, 64)))
    off = np.abs(centres(still) - np.array(COLOURS, float))
    assert off.max() <= TOLERANCE.get(name, 4), (name, centres(still))
