"""Parts of all kinds of clips at random points: exactly those frames, with their sound."""

from __future__ import annotations

import random

import pytest

from tests.media.cut.film import Part
from tests.media.cut.truth import Piece, Seen, Stage

pytestmark = pytest.mark.anyio

KEPT = (
    "closed", "short-gop", "open-gop", "hevc-cra", "hevc10", "hevc10-cra", "edit-list", "edit-list-cra", "ts",
    "hevc-ts", "fragmented", "ntsc-mkv", "ntsc", "flv", "vfr", "vfr-mkv", "ac3", "opus", "pcm",
)  # fmt: skip
"""Clips whose packets are kept, whatever the cut."""
CODED_ANEW = ("mjpeg", "vp9", "packed")
"""Clips of which the cutter may do nothing but find the edges."""
FEW_ENTRIES = ("open-gop",)
"""Clips without an entry inside: what is cut off their front is coded anew."""
AROUND_A_CUT = 8
"""Frames that a cut may cost besides those up to the next entry: the rest of a mini-GOP, leading pictures."""


def random_pieces(stage: Stage, name: str, count: int) -> list[Piece]:
    """Parts of 0.2 to 1.3 s at any point, out of order and overlapping; the same ones each time."""
    dice, film = random.Random(f"{name}{count}"), stage.film(name)
    length, pieces = float(film.clock(len(film.times))), []
    for _ in range(count):
        start = dice.uniform(0, length - 0.25)
        pieces.append(Piece(name, start, min(start + dice.uniform(0.2, 1.3), length)))
    return pieces


def inside(part: Part) -> int:
    """Frames from the first entry of a part, or 0 without one."""
    zero, start = part.film.times[0], part.film.times[part.first]
    entries = [key for key in part.film.keys if start <= key < part.end + zero]
    return sum(
        1 for time in part.film.times[part.first : part.stop] if time >= min(entries, default=part.end + zero)
    )


def check_thrift(seen: Seen) -> None:
    """Packets are copied from the first entry of each part to almost its end."""
    assert seen.method in ("smart", "copy"), seen.outcome.reason
    copied = sum(max(inside(part) - AROUND_A_CUT, 0) for part in seen.parts)
    assert seen.outcome.copied_packets >= copied


@pytest.mark.parametrize("name", KEPT)
async def test_parts_in_a_row(stage: Stage, name: str) -> None:
    seen = await stage.see(*random_pieces(stage, name, 2), apart=False)
    assert seen.method == "smart", seen.outcome.reason
    if name not in FEW_ENTRIES:
        check_thrift(seen)


@pytest.mark.parametrize("name", ["no-b", "hevc", "mkv"])
async def test_one_part(stage: Stage, name: str) -> None:
    seen = await stage.see(*random_pieces(stage, name, 1), apart=False)
    check_thrift(seen)


async def test_real_footage(stage: Stage) -> None:
    """Big Buck Bunny as it was published: 1280x720, a single entry at the front, six channels of sound."""
    seen = await stage.see(Piece("bunny", None, 1.01), Piece("bunny", 4.3, 4.7))
    assert seen.method == "smart", seen.outcome.reason
    assert seen.outcome.copied_packets >= 20


@pytest.mark.parametrize("name", CODED_ANEW)
async def test_other_codecs_get_exact_edges_at_least(stage: Stage, name: str) -> None:
    seen = await stage.see(*random_pieces(stage, name, 1), apart=False)
    if name == "mjpeg":
        assert seen.method == "copy", seen.outcome.reason
