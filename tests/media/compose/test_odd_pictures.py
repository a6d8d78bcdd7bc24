"""Pictures of every kind in movies: their colours, their place, and what is seen through them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from libs.contracts.movie import Scene
from tests.media.compose.making import Composed, Set, check_clean, near, picture, small

pytestmark = pytest.mark.anyio

COLOUR = (200, 60, 40)
"""A colour that other matrices and ranges would move by more than 12."""


async def shown(studio: Set, path: Path, kind: str = "image", **given: Any) -> Composed:
    movie = small(
        Scene(elements=[await studio.element(kind, path, **given)], duration=0.2, background="#0000FF")
    )
    made = await studio.compose(movie)
    check_clean(made, movie)
    return made


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("a.jpg", "RGB", {"quality": 95}),
        ("whole.jpg", "RGB", {"quality": 95, "subsampling": 0}),
        ("progressive.jpg", "RGB", {"quality": 95, "progressive": True}),
        ("a.png", "RGB", {}),
        ("palette.png", "P", {}),
        ("a.bmp", "RGB", {}),
        ("a.tiff", "RGB", {}),
        ("packed.tiff", "RGB", {"compression": "tiff_lzw"}),
        ("lossless.webp", "RGB", {"lossless": True}),
        ("lossy.webp", "RGB", {"quality": 95}),
        ("a.gif", "P", {}),
    ],
)
async def test_colours_are_those_of_the_picture(
    studio: Set, name: str, mode: str, options: dict[str, Any]
) -> None:
    image = Image.new("RGB", (320, 180), COLOUR)
    (image.quantize(16) if mode == "P" else image).save(studio.folder / name, **options)
    made = await shown(studio, studio.folder / name)
    assert near(made.frames()[2, 90, 160], COLOUR, 6), made.frames()[2, 90, 160]


async def test_cmyk(studio: Set) -> None:
    Image.new("RGB", (320, 180), COLOUR).convert("CMYK").save(studio.folder / "cmyk.jpg", quality=95)
    made = await shown(studio, studio.folder / "cmyk.jpg")
    assert near(made.frames()[2, 90, 160], COLOUR, 12), made.frames()[2, 90, 160]


@pytest.mark.parametrize(
    ("name", "planes", "colour"),
    [("deep.png", "rgb48be", COLOUR), ("gray.png", "gray", None), ("deepgray.png", "gray16be", None),
     ("two.png", "ya8", None)],
)  # fmt: skip
async def test_deep_and_gray_pictures(studio: Set, name: str, planes: str, colour: Any) -> None:
    text = "0x{:02X}{:02X}{:02X}".format(*(colour or (128, 128, 128)))
    path = studio.file(name, *picture(f"color={text}:s=320x180,format=rgb24", "-pix_fmt", planes))
    made = await shown(studio, path)
    assert near(made.frames()[2, 90, 160], colour or (128, 128, 128), 6), made.frames()[2, 90, 160]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["photo.jpg", "photo.webp"])
async def test_photos_are_upright(studio: Set, name: str, orientation: int) -> None:
    """As Pillow turns them."""
    image = Image.new("RGB", (160, 80), "white")
    for box, colour in (((0, 0, 80, 40), "red"), ((80, 0, 160, 40), "lime"), ((0, 40, 80, 80), "blue")):
        image.paste(colour, box)
    exif = Image.Exif()
    exif[0x112] = orientation
    path = studio.folder / name
    image.save(path, exif=exif, quality=95)
    with Image.open(path) as opened:
        wanted = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    height, width = wanted.shape[:2]
    made = await shown(studio, path, x=40, y=8)
    frame = made.frames()[2]
    for x, y in ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        across, down = round(x * width), round(y * height)
        assert near(frame[8 + down, 40 + across], tuple(wanted[down, across].tolist()), 30), (x, y)
    assert near(frame[8 + height // 2, 40 + width + 6], (0, 0, 255))
    assert near(frame[4, 40 + width // 2], (0, 0, 255))


@pytest.mark.parametrize("name", ["clear.png", "clear.webp", "clear.tiff"])
async def test_what_is_half_transparent_is_half_seen(studio: Set, name: str) -> None:
    Image.new("RGBA", (320, 180), (255, 255, 255, 128)).save(studio.folder / name, lossless=True)
    made = await shown(studio, studio.folder / name)
    assert near(made.frames()[2, 90, 160], (128, 128, 255), 8)


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
    made = await shown(studio, studio.folder / "large.jpg")
    frame = made.frames()[2]
    assert near(frame[90, 160], COLOUR, 6)
    assert near(frame[90, 30], COLOUR, 14)
    assert near(frame[90, 10], (0, 0, 255), 8)


def edges(frame: Any, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The box of pixels in which there is more of a colour than not: left, top, width, height."""
    like = np.abs(frame.astype(int) - colour).sum(axis=2) < np.abs(frame.astype(int) - (0, 0, 0)).sum(axis=2)
    down, across = np.flatnonzero(like.any(axis=1)), np.flatnonzero(like.any(axis=0))
    return int(across[0]), int(down[0]), int(np.ptp(across)) + 1, int(np.ptp(down)) + 1


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize(
    ("given", "box"),
    [
        ({"x": 33, "y": 17, "width": 51, "height": 37}, (33, 17, 51, 37)),
        ({"x": 32, "y": 16, "width": 51, "height": 37}, (32, 16, 51, 37)),
        ({"x": -13, "y": -7, "width": 50, "height": 30}, (0, 0, 37, 23)),
        ({"x": 301, "y": 171, "width": 50, "height": 30}, (301, 171, 19, 9)),
        ({"x": 0, "y": 0}, (0, 0, 64, 32)),
        ({"width": 100}, (0, 0, 100, 50)),
        ({"height": 100}, (0, 0, 200, 100)),
        ({}, (0, 10, 320, 160)),
        ({"x": 10}, (10, 0, 64, 32)),
    ],
)
async def test_pictures_are_exactly_where_they_are_wanted(
    studio: Set, moving: bool, given: dict[str, int], box: tuple[int, int, int, int]
) -> None:
    graph = "color=white:s=64x32:r=25:d=0.2"
    path = (
        studio.file("white.mp4", "-f", "lavfi", "-i", graph)
        if moving
        else studio.file("white.png", *picture(graph))
    )
    element = await studio.element("video" if moving else "image", path, **given)
    made = await studio.compose(small(Scene(elements=[element], duration=0.2)))
    assert edges(made.frames()[2], (255, 255, 255)) == box


@pytest.mark.parametrize("given", [{"x": -64}, {"y": -32}, {"x": 320}, {"y": 180}, {"x": -5000}])
async def test_what_is_out_of_sight_is_not_seen(studio: Set, given: dict[str, Any]) -> None:
    path = studio.file("white.png", *picture("color=white:s=64x32"))
    made = await shown(studio, path, **given)
    assert np.abs(made.frames()[2].astype(int) - (0, 0, 255)).max() < 12


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
