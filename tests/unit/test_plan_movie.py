"""The plan of a movie, step by step."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.contracts.captions import CaptionStyle
from libs.contracts.errors import InternalError, InvalidInputError, MediaError
from libs.contracts.jobs import ComposeSpec
from libs.contracts.media import StoredMedia
from libs.contracts.movie import Element, Movie, Scene
from libs.contracts.tasks import (
    CaptionResult,
    CaptionTask,
    FetchResult,
    FetchTask,
    ListenResult,
    ListenTask,
    RecogniseResult,
    RecogniseTask,
    RenderTask,
    TaskResult,
)
from libs.media.compose import cast
from libs.media.walk import nodes
from services.jobs.movies.plan import continued_movie, plan_movie
from services.jobs.plans import PlannedTask
from tests.unit.samples import asset, info, video
from tests.unit.test_compose import FILE, FILM, VOICE

JOB = UUID(int=7)
HEARD = FetchResult(asset=asset(3, info=info(video=None)))
SEEN = FetchResult(asset=asset(4))
SAID = RecogniseResult(artifact=FILE, language="de", words=3)
WRITTEN = CaptionResult(artifact=FILE, subrip=FILE, webvtt=FILE, transcript=FILE, language="de", words=3)


def element(kind: str, source: StoredMedia | str | None = None, **changes: Any) -> Element:
    url = source if isinstance(source, str) else None
    stored = source if isinstance(source, StoredMedia) else None
    return Element(kind=kind, path=f"scenes[0].{kind}", url=url, source=stored, **changes)


def spec(*elements: Element, whole: tuple[Element, ...] = (), **changes: Any) -> ComposeSpec:
    scenes = [Scene(elements=list(elements), duration=1.0)]
    return ComposeSpec(
        movie=Movie(scenes=scenes, elements=list(whole), width=320, height=180, **changes),
        speech_model="tiny",
    )


def plan(of: ComposeSpec) -> list[PlannedTask]:
    return plan_movie(of, "alice", JOB)


def shape(tasks: list[PlannedTask]) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(task.name, tuple(task.needs), task.spec is not None) for task in tasks]


VOICE_URL, FILM_URL = "https://example.com/a.mp3", "https://example.com/a.mp4"
REMOTE = spec(element("audio", VOICE_URL), element("video", FILM_URL), element("subtitles", language="de"))


def test_a_colour_is_rendered_at_once() -> None:
    (main,) = plan(spec())
    assert isinstance(main.spec, RenderTask)
    assert main.spec.file_name == "video.mp4"


def test_stored_pictures_need_nothing_before() -> None:
    assert shape(plan(spec(element("video", FILM)))) == [("main", (), True)]


def test_what_is_elsewhere_is_fetched_listened_to_recognised_and_captioned() -> None:
    tasks = plan(REMOTE)
    assert shape(tasks) == [
        ("fetch.0", (), True),
        ("fetch.1", (), True),
        ("listen.0", ("fetch.0",), False),
        ("recognise.0", ("fetch.0",), False),
        ("captions", ("fetch.0", "fetch.1", "listen.0", "recognise.0"), False),
        ("main", ("fetch.0", "fetch.1", "listen.0", "recognise.0", "captions"), False),
    ]
    assert tasks[0].spec == FetchTask(
        url=VOICE_URL, owner="alice", job_id=JOB, kind="audio", label="scenes[0].audio", plain=True
    )


def test_equal_urls_are_fetched_once_unless_they_are_for_something_else() -> None:
    again = spec(
        element("audio", VOICE_URL), element("audio", VOICE_URL), element("image", FILM_URL),
        element("video", FILM_URL),
    )  # fmt: skip
    assert [task.name for task in plan(again)] == [
        "fetch.0", "fetch.2", "fetch.3", "listen.0", "listen.1", "main",
    ]  # fmt: skip
    assert tuple(plan(again)[4].needs) == ("fetch.0",)
    assert isinstance(continued_movie(again, "listen.1", {"fetch.0": HEARD}), ListenTask)


def test_music_under_all_scenes_is_not_listened_to() -> None:
    assert shape(plan(spec(whole=(element("audio", VOICE),)))) == [("main", (), True)]


@pytest.mark.parametrize(
    "wrong", [element("image"), msgspec.structs.replace(element("audio", VOICE), url=VOICE_URL)]
)
def test_an_element_has_one_source(wrong: Element) -> None:
    with pytest.raises(InvalidInputError, match=r"scenes\[0\].*source"):
        plan(spec(wrong))


@pytest.mark.parametrize("wrong", [element("video", VOICE), element("image", VOICE)])
def test_a_stored_medium_of_no_use_is_named_at_once(wrong: Element) -> None:
    with pytest.raises(MediaError, match=r"scenes\[0\]"):
        plan(spec(wrong))


# --- what comes of what is done -------------------------------------------------------------------

DONE: dict[str, TaskResult] = {
    "fetch.0": HEARD, "fetch.1": SEEN, "listen.0": ListenResult(duration=2.48), "recognise.0": SAID,
}  # fmt: skip


def test_what_was_fetched_is_listened_to_and_recognised() -> None:
    listen = continued_movie(REMOTE, "listen.0", DONE)
    assert listen == ListenTask(source=HEARD.asset.object, info=info(video=None))
    recognise = continued_movie(REMOTE, "recognise.0", DONE)
    assert recognise == RecogniseTask(
        source=HEARD.asset.object, info=info(video=None), model="tiny", language="de"
    )


def test_captions_are_where_it_is_said() -> None:
    task = continued_movie(REMOTE, "captions", DONE)
    assert isinstance(task, CaptionTask)
    (section,) = task.sections
    assert (section.start, section.length) == (0.0, 2.5)
    assert (section.transcript, section.file, section.language) == (FILE, None, "de")
    assert section.style == CaptionStyle()


MUTE = StoredMedia(object=FILE, info=info(audio=[]))


def test_a_silent_video_is_not_listened_to_and_what_is_said_over_it_is() -> None:
    over = spec(element("video", MUTE), whole=(element("audio", VOICE), element("subtitles")))
    assert [task.name for task in plan(over)] == ["recognise.1", "captions", "main"]
    alone = spec(element("video", MUTE), whole=(element("subtitles"),))
    assert [task.name for task in plan(alone)] == ["main"]


@pytest.mark.parametrize(("words", "captioned"), [(0, "b"), (3, "a")])
def test_what_is_said_over_videos_counts_if_nobody_speaks_in_them(words: int, captioned: str) -> None:
    over = spec(element("video", FILM), whole=(element("audio", VOICE), element("subtitles")))
    assert [task.name for task in plan(over)] == ["recognise.0", "recognise.1", "captions", "main"]
    seen = RecogniseResult(artifact=msgspec.structs.replace(FILE, key="a"), language="en", words=words)
    under = RecogniseResult(artifact=msgspec.structs.replace(FILE, key="b"), language="en", words=5)
    task = continued_movie(over, "captions", {"recognise.0": seen, "recognise.1": under})
    assert isinstance(task, CaptionTask)
    assert [each.transcript.key for each in task.sections if each.transcript] == [captioned]


def test_a_movie_of_many_scenes_is_not_looked_through_for_each_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It took seconds of the service's only thread."""
    looked: list[Movie] = []

    def counted(movie: Movie) -> list[cast.Role]:
        looked.append(movie)
        return roles(movie)

    roles = cast.roles
    monkeypatch.setattr(cast, "roles", counted)
    scenes = [Scene(elements=[element("audio", VOICE)]) for _ in range(100)]
    movie = Movie(scenes=scenes, elements=[element("subtitles")], width=320, height=180)
    assert len(plan(ComposeSpec(movie=movie, speech_model="tiny"))) == 202
    assert len(looked) < 10


def test_what_is_said_in_a_video_is_said_again_when_it_begins_again() -> None:
    long = msgspec.structs.replace(FILM, info=info(video=video(duration=9.0), duration=9.0))
    both = spec(element("video", FILM), element("video", long), element("subtitles"))
    task = continued_movie(both, "captions", {"recognise.0": SAID, "recognise.1": SAID})
    assert isinstance(task, CaptionTask)
    assert [(each.length, each.turn) for each in task.sections] == [(9.0, 2.0), (9.0, None)]


def test_a_file_for_the_whole_movie_leaves_out_scenes_with_subtitles_of_their_own() -> None:
    file = element("subtitles", FILM)
    scenes = [Scene(duration=1.0), Scene(elements=[file], duration=2.0), Scene(duration=3.0)]
    movie = Movie(scenes=scenes, elements=[file], width=320, height=180)
    task = continued_movie(ComposeSpec(movie=movie, speech_model="tiny"), "captions", {})
    assert isinstance(task, CaptionTask)
    found = [(each.start, each.length, each.skip) for each in task.sections]
    assert found == [(0.0, 1.0, 0.0), (3.0, 3.0, 3.0), (1.0, 2.0, 0.0)]


def test_how_a_language_is_written_is_for_fonts_alone() -> None:
    """The same is heard, by the same fingerprint; what is asked for wins over what was recognised."""

    def movie(language: str) -> ComposeSpec:
        return spec(element("audio", VOICE), element("subtitles", language=language))

    prints = {task.name: task.fingerprint for task in plan(movie("zh")) if task.fingerprint}
    taiwan = plan(movie("zh-Hant-TW"))
    assert {task.name: task.fingerprint for task in taiwan if task.fingerprint} == prints
    (recognise,) = [task.spec for task in taiwan if isinstance(task.spec, RecogniseTask)]
    assert recognise.language == "zh"
    heard = msgspec.structs.replace(SAID, language="zh")
    done: dict[str, TaskResult] = {"listen.0": ListenResult(duration=2.48), "recognise.0": heard}
    for language, written in (("zh-Hant-TW", "zh-Hant-TW"), (None, "zh")):
        of = spec(element("audio", VOICE), element("subtitles", language=language))
        task = continued_movie(of, "captions", done)
        assert isinstance(task, CaptionTask)
        assert [section.language for section in task.sections] == [written]


@pytest.mark.parametrize("words", [3, 0])
def test_captions_are_drawn_if_there_are_any(words: int) -> None:
    captions = msgspec.structs.replace(WRITTEN, words=words)
    task = continued_movie(REMOTE, "main", {**DONE, "captions": captions})
    assert isinstance(task, RenderTask)
    kinds = [type(node).__name__ for node in nodes(task.graph.input)]
    assert ("Subtitles" in kinds) is bool(words)


def test_a_fetched_medium_of_no_use_is_named() -> None:
    with pytest.raises(MediaError, match=r"scenes\[0\].video"):
        continued_movie(REMOTE, "main", {**DONE, "fetch.1": HEARD, "captions": WRITTEN})


@pytest.mark.parametrize("name", ["other", "other.1"])
def test_what_nobody_knows_is_a_defect(name: str) -> None:
    with pytest.raises(InternalError):
        continued_movie(REMOTE, name, DONE)


def test_equal_movies_are_one_and_others_are_not() -> None:
    first, again = plan(spec(element("video", FILM))), plan(spec(element("video", FILM)))
    assert first[0].fingerprint == again[0].fingerprint
    for changed in (spec(element("video", FILM, volume=0.5)), spec(element("video", FILM), quality="low")):
        assert plan(changed)[0].fingerprint != first[0].fingerprint
