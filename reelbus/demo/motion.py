"""The Motion Photo part of the demo: a session, a picture that moves, and a look into the file."""

import asyncio
from pathlib import Path

from libs.contracts.errors import MediaError
from libs.media.motionphoto import MotionPhoto, read
from reelbus.demo.client import Client
from reelbus.demo.clips import duration
from reelbus.demo.errors import DemoError
from reelbus.demo.screen import Bars

NAME = "motion photo"
LARGEST = 500_000_000
"""Bytes that the contract takes."""
SPEED = 0.5


async def make_photo(client: Client, clip: Path, output: Path, bars: Bars) -> dict[Path, str]:
    """Make a Motion Photo of the clip's middle in slow motion; the file and what is in it. Raises `DemoError`
    when the file is not what was asked for."""
    if clip.stat().st_size > LARGEST:
        return {}
    length = duration(clip)
    start, cover, end = (round(share * length, 3) for share in (0.4, 0.5, 0.6))
    bars.show(NAME, 0, "preparing a session")
    session = (await client.prepare(clip))["session_id"]
    bars.show(NAME, 50, "converting")
    wish = {"range_start": start, "range_end": end, "cover_time": cover, "speed": SPEED}
    data = await client.convert({"session_id": session} | {name: str(each) for name, each in wish.items()})
    await client.post("/cleanup", {"session_id": session})
    path = output / "photo.MP.jpg"
    await asyncio.to_thread(path.write_bytes, data)
    photo = _read(data)
    if abs(photo.presentation_us - (cover - start) / SPEED * 1e6) > 1:
        raise DemoError("The Motion Photo does not say when its picture is shown.")
    bars.show(NAME, 100, "completed")
    return {path: _what(photo, start, end)}


def _read(data: bytes) -> MotionPhoto:
    try:
        return read(data)
    except MediaError as error:
        raise DemoError(f"The Motion Photo is none: {error.message}") from error


def _what(photo: MotionPhoto, start: float, end: float) -> str:
    size, shown = f"{photo.width}x{photo.height}", photo.presentation_us / 1e6
    moving = f"{start:.2f} s to {end:.2f} s at half speed ({len(photo.video) / 1e6:.2f} MB)"
    return f"a Motion Photo, {size}: {moving}, the picture {shown:.2f} s into it"
