"""Crops that look here and there: what is allowed, what it is called, how it goes through the passes, and
what it shows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import Fit, Focus, Node, Trim
from libs.media.graph import canonical, validate
from libs.media.passes import simplify
from libs.media.passes.resolve import resolve
from tests.media.building import output, source
from tests.media.commanding import A, command, graph_of
from tests.media.looking import frames
from tests.media.passes.editing import Times, World, clip
from tests.media.video_edit.making import Edits

LEFT, RIGHT = Focus(start=0.0, x=0.2, y=0.5), Focus(start=1.0, x=0.8, y=0.25)
TEN_SECONDS = World(clip(0), {0: Times(tuple(range(250)), 250, Fraction(1, 25))})


def crop(*focus: Focus, of: Node | None = None, **changes: Any) -> Fit:
    return Fit(
        **({"input": of or source(), "width": 64, "height": 64, "mode": "crop", "focus": [*focus]} | changes)
    )


def name(node: Node) -> bytes:
    return canonical(output(node))


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        (crop(LEFT, mode="pad"), "Only a crop"),
        (crop(LEFT, mode="blur"), "Only a crop"),
        (crop(RIGHT, LEFT), "one point after the other"),
        (crop(LEFT, LEFT), "one point after the other"),
        (crop(Focus(start=-1.0, x=0.5, y=0.5)), "negative"),
        (crop(Focus(start=float("nan"), x=0.5, y=0.5)), "negative"),
        (crop(Focus(start=0.0, x=1.1, y=0.5)), "between 0 and 1"),
        (crop(Focus(start=0.0, x=0.5, y=float("nan"))), "between 0 and 1"),
        (crop(*[Focus(start=float(i), x=0.5, y=0.1) for i in range(129)]), "128 points"),
    ],
)
def test_what_a_crop_cannot_look_at(node: Node, complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        validate(output(node))


def test_a_crop_that_looks_somewhere_is_valid() -> None:
    validate(output(crop(LEFT, RIGHT)))
    validate(output(crop(*[Focus(start=float(i), x=0.5, y=0.01 * (i % 9)) for i in range(128)])))


def test_names() -> None:
    plain = name(crop())
    assert b"focus" not in plain
    assert name(crop(Focus(start=3.0, x=0.5, y=0.5))) == plain
    assert name(crop(LEFT)) == name(crop(Focus(start=9.0, x=0.2, y=0.5)))
    assert name(crop(LEFT, Focus(start=1.0, x=0.2, y=0.5))) == name(crop(LEFT))
    names = {plain, name(crop(LEFT)), name(crop(LEFT, RIGHT)), name(crop(RIGHT))}
    assert len(names) == 4


def test_a_cut_goes_below_a_crop_that_looks_at_one_point_only() -> None:
    def cut(node: Node) -> Node:
        return Trim(input=node, start=1.0, end=2.0)

    part = source(start=1.0, end=2.0)
    assert simplify(output(cut(crop(LEFT)))).input == crop(LEFT, of=part)
    moving = cut(crop(LEFT, RIGHT))
    assert simplify(output(moving)).input == moving
    over = cut(crop(LEFT, RIGHT, of=clip(0)))
    assert resolve(output(over), TEN_SECONDS.frames_of).input == over
    still = resolve(output(cut(crop(LEFT, of=clip(0)))), TEN_SECONDS.frames_of).input
    assert isinstance(still, Fit)
    below = crop(LEFT, RIGHT, of=cut(clip(0)))
    found = resolve(output(below), TEN_SECONDS.frames_of).input
    assert isinstance(found, Fit)
    assert found.focus == [LEFT, RIGHT]


def test_the_command() -> None:
    [shaped, *_] = graph_of(command(crop(LEFT, RIGHT, of=A)))
    assert shaped == (
        "[0:0]crop=exact=1:h=min(ih\\,ceil(iw*sar*64/64/2)*2):w=min(iw\\,ceil(ih*64/(64*sar)/2)*2):"
        "x=clip(floor((iw*(0.200000+0.600000*gte(t\\,1))-ow/2)/2)*2\\,0\\,iw-ow):"
        "y=clip(floor((ih*(0.500000-0.250000*gte(t\\,1))-oh/2)/2)*2\\,0\\,ih-oh)[s0]"
    )


@pytest.mark.anyio
@pytest.mark.parametrize(("width", "height"), [(48, 96), (32, 32), (16, 1920)])
async def test_it_shows_what_it_looks_at(edits: Edits, width: int, height: int) -> None:
    """Red, green and blue side by side: the crop shows one of them after the other."""
    parts = ",".join(
        f"drawbox=x={x}:w=107:c={c}:t=fill" for x, c in ((0, "red"), (107, "lime"), (214, "blue"))
    )
    path = edits.clip(
        "parts.mp4", "-f", "lavfi", "-i", f"color=s=321x97:r=25:d=3,{parts}", "-pix_fmt", "yuv444p"
    )
    looks = [Focus(start=at, x=x, y=0.5) for at, x in ((0.0, 0.05), (0.98, 0.5), (1.98, 1.0))]
    result = await edits.rendered(path, lambda node: crop(*looks, of=node, width=width, height=height))
    shown = frames(result, 8, 8)
    assert len(shown) == 75
    for first, channel in ((0, 0), (25, 1), (50, 2)):
        part = shown[first : first + 25].astype(int)
        others = [other for other in range(3) if other != channel]
        assert part[..., channel].min() > 180
        assert part[..., others].max() < 90


@pytest.mark.anyio
async def test_a_sliver_is_not_made_huge_on_the_way(edits: Edits) -> None:
    path = edits.clip("sliver.mp4", "-f", "lavfi", "-i", "testsrc2=s=4096x16:r=5:d=1")
    result = await edits.rendered(path, lambda node: crop(of=node, width=540, height=960))
    assert frames(result, 540, 960).shape == (5, 960, 540, 3)
