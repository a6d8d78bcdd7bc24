"""The liveliest part."""

from __future__ import annotations

import pytest

from libs.contracts.video_edit import Wanted
from libs.media.video_edit.highlight import liveliest
from tests.media.video_edit.making import Edits

FLAT = [0.0] * 20
QUIET = [-60.0] * 20


def at(*steps: int, of: list[float], value: float) -> list[float]:
    return [value if step in steps else each for step, each in enumerate(of)]


@pytest.mark.parametrize(
    ("changes", "loudness", "start"),
    [
        (FLAT, QUIET, 0.0),
        (at(12, 13, 14, 15, of=FLAT, value=9.0), QUIET, 6.0),
        (FLAT, at(12, 13, 14, 15, of=QUIET, value=-20.0), 6.0),
        (at(2, 3, 12, 13, of=FLAT, value=9.0), QUIET, 0.0),
        (at(2, 3, 12, 13, of=FLAT, value=9.0), at(12, of=QUIET, value=-20.0), 5.0),
        (at(19, of=FLAT, value=9.0), QUIET, 8.0),
        (at(12, 13, of=FLAT, value=0.1), QUIET, 5.0),
    ],
    ids=["flat", "moving", "loud", "earliest", "both", "end", "hardly"],
)
def test_which_part_is_liveliest(changes: list[float], loudness: list[float], start: float) -> None:
    assert liveliest(changes, loudness, length=2.0, duration=10.0) == start


def test_a_part_never_goes_past_the_end() -> None:
    lively = at(19, of=FLAT, value=9.0)
    assert liveliest(lively, QUIET, length=2.0, duration=9.8) == pytest.approx(7.8)
    assert liveliest(lively, QUIET, length=30.0, duration=9.8) == 0.0


def test_noise_in_what_is_even_decides_nothing_against_what_is_not() -> None:
    changes = at(3, of=[0.02] * 20, value=0.03)
    assert liveliest(changes, at(16, 17, of=[-23.0] * 20, value=-13.0), length=2.0, duration=10.0) == 7.0


@pytest.mark.anyio
@pytest.mark.parametrize("sound", [True, False])
async def test_the_liveliest_part_of_a_video(edits: Edits, sound: bool) -> None:
    """Something moves from 9 s to 14 s, and it is loud then."""
    still, moving = "color=gray:s=160x90:r=25:d=20", "testsrc2=s=160x90:r=25:d=20"
    tone = "aevalsrc='(0.01+0.4*between(t,9,14))*sin(2*PI*300*t)':d=20"
    args = ["-f", "lavfi", "-i", still, "-f", "lavfi", "-i", moving, "-f", "lavfi", "-i", tone]
    args += ["-filter_complex", "[0][1]overlay=enable='between(t,9,14)'", "-map", "2:a"] if sound else [
        "-filter_complex", "[0][1]overlay=enable='between(t,9,14)'"]  # fmt: skip
    path = edits.clip("lively.mp4", *args, "-preset", "ultrafast")
    wanted = Wanted(duration=5.0, width=64, height=64, selection="highlight")
    made = await edits.made(path, wanted)
    assert made.found.start == pytest.approx(9.0, abs=0.55)
    assert made.found.start * 25 == pytest.approx(round(made.found.start * 25), abs=1e-3)
    assert made.duration == pytest.approx(5.0, abs=0.1)
    short = Wanted(duration=30.0, width=64, height=64, selection="highlight")
    assert (await edits.found(path, short)).start == 0.0
