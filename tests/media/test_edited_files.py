"""Edits that are really encoded: what comes out is what was foretold, frame by frame."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from libs.contracts.editor import EncodeEdit
from libs.contracts.rpc import TryEncoding
from libs.media.command import compile as compile_graph
from libs.media.edit import Clip, concat, encode, facts, render, stored, trim
from libs.media.passes.resolve import resolve
from libs.media.runner import run_ffmpeg
from libs.media.tools import Tools
from libs.media.trial import try_encoding
from tests.media.corpus import Corpus
from tests.media.rendering import Film, film

pytestmark = pytest.mark.anyio
ROUNDED = Fraction(11, 10_000)
"""Seconds: a millisecond container rounds, and so does the comparison."""
VARIABLE = {"vfr"}


def as_clip(source: Film) -> Clip:
    return stored(source.source().object, source.info, source.path.name)


async def written(clip: Clip, source: Film, folder: Path, tools: Tools) -> Film:
    """`clip`, made of `source` alone, encoded without any cutter."""
    graph = resolve(render(clip), lambda _: source)
    destination = folder / f"edited.{graph.extension}"
    argv = compile_graph(graph, {source.path.name: source.path}, destination)
    finished = await run_ffmpeg(tools, argv, cwd=folder, time_limit=60)
    assert not finished.damaged, finished.stderr
    return await film(destination, tools)


def same_times(found: list[Fraction], wanted: list[Fraction]) -> bool:
    return len(found) == len(wanted) and all(
        abs(a - b) <= ROUNDED for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize(
    "name",
    [
        "plain", "rotated-90", "vfr", "ntsc-mkv", "odd-h264", "odd-ffv1", "hdr10",
        "interlaced", "interlaced-mpeg2", "pcm", "surround-mkv", "vp9", "vp8", "packed",
        "mjpeg", "flv", "wmv", "3gp", "ogg", "anamorphic", "full-range",
    ],
)  # fmt: skip
async def test_what_cannot_be_copied_stays_what_it_was(
    corpus: Corpus, tools: Tools, tmp_path: Path, name: str
) -> None:
    source = await film(corpus.path(name), tools)
    clip = trim(as_clip(source), 0.2, 0.8)
    result = await written(clip, source, tmp_path, tools)
    first, last = source.at_or_after(Fraction(1, 5)), source.at_or_after(Fraction(4, 5))
    assert same_times(result.times, [time - first for time in source.times if first <= time < last])
    before, after = source.info.video, result.info.video
    assert before is not None
    assert after is not None
    if name not in VARIABLE:
        assert facts(result.info) == facts(clip.info)
        assert after.nominal_rate == before.nominal_rate
    assert result.path.suffix == source.path.suffix
    assert [each.codec for each in result.info.audio] == [each.codec for each in source.info.audio]
    assert [each.channels for each in result.info.audio] == [each.channels for each in source.info.audio]
    for kept in (
        "pixel_format",
        "bit_depth",
        "interlaced",
        "variable_rate",
        "sample_aspect",
        "color_transfer",
    ):
        assert getattr(after, kept) == getattr(before, kept), kept


@pytest.mark.parametrize(
    ("name", "video", "audio", "size", "rate", "extension"),
    [
        ("plain", "libx264", "aac", (320, 240), 30, "mp4"),
        ("rotated-90", "hevc", "mp3", (128, 128), 24, "mp4"),
        ("hdr10", "av1", "opus", (256, 144), 25, "mp4"),
        ("interlaced", "mpeg2video", "mp2", (352, 288), 25, "mkv"),
        ("surround-mkv", "mpeg4", "mp3", (176, 144), 15, "mkv"),
        ("anamorphic", "vp9", "libopus", (320, 180), 60, "mp4"),
        ("full-range", "mjpeg", "ac3", (160, 120), 10, "mp4"),
        ("no-audio", "wmv2", "wmav2", (176, 144), 25, "mkv"),
        ("mjpeg", "libtheora", "vorbis", (160, 120), 12, "avi"),
        ("gif", "prores", "aac", (160, 120), 25, "mkv"),
    ],
)
async def test_an_encode_is_what_was_asked_for(  # noqa: PLR0917 (pytest calls it by keyword)
    corpus: Corpus, tools: Tools, tmp_path: Path, name: str, video: str, audio: str,
    size: tuple[int, int], rate: int, extension: str,
) -> None:  # fmt: skip
    source = await film(corpus.path(name), tools)
    before = trim(as_clip(source), 0.2, 0.8)
    sound, (width, height) = audio if before.info.audio else None, size
    request = TryEncoding(
        video_codec=video, audio_codec=sound, width=width, height=height, frame_rate=rate,
        container=before.extension,
    )  # fmt: skip
    trial = await try_encoding(tools, request, scratch=tmp_path)
    edit = EncodeEdit(
        video_id=1, video_codec=video, audio_codec=audio, width=width, height=height, frame_rate=rate
    )
    clip = encode(before, edit, trial)
    result = await written(clip, source, tmp_path, tools)
    assert facts(result.info) == facts(clip.info)
    assert facts(result.info).resolution == f"{width}:{height}"
    assert result.path.suffix == f".{extension}"
    assert clip.info.duration is not None
    count = round(clip.info.duration * rate)
    assert same_times(result.times, [Fraction(number, rate) for number in range(count)])
    shown, foretold = result.info.video, clip.info.video
    assert shown is not None
    assert foretold is not None
    assert (shown.pixel_format or "") == (foretold.pixel_format or shown.pixel_format)
    assert not shown.interlaced


async def test_parts_of_one_encode_join(corpus: Corpus, tools: Tools, tmp_path: Path) -> None:
    """An encode, trims of it, and their concat are one generation."""
    source = await film(corpus.path("plain"), tools)
    request = TryEncoding(
        video_codec="hevc", audio_codec="mp3", width=96, height=64, frame_rate=50, container="mp4"
    )
    trial = await try_encoding(tools, request, scratch=tmp_path)
    edit = EncodeEdit(video_id=1, video_codec="hevc", audio_codec="mp3", width=96, height=64, frame_rate=50)
    clip = encode(as_clip(source), edit, trial)
    joined = concat([trim(clip, 0.5, 0.7), trim(clip, 0.1, 0.2)])
    result = await written(joined, source, tmp_path, tools)
    assert facts(result.info) == facts(joined.info)
    assert same_times(result.times, [Fraction(number, 50) for number in range(15)])
