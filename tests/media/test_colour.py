"""Which frames stand for a video, and how they are counted."""

from __future__ import annotations

from array import array
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from libs.contracts.errors import MediaError
from libs.media.probe import probe
from libs.media.tools import Tools
from services.analyze.colour import SAMPLES, Tally, plan
from services.analyze.hdr import to_standard
from services.analyze.metadata import extract
from services.analyze.packets import Scan, constant_rate
from tests.media.building import video
from tests.media.recipes import ffmpeg


def scan(count: int, rate: float, keys: list[float]) -> Scan:
    times = array("d", [i / rate for i in range(count)])
    return Scan(times=times, keys=array("d", keys), end=count / rate)


def test_key_frames_stand_for_the_time_until_the_next() -> None:
    chosen = plan(scan(1500, 25, [0, 10, 20, 22, 32, 42, 52]))
    assert chosen.keys_only
    assert chosen.weights == [10, 10, 2, 10, 10, 10, 8]


def test_too_few_or_too_distant_key_frames_mean_an_even_choice() -> None:
    for keys in ([0.0], [0, 20, 30, 40, 50, 58.0]):
        chosen = plan(scan(1500, 25, keys))
        assert not chosen.keys_only
        assert len(chosen.weights) <= SAMPLES
        assert sum(chosen.weights) == pytest.approx(60.0)


def test_very_many_key_frames_are_thinned() -> None:
    chosen = plan(scan(100_000, 25, [i / 25 for i in range(100_000)]))
    assert len(chosen.weights) <= 5 * SAMPLES
    assert sum(chosen.weights) == pytest.approx(4000.0)


def test_a_tally_weighs_frames() -> None:
    tally = Tally()
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    white[..., 2] = 100
    tally.add(black, 3.0)
    tally.add(white, 1.0)
    result = tally.result()
    assert result.average == {"b": 64, "g": 64, "r": 25}
    assert (result.histograms["b"][0], result.histograms["b"][255], result.frames) == (0.75, 0.25, 2)


def test_nothing_decoded_has_no_colour() -> None:
    with pytest.raises(MediaError):
        Tally().result()


@pytest.mark.parametrize(
    ("rate", "lost", "expected"),
    [
        ("25/1", (), 25),
        ("30000/1001", (), Fraction(30000, 1001)),
        ("25/1", (95, 97), 25),
        ("25/1", range(2, 90, 2), None),
    ],
)
def test_a_rate_is_constant_when_frames_keep_to_its_grid(
    rate: str, lost: tuple[int, ...], expected: Fraction | None
) -> None:
    exact = [round(i / float(Fraction(rate)), 3) for i in range(100) if i not in lost]
    found = Scan(times=array("d", exact), end=4.0)
    assert constant_rate(found, video(nominal_rate=rate, frame_rate="17/1", time_base="1/1000")) == expected


def test_hdr_is_shown_as_a_standard_screen_would() -> None:
    grey = np.zeros((1, 4, 3), np.uint16)
    for x, signal in enumerate((0.0, 0.4, 0.5807, 0.9)):
        grey[0, x] = round(signal * 65535)
    shown = to_standard(grey, "smpte2084")[0].astype(int)
    assert np.ptp(shown, axis=1).max() <= 2
    levels = shown[:, 0].tolist()
    assert levels == sorted(levels)
    assert levels[0] == 0
    assert 210 <= levels[2] <= 255
    red = np.array([[[40000, 0, 0]]], np.uint16)
    assert to_standard(red, "arib-std-b67")[0, 0].argmax() == 2


@pytest.mark.anyio
async def test_colour_is_taken_from_the_whole_video(tools: Tools, tmp_path: Path) -> None:
    """Red for 9 s, then blue for 3 s, with a key frame a second."""
    path = tmp_path / "two.mp4"
    parts = "color=red:s=64x64:r=10:d=9[a];color=blue:s=64x64:r=10:d=3[b];[a][b]concat"
    ffmpeg("-f", "lavfi", "-i", parts, *["-c:v", "libx264", "-g", "10", "-pix_fmt", "yuv420p"], str(path))
    size = path.stat().st_size
    found = await extract(path, (await probe(path, tools, size=size)).info, tools, size, lambda done: None)
    assert found.sampled_frames == 12
    assert found.average_color["r"] == pytest.approx(0.75 * 254, abs=8)
    assert found.average_color["b"] == pytest.approx(0.25 * 254, abs=8)
