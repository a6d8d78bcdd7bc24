"""The cutter in this process: what it refuses, what its check notices, and the less usual sources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from libs.contracts.errors import InvalidInputError, MediaError
from libs.contracts.graph import Filter, FilterStep
from libs.media.cut import make as making
from libs.media.cut.check import WrongError, check
from libs.media.cut.engine import execute
from libs.media.cut.planned import Planned
from libs.media.cut.request import CutOutcome, CutRequest
from tests.media.corpus import Corpus
from tests.media.cut.sync import lag
from tests.media.cut.truth import Piece, Stage
from tests.media.recipes import ffmpeg

pytestmark = pytest.mark.anyio


async def cut(stage: Stage, pieces: list[Piece], destination: Path, **changes: object) -> CutOutcome:
    graph = await stage.graph(pieces, destination.suffix[1:], **changes)
    inputs = {(await stage.source(piece.name)).object.sha256: str(stage.path(piece.name)) for piece in pieces}
    request = CutRequest(graph=graph, inputs=inputs, destination=str(destination), threads=1)
    progress: list[float] = []
    outcome = execute(request, progress.append)
    assert progress == sorted(progress)
    assert destination.exists() == (outcome.method is not None)
    return outcome


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("interlaced", "interlaced"),
        ("interlaced-mpeg2", "mpeg2video video can be cut at its key frames only"),
        ("vp8", "when each picture is shown"),
        ("headless-ts", "when each picture is shown"),
    ],
)
async def test_what_is_refused_is_said(
    stage: Stage, corpus: Corpus, tmp_path: Path, name: str, why: str
) -> None:
    stage.add(name, corpus.path(name))
    outcome = await cut(stage, [Piece(name, 0.3, 0.8)], tmp_path / "cut.mkv")
    assert outcome.method is None
    assert why in outcome.reason


async def test_videos_of_different_kinds_are_refused(stage: Stage, corpus: Corpus, tmp_path: Path) -> None:
    for name in ("plain", "rotated-90", "anamorphic"):
        stage.add(name, corpus.path(name))
    for other in ("rotated-90", "anamorphic", "hevc"):
        outcome = await cut(stage, [Piece("plain"), Piece(other)], tmp_path / "cut.mp4")
        assert "different kinds" in outcome.reason


async def test_more_than_cutting_is_refused(stage: Stage, tmp_path: Path) -> None:
    node = Filter(input=await stage.source("closed"), steps=[FilterStep(name="hflip")])
    outcome = await cut(stage, [Piece("closed")], tmp_path / "cut.mp4", input=node)
    assert (outcome.method, "more is done" in outcome.reason) == (None, True)


async def test_a_part_without_a_frame_is_an_error(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        await cut(stage, [Piece("closed", 1.005, 1.03)], tmp_path / "cut.mp4")


async def test_a_source_that_was_not_given_is_an_error(stage: Stage, tmp_path: Path) -> None:
    graph = await stage.graph([Piece("closed")])
    with pytest.raises(InvalidInputError):
        execute(CutRequest(graph=graph, inputs={}, destination=str(tmp_path / "x.mp4")), lambda _: None)


async def test_a_result_can_be_cut_again(stage: Stage, tmp_path: Path) -> None:
    """It has parameter sets of two origins, with different ids."""
    again = tmp_path / "again.mp4"
    assert (await cut(stage, [Piece("closed", 0.5, 4.5)], again)).method == "smart"
    stage.add("again", again)
    seen = await stage.see(Piece("again", 0.3, 3.3), Piece("closed", 0.2, 2.9))
    assert seen.method == "smart", seen.outcome.reason


async def test_a_cover_is_no_video(stage: Stage, corpus: Corpus, tmp_path: Path) -> None:
    stage.add("cover", corpus.path("cover"))
    outcome = await cut(stage, [Piece("cover", 0.3, 0.8)], tmp_path / "cut.mp4")
    assert outcome.copied_packets + outcome.encoded_frames == 12


async def test_a_part_without_sound_gets_silence(stage: Stage, corpus: Corpus, tmp_path: Path) -> None:
    """An empty track would be worse."""
    stage.add("late-video", corpus.path("late-video"))
    outcome = await cut(stage, [Piece("late-video", 0.8, 1.0)], tmp_path / "cut.mp4")
    assert outcome.method == "smart", outcome.reason
    film = stage.look(tmp_path / "cut.mp4")
    assert abs(film.tracks[0].end - 0.2) < 0.03


WRONGS: dict[str, Callable[[Path, Path], object]] = {
    "a picture less": lambda path, out: ffmpeg("-i", str(path), "-c", "copy", "-frames:v", "60", str(out)),
    "sound late": lambda path, out: ffmpeg(
        *["-i", str(path), "-itsoffset", "0.05", "-i", str(path)],
        *["-map", "0:v", "-map", "1:a", "-c", "copy", str(out)],
    ),
    "no sound": lambda path, out: ffmpeg("-i", str(path), "-c", "copy", "-an", str(out)),
    "other packets": lambda path, out: ffmpeg("-i", str(path), "-c:a", "copy", "-c:v", "libx264", str(out)),
    "other times": lambda path, out: ffmpeg(
        "-i", str(path), "-c", "copy", "-bsf:v", "setts=pts=PTS*1.01", str(out)
    ),
    "cut off": lambda path, out: out.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
}


@pytest.mark.parametrize("wrong", WRONGS)
async def test_wrong_results_are_noticed(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    kept: list[Planned] = []

    def keep(path: Path, planned: Planned, threads: int = 0) -> None:
        kept.append(planned)
        check(path, planned, threads)

    monkeypatch.setattr(making, "check", keep)
    good, bad = tmp_path / "good.mp4", tmp_path / "bad.mp4"
    assert (await cut(stage, [Piece("closed", 0.5, 3.3)], good)).method == "smart"
    WRONGS[wrong](good, bad)
    with pytest.raises(WrongError):
        check(bad, kept[0])


async def test_a_wrong_result_is_not_left(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(path: Path, planned: Planned, threads: int = 0) -> None:
        raise WrongError("what was written of it is not right")

    monkeypatch.setattr(making, "check", wrong)
    outcome = await cut(stage, [Piece("closed", 0.5, 3.3)], tmp_path / "cut.mp4")
    assert "not right" in outcome.reason


async def test_edges_that_are_coded_badly_are_noticed(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.media.cut.encode.CRF", {"h264": "51"})
    outcome = await cut(stage, [Piece("closed", 0.5, 3.3)], tmp_path / "cut.mp4")
    assert "pictures" in outcome.reason


async def test_a_damaged_source_is_left_to_ffmpeg(stage: Stage, tmp_path: Path) -> None:
    data = bytearray(stage.path("long-gop").read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 3
    data[middle : middle + 3000] = b"\xff" * 3000
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    stage.add("broken", broken)
    outcome = await cut(stage, [Piece("broken", 1.0, 4.0)], tmp_path / "cut.mp4")
    assert outcome.method is None
    assert outcome.reason


@pytest.mark.parametrize("muxer", ["mp4", "mkv", "ts"])
async def test_sound_that_has_to_be_coded_keeps_its_place(stage: Stage, tmp_path: Path, muxer: str) -> None:
    """FLAC has packets that are too long to be cut between them."""
    flac = tmp_path / "flac.mkv"
    ffmpeg("-i", str(stage.path("closed")), "-c:v", "copy", "-c:a", "flac", str(flac))
    stage.add("flac", flac)
    path = tmp_path / f"cut.{muxer}"
    outcome = await cut(stage, [Piece("flac", 0.7, 2.2), Piece("flac", 1.1, 1.9)], path)
    assert outcome.method == "smart", outcome.reason
    film = stage.look(path)
    for at, where in ((0.05, 0.77), (1.3, 2.02), (1.6, 1.24)):
        late = lag(film, at, stage.film("flac"), where, 0)
        assert late is not None
        assert abs(late) < 0.002
