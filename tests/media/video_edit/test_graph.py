"""The graph of a VIDEO_EDIT, and what is told on the way to it."""

from __future__ import annotations

import pytest

from libs.contracts.errors import MediaError, TaskTimeoutError
from libs.contracts.graph import Filter, Fit, Focus, Loudness, Rate, Source
from libs.contracts.video_edit import Analysis, Wanted
from libs.media.graph import validate
from libs.media.tools import Tools
from libs.media.video_edit.analyse import analyse
from libs.media.video_edit.graph import kept, video_edit_graph
from tests.media.building import REF, audio, info, video
from tests.media.corpus import Corpus
from tests.media.video_edit.making import Edits

WANTED = Wanted(duration=5.0, width=1080, height=1920, lufs=-14.0, fit="crop")
FOUND = Analysis(start=2.0, focus=[Focus(start=0.0, x=0.25, y=0.5)])
HEARD = info(audio=[audio(1), audio(2, default=True)])


def test_what_is_wanted_and_found_is_in_the_graph() -> None:
    output = video_edit_graph(REF, HEARD, WANTED, FOUND)
    validate(output)
    loudness = output.input
    assert isinstance(loudness, Loudness)
    assert (loudness.target, loudness.true_peak, loudness.two_pass) == (-14.0, -1.0, True)
    finished = loudness.input
    assert isinstance(finished, Filter)
    fitted = finished.input
    assert isinstance(fitted, Fit)
    assert (fitted.width, fitted.height, fitted.mode, fitted.focus) == (1080, 1920, "crop", FOUND.focus)
    assert fitted.input == Rate(input=Source(object=REF, info=HEARD, start=2.0, end=7.0), rate="25")
    assert [(each.index, each.encoder) for each in output.audio] == [(2, "aac")]
    assert output.notes == ["1 further sound track could not be kept."]


def test_what_nobody_asked_for_is_not() -> None:
    plain = Wanted(duration=30.0, width=640, height=360)
    output = video_edit_graph(REF, info(), plain, Analysis(focus=FOUND.focus))
    validate(output)
    assert isinstance(output.input, Filter)
    fitted = output.input.input
    assert isinstance(fitted, Fit)
    assert (fitted.mode, fitted.focus) == ("pad", [])
    assert fitted.input == Rate(input=Source(object=REF, info=info()), rate="25")
    assert not output.audio


def test_colours_that_bars_would_be_wrong_in_are_mapped_before_the_fit() -> None:
    full = info(video=video(color_range="pc", pixel_format="yuvj420p"))
    output = video_edit_graph(REF, full, Wanted(duration=5.0, width=320, height=640), Analysis())
    assert isinstance(output.input, Fit)
    assert isinstance(output.input.input, Filter)


def test_the_shares_that_a_crop_keeps() -> None:
    assert list(kept(info(), WANTED)) == pytest.approx([81 / 256, 1.0])
    assert list(kept(info(), Wanted(duration=5.0, width=640, height=180))) == pytest.approx([1.0, 0.5])


@pytest.mark.anyio
async def test_an_analysis_tells_how_far_it_is(corpus: Corpus, edits: Edits) -> None:
    path, told = corpus.path("plain"), list[float]()
    wanted = Wanted(duration=0.5, width=64, height=128, lufs=-14.0, fit="crop", selection="highlight")
    source = await edits.info(path)
    await analyse(edits.tools, path, source, wanted, cwd=edits.folder, time_limit=60, on_progress=told.append)
    assert told == sorted(told)
    assert told[0] < 0.5
    assert told[-1] == 1.0
    assert list(edits.folder.iterdir()) == []


@pytest.mark.anyio
async def test_an_analysis_has_its_limits(corpus: Corpus, tools: Tools, edits: Edits) -> None:
    path = corpus.path("plain")
    with pytest.raises(TaskTimeoutError):
        await analyse(tools, path, await edits.info(path), WANTED, cwd=edits.folder, time_limit=0.01)
    sound = corpus.path("audio-only")
    with pytest.raises(MediaError):
        await analyse(tools, sound, await edits.info(sound), WANTED, cwd=edits.folder, time_limit=60)
