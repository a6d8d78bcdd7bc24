"""Pictures of every kind in movies: their colours, their place, and what is seen through them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image, ImageOps

from libs.contracts.movie import Element, Scene
from tests.media.compose.making import Pixels, Set, check_clean, near, picture, small

pytestmark = pytest.mark.anyio

COLOUR = (200, 60, 40)
"""A colour that other matrices and ranges would move by more than 12."""


async def slides(studio: Set, *elements: Element) -> list[Pixels]:
    """A frame from the middle of each scene of a movie."""
    made = await studio.slides(*elements, length=5, duration=0.2)
    return list(made.frames()[2::5])


async def images(studio: Set, paths: list[Path], **given: Any) -> list[Pixels]:
    return await slides(studio, *[await studio.element("image", path, **given) for path in paths])


PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "a.jpg": ("RGB", {"quality": 95}),
    "whole.jpg": ("RGB", {"quality": 95, "subsampling": 0}),
    "progressive.jpg": ("RGB", {"quality": 95, "progressive": True}),
    "a.png": ("RGB", {}),
    "palette.png": ("P", {}),
    "a.bmp": ("RGB", {}),
    "a.tiff": ("RGB", {}),
    "packed.tiff": ("RGB", {"compression": "tiff_lzw"}),
    "lossless.webp": ("RGB", {"lossless": True}),
    "lossy.webp": ("RGB", {"quality": 95}),
    "a.gif": ("P", {}),
}


async def test_colours_are_those_of_the_picture(studio: Set) -> None:
    paths = [studio.folder / name for name in PICTURES]
    for path, (mode, options) in zip(paths, PICTURES.values(), strict=True):
        image = Image.new("RGB", (320, 180), COLOUR)
        (image.quantize(16) if mode == "P" else image).save(path, **options)
    for name, frame in zip(PICTURES, await images(studio, paths), strict=True):
        assert near(frame[90, 160], COLOUR, 6), (name, frame[90, 160])


async def test_cmyk(studio: Set) -> None:
    Image.new("RGB", (320, 180), COLOUR).convert("CMYK").save(studio.folder / "cmyk.jpg", quality=95)
    [frame] = await images(studio, [studio.folder / "cmyk.jpg"])
    assert near(frame[90, 160], COLOUR, 12), frame[90, 160]


GRAY = (128, 128, 128)
DEEP = {
    "deep.png": ("rgb48be", COLOUR), "gray.png": ("gray", GRAY), "deepgray.png": ("gray16be", GRAY),
    "two.png": ("ya8", GRAY),
}  # fmt: skip


async def test_deep_and_gray_pictures(studio: Set) -> None:
    paths = []
    for name, (planes, colour) in DEEP.items():
        flat = "color=0x{:02X}{:02X}{:02X}:s=320x180,format=rgb24".format(*colour)
        paths.append(studio.file(name, *picture(flat, "-pix_fmt", planes)))
    for (name, (_, colour)), frame in zip(DEEP.items(), await images(studio, paths), strict=True):
        assert near(frame[90, 160], colour, 6), (name, frame[90, 160])


@pytest.mark.parametrize(("extension", "orientations"), [("jpg", range(1, 9)), ("webp", (1, 3, 5, 6))])
async def test_photos_are_upright(studio: Set, extension: str, orientations: Sequence[int]) -> None:
    """As Pillow turns them."""
    image, paths = Image.new("RGB", (160, 80), "white"), []
    for box, colour in (((0, 0, 80, 40), "red"), ((80, 0, 160, 40), "lime"), ((0, 40, 80, 80), "blue")):
        image.paste(colour, box)
    for orientation in orientations:
        exif = Image.Exif()
        exif[0x112] = orientation
        paths.append(studio.folder / f"{orientation}.{extension}")
        image.save(paths[-1], exif=exif, quality=95)
    for path, frame in zip(paths, await images(studio, paths, x=40, y=8), strict=True):
        with Image.open(path) as opened:
            wanted = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
        height, width = wanted.shape[:2]
        for x, y in ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
            across, down = round(x * width), round(y * height)
            upright = tuple(wanted[down, across].tolist())
            assert near(frame[8 + down, 40 + across], upright, 30), (path.name, x, y)
        assert near(frame[8 + height // 2, 40 + width + 6], (0, 0, 255)), path.name
        assert near(frame[4, 40 + width // 2], (0, 0, 255)), path.name


async def test_what_is_half_transparent_is_half_seen(studio: Set) -> None:
    paths = [studio.folder / name for name in ("clear.png", "clear.webp", "clear.tiff")]
    for path in paths:
        Image.new("RGBA", (320, 180), (255, 255, 255, 128)).save(path, lossless=True)
    for path, frame in zip(paths, await images(studio, paths), strict=True):
        assert near(frame[90, 160], (128, 128, 255), 8), path.name


@pytest.mark.parametrize("kind", ["image", "video"])
async def test_moving_pictures_of_gif_go_round(studio: Set, kind: str) -> None:
    graph = "color=red:s=320x180:r=10:d=0.1[a];color=lime:s=320x180:r=10:d=0.1[b];[a][b]concat"
    path = studio.file("two.gif", "-f", "lavfi", "-i", graph, "-loop", "0")
    movie = small(
        Scene(
            elements=[await studio.element(kind, path), await studio.element("audio", _silence(studio))],
            background="#0000FF",
        )
    )
    made = await studio.compose(movie)
    check_clean(made, movie)
    frames = made.frames()
    for at in range(8):
        colour = ((255, 0, 0), (0, 255, 0))[at % 2]
        assert near(frames[round((at + 0.5) * 2.5), 90, 160], colour, 14), at


def _silence(studio: Set) -> Path:
    return studio.file("silence.wav", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono", "-t", "0.8")


async def test_a_large_photo_is_made_smaller(studio: Set) -> None:
    image = Image.new("RGB", (6000, 4000), COLOUR)
    image.save(studio.folder / "large.jpg")
    [frame] = await images(studio, [studio.folder / "large.jpg"])
    assert near(frame[90, 160], COLOUR, 6)
    assert near(frame[90, 30], COLOUR, 14)
    assert near(frame[90, 10], (0, 0, 255), 8)


def edges(frame: Any, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The box of pixels in which there is more of a colour than not: left, top, width, height."""
    like = np.abs(frame.astype(int) - colour).sum(axis=2) < np.abs(frame.astype(int) - (0, 0, 0)).sum(axis=2)
    down, across = np.flatnonzero(like.any(axis=1)), np.flatnonzero(like.any(axis=0))
    return int(across[0]), int(down[0]), int(np.ptp(across)) + 1, int(np.ptp(down)) + 1


PLACES: list[tuple[dict[str, int], tuple[int, int, int, int]]] = [
    ({"x": 33, "y": 17, "width": 51, "height": 37}, (33, 17, 51, 37)),
    ({"x": 32, "y": 16, "width": 51, "height": 37}, (32, 16, 51, 37)),
    ({"x": -13, "y": -7, "width": 50, "height": 30}, (0, 0, 37, 23)),
    ({"x": 301, "y": 171, "width": 50, "height": 30}, (301, 171, 19, 9)),
    ({"x": 0, "y": 0}, (0, 0, 64, 32)),
    ({"width": 100}, (0, 0, 100, 50)),
    ({"height": 100}, (0, 0, 200, 100)),
    ({}, (0, 10, 320, 160)),
    ({"x": 10}, (10, 0, 64, 32)),
]


@pytest.mark.parametrize("moving", [False, True])
async def test_pictures_are_exactly_where_they_are_wanted(studio: Set, moving: bool) -> None:
    graph = "color=white:s=64x32:r=25:d=0.2"
    path = (
        studio.file("white.mp4", "-f", "lavfi", "-i", graph)
        if moving
        else studio.file("white.png", *picture(graph))
    )
    element = await studio.element("video" if moving else "image", path)
    placed = [msgspec.structs.replace(element, **given) for given, _ in PLACES]
    made = await studio.compose(small(*[Scene(elements=[each], duration=0.2) for each in placed]))
    for (given, box), frame in zip(PLACES, made.frames()[2::5], strict=True):
        assert edges(frame, (255, 255, 255)) == box, given


async def test_what_is_out_of_sight_is_not_seen(studio: Set) -> None:
    path = studio.file("white.png", *picture("color=white:s=64x32"))
    away: list[dict[str, int]] = [{"x": -64}, {"y": -32}, {"x": 320}, {"y": 180}, {"x": -5000}]
    element = await studio.element("image", path)
    placed = [msgspec.structs.replace(element, **given) for given in away]
    for given, frame in zip(away, await slides(studio, *placed), strict=True):
        assert np.abs(frame.astype(int) - (0, 0, 255)).max() < 12, given


async def test_twenty_pictures_in_one_scene_and_a_video_between(studio: Set) -> None:
    path = studio.file("white.png", *picture("color=white:s=8x8"))
    clip = studio.file("red.mp4", "-f", "lavfi", "-i", "color=red:s=320x20:r=25:d=0.2")
    elements = [await studio.element("image", path, x=10 + 15 * number, y=20) for number in range(10)]
    elements += [await studio.element("video", clip, x=0, y=16)]
    elements += [await studio.element("image", path, x=10 + 15 * number, y=22) for number in range(10, 20)]
    movie = small(Scene(elements=elements, duration=0.2))
    made = await studio.compose(movie)
    check_clean(made, movie)
    for frame in made.frames()[[0, 4]]:
        for number in range(20):
            colour = (255, 0, 0) if number < 10 else (255, 255, 255)
            assert near(frame[26, 14 + 15 * number], colour, 24), number
