"""Metadata of the corpus against a full decode."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from libs.contracts.errors import MediaError
from libs.contracts.media import Metadata
from libs.media.tools import Tools
from services.analyze.metadata import extract
from tests.media.corpus import VIDEOS, Corpus
from tests.media.looking import frames, probed

pytestmark = pytest.mark.anyio


Extract = Callable[[str], Awaitable[tuple[Metadata, list[float]]]]


@pytest.fixture(scope="module")
def metadata(corpus: Corpus, tools: Tools) -> Extract:
    """Of a clip of the corpus, and what was told of the progress; extracted once."""
    known: dict[str, tuple[Metadata, list[float]]] = {}

    async def look(name: str) -> tuple[Metadata, list[float]]:
        if name not in known:
            path, reports = corpus.path(name), list[float]()
            found = await extract(path, await probed(path, tools), tools, path.stat().st_size, reports.append)
            known[name] = found, reports
        return known[name]

    return look


@pytest.mark.parametrize("name", VIDEOS)
async def test_the_frame_count_is_what_a_decoder_shows(corpus: Corpus, metadata: Extract, name: str) -> None:
    found, reports = await metadata(name)
    assert found.frame_count == len(corpus.times(name))
    assert reports == sorted(reports)
    assert reports[-1] == 1.0
    for channel in "bgr":
        assert len(found.histograms[channel]) == 256
        assert sum(found.histograms[channel]) == pytest.approx(1.0, abs=1e-6)
        assert 0 <= found.average_color[channel] <= 255
    assert "filename" not in found.ffprobe["format"]


@pytest.mark.parametrize(
    ("name", "fps", "varies"),
    [
        ("plain", 25.0, False),
        ("ntsc-mkv", 29.97, False),
        ("flv", 25.0, False),
        ("interlaced-ts", 25.0, False),
        ("gif", 10.0, False),
        ("one-frame", 25.0, False),
        ("vfr", 17.391, True),
        ("vfr-mkv", 17.391, True),
        ("cut-mp4", 25.0, False),
        ("edit-list", 25.0, False),
        ("vp9", 25.0, False),
    ],
)
async def test_the_rate_is_exact(metadata: Extract, name: str, fps: float, varies: bool) -> None:
    found, _ = await metadata(name)
    assert (found.fps, found.variable_rate) == (fps, varies)


@pytest.mark.parametrize(
    "name", ["plain", "full-range", "mjpeg", "vp9", "gif", "rotated-90", "anamorphic", "odd-h264"]
)
async def test_colour_is_that_of_the_frames(corpus: Corpus, metadata: Extract, name: str) -> None:
    found, _ = await metadata(name)
    shown = frames(corpus.path(name), 160, 120).reshape(-1, 3).mean(axis=0)
    told = [found.average_color[channel] for channel in "rgb"]
    assert np.abs(shown - told).max() < 6


async def test_a_cut_file_says_so(metadata: Extract) -> None:
    for name in ("cut-mp4", "cut-mkv"):
        found, _ = await metadata(name)
        assert [warning.partition(":")[0] for warning in found.warnings] == ["The file ends early"]
        assert found.duration < 1.2
    assert (await metadata("plain"))[0].warnings == []


async def test_the_rest_is_as_displayed(corpus: Corpus, metadata: Extract) -> None:
    rotated, _ = await metadata("rotated-90")
    assert (rotated.width, rotated.height, rotated.rotation) == (120, 160, 90)
    assert (await metadata("hdr10"))[0].hdr
    assert (await metadata("interlaced"))[0].interlaced
    plain, _ = await metadata("plain")
    assert (plain.duration, plain.key_frames, plain.size) == (1.0, 3, corpus.path("plain").stat().st_size)
    assert plain.bit_rate > 0


async def test_sound_alone_has_no_metadata_of_a_video(metadata: Extract) -> None:
    with pytest.raises(MediaError, match="There is no video in this file, only sound"):
        await metadata("audio-only")
