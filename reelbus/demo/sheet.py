"""The before/after picture: a few moments side by side, and a close-up of where the difference shows."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFont

from reelbus.demo import clips

MOMENTS = (0.15, 0.5, 0.8)
"""Shares of the duration."""

CELL, GAP, HEADER, CAPTION = 720, 14, 64, 40
ZOOM = 3
PAPER, INK, MARK = (24, 24, 27), (244, 244, 245), (250, 204, 21)
CHIP = (0, 0, 0, 170)
Picture = Image.Image
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Pair:
    """The same moment of both videos, in the same size."""

    at: float
    before: Picture
    after: Picture


def make(before: Path, after: Path, target: Path, title: str) -> None:
    """Write the picture of both videos to `target`, a PNG. Raises `DemoError`."""
    length = clips.duration(before)
    pairs = [_pair(before, after, length * share) for share in MOMENTS]
    closest = max(pairs, key=lambda pair: _change(pair.before, pair.after).mean())
    other = pairs[0] if closest is pairs[-1] else pairs[pairs.index(closest) + 1]
    box = where_it_shows(closest, other)
    _compose(pairs, closest, box, title).save(target, compress_level=6)


def _pair(before: Path, after: Path, at: float) -> Pair:
    one, other = (
        Image.open(io.BytesIO(clips.frame_png(path, at))).convert("RGB") for path in (before, after)
    )
    return Pair(at, one, other if other.size == one.size else other.resize(one.size))


def _change(one: Picture, other: Picture) -> NDArray[np.float32]:
    return np.asarray(ImageChops.difference(one, other).convert("L"), dtype=np.float32)


def where_it_shows(pair: Pair, other: Pair) -> Box:
    """The part worth a close-up: much changed by the enhancement, rich in contrast, and where something
    happens between the two moments."""
    width, height = pair.before.size
    wide, high = _window(width, height)
    change, motion = _change(pair.before, pair.after), _change(pair.after, other.after)
    light = np.asarray(pair.after.convert("L"), dtype=np.float32)
    step = max(wide // 6, 1)
    corners = [
        (left, top) for top in range(0, height - high + 1, step) for left in range(0, width - wide + 1, step)
    ]

    def interest(corner: tuple[int, int]) -> float:
        left, top = corner
        part = np.s_[top : top + high, left : left + wide]
        return float(change[part].mean() * light[part].std() * (1 + motion[part].mean()))

    left, top = max(corners, key=interest)
    return left, top, left + wide, top + high


def _cell(width: int, height: int) -> tuple[int, int]:
    """Size in which a whole frame is shown."""
    factor = min(CELL / width, CELL / height)
    return max(round(width * factor), 1), max(round(height * factor), 1)


def _window(width: int, height: int) -> tuple[int, int]:
    """Size of the part that fills a cell when enlarged."""
    wide, high = _cell(width, height)
    return min(wide // ZOOM, width), min(high // ZOOM, height)


def _compose(pairs: list[Pair], closest: Pair, box: Box, title: str) -> Picture:
    wide, high = _cell(*closest.before.size)
    rows = len(pairs) + 1
    sheet = Image.new("RGB", (2 * CELL + 3 * GAP, HEADER + CAPTION + rows * (high + GAP) + GAP), PAPER)
    draw = ImageDraw.Draw(sheet, "RGBA")
    draw.text((GAP, HEADER / 2), title, INK, _font(28), anchor="lm")
    columns = [GAP + (CELL - wide) // 2, 2 * GAP + CELL + (CELL - wide) // 2]
    for left, caption in zip(columns, ("before: as uploaded", "after: enhanced by Reelbus"), strict=True):
        draw.text((left, HEADER + CAPTION / 2 - 4), caption, MARK, _font(24), anchor="lm")
    top = HEADER + CAPTION
    factor = wide / closest.before.width
    for pair in pairs:
        for left, picture in zip(columns, (pair.before, pair.after), strict=True):
            sheet.paste(picture.resize((wide, high), Image.Resampling.LANCZOS), (left, top))
            if pair is closest:
                draw.rectangle(_moved(box, factor, left, top), outline=MARK, width=2)
            _chip(draw, left, top, f"{pair.at:.1f} s")
        top += high + GAP
    for left, picture in zip(columns, (closest.before, closest.after), strict=True):
        part = picture.crop(box)
        large = part.resize((part.width * ZOOM, part.height * ZOOM), Image.Resampling.NEAREST)
        sheet.paste(large, (left, top))
        draw.rectangle((left, top, left + large.width - 1, top + large.height - 1), outline=MARK, width=2)
        _chip(draw, left, top, f"{closest.at:.1f} s, {ZOOM}x")
    return sheet


def _moved(box: Box, factor: float, left: int, top: int) -> Box:
    x0, y0, x1, y1 = (round(value * factor) for value in box)
    return left + x0, top + y0, left + x1, top + y1


def _chip(draw: ImageDraw.ImageDraw, left: int, top: int, text: str) -> None:
    font = _font(18)
    box = draw.textbbox((left + 14, top + 10), text, font)
    draw.rectangle((box[0] - 6, box[1] - 5, box[2] + 6, box[3] + 5), fill=CHIP)
    draw.text((left + 14, top + 10), text, INK, font)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
