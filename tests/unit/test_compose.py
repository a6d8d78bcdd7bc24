"""The rules of movies: who speaks, when scenes are on, where pictures are."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.errors import MediaError
from libs.contracts.graph import AudioMix, Canvas, Concat, Loop, Overlay, Source, Subtitles
from libs.contracts.media import MediaInfo, ObjectRef, StoredMedia, SubtitleStream
from libs.contracts.movie import DEFAULT_LENGTH, Element, Movie, Scene
from libs.media.compose.cast import Captioned, by_scene, captioned, check, roles, voices
from libs.media.compose.graph import movie_graph
from libs.media.compose.layers import Place, corner, layer_steps, place, visible
from libs.media.compose.timing import spans
from libs.media.orientation import turned
from libs.media.walk import sources
from tests.unit.samples import SHA, info, video

FILE = ObjectRef(key="a", size=10, sha256=SHA)
FILM = StoredMedia(object=FILE, info=info())
VOICE = StoredMedia(object=FILE, info=info(video=None))
PHOTO = StoredMedia(object=FILE, info=MediaInfo(formats=["png_pipe"], size=10, picture=video(codec="png")))


def element(kind: str, source: StoredMedia | None = None, **changes: Any) -> Element:
    return Element(kind=kind, path=f"{kind}[0]", source=source, **changes)


def movie(*scenes: Scene, **changes: Any) -> Movie:
    return Movie(**{"scenes": list(scenes), "width": 320, "height": 180, "rate": 25, **changes})


def media(of: Movie) -> dict[int, StoredMedia]:
    return {role.number: role.element.source for role in roles(of) if role.element.source}


# --- who speaks ------------------------------------------------------------------------------------


def test_audio_speaks_and_videos_only_without_any() -> None:
    film, voice = element("video", FILM), element("audio", VOICE)
    mute = element("audio", VOICE, volume=0.0)
    both = movie(Scene(elements=[film, voice]), Scene(elements=[film]), Scene(elements=[mute, film]), Scene())
    assert [[each.number for each in voices(by_scene(both)[scene])] for scene in range(4)] == [
        [1],
        [2],
        [4],
        [],
    ]


SAID, GIVEN = element("subtitles"), element("subtitles", FILM)
SPEAKS, SILENT = element("audio", VOICE), element("image", PHOTO)


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (movie(Scene(elements=[SPEAKS])), []),
        (movie(Scene(elements=[SPEAKS]), Scene(elements=[SILENT]), elements=[SAID]), [("0", [0])]),
        (movie(Scene(elements=[SILENT]), Scene(), elements=[SAID, SPEAKS]), [("whole 0 1", [2])]),
        (movie(Scene(elements=[SPEAKS]), elements=[SAID, SPEAKS]), [("0", [0])]),
        (movie(Scene(elements=[SPEAKS]), Scene(), elements=[GIVEN]), [("whole 0 1", [])]),
        (
            movie(Scene(elements=[SPEAKS, GIVEN]), Scene(elements=[SPEAKS]), elements=[SAID]),
            [("0", []), ("1", [2])],
        ),
        (movie(Scene(elements=[SPEAKS, SAID]), Scene(elements=[SPEAKS])), [("0", [0])]),
        (movie(Scene(elements=[SILENT, SAID])), []),
        (
            movie(Scene(), Scene(), Scene(elements=[SPEAKS, SAID]), Scene(), elements=[GIVEN]),
            [("whole 0 1", []), ("whole 3", []), ("2", [0])],
        ),
        (movie(Scene(elements=[SPEAKS, GIVEN]), elements=[GIVEN]), [("0", [])]),
    ],
)  # fmt: skip
def test_where_captions_are(made: Movie, found: list[tuple[str, list[int]]]) -> None:
    assert described(captioned(made)) == found


def test_who_says_nothing_is_not_listened_to() -> None:
    made = movie(Scene(elements=[SPEAKS]), Scene(elements=[SPEAKS]), elements=[SAID, SPEAKS])
    assert described(captioned(made, {0})) == [("1", [1])]
    assert described(captioned(made, {0, 1})) == [("whole 0 1", [3])]
    assert described(captioned(made, {0, 1, 3})) == []


def described(found: list[Captioned]) -> list[tuple[str, list[int]]]:
    """Where and of whom."""
    where = [["whole"] * each.whole + [str(scene) for scene in each.scenes] for each in found]
    who = [[speaker.number for speaker in each.speakers] for each in found]
    return [(" ".join(scenes), speakers) for scenes, speakers in zip(where, who, strict=True)]


@pytest.mark.parametrize(("kind", "medium"), [("video", VOICE), ("image", VOICE), ("audio", PHOTO)])
def test_what_is_of_no_use_is_named(kind: str, medium: StoredMedia) -> None:
    made = movie(Scene(elements=[element(kind, medium)]))
    with pytest.raises(MediaError, match=rf"^{kind}\[0\]: There is n"):
        check(roles(made)[0], medium)
    with pytest.raises(MediaError, match=rf"^{kind}\[0\]: "):
        movie_graph(made, media(made), {})


# --- when ------------------------------------------------------------------------------------------


def test_scenes_last_as_long_as_their_sound_or_their_video_or_what_is_said() -> None:
    film, voice = element("video", FILM), element("audio", VOICE)
    made = movie(
        Scene(elements=[film, voice, voice], duration=9.0),
        Scene(elements=[film], duration=9.0),
        Scene(elements=[SILENT], duration=0.4),
        Scene(),
    )
    found = spans(made, media(made), {1: 0.8, 2: 1.2})
    assert [each.length for each in found] == [1.2, 2.0, pytest.approx(0.4), DEFAULT_LENGTH]


@given(
    lengths=st.lists(st.floats(0.001, 20), min_size=1, max_size=40),
    rate=st.sampled_from([1, 10, 24, 25, 30, 60]),
)
def test_scenes_begin_on_frames_and_never_drift(lengths: list[float], rate: int) -> None:
    made = movie(*[Scene(duration=length) for length in lengths], rate=rate)
    found, end, short = spans(made, {}, {}), 0.0, 0
    for span, length in zip(found, lengths, strict=True):
        short += length < 1 / rate
        assert span.start == pytest.approx(end, abs=1e-6)
        assert span.start * rate == pytest.approx(round(span.start * rate), abs=1e-6)
        assert round(span.length * rate) >= 1
        end = span.start + span.length
    if not short:
        assert -0.01 < end * rate - sum(lengths) * rate < 1.01


# --- where -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, Place(40, 0, 240, 180)),
        ({"x": 5}, Place(5, 0, 320, 240)),
        ({"y": -5}, Place(0, -5, 320, 240)),
        ({"width": 32}, Place(0, 0, 32, 24)),
        ({"height": 24, "x": 3}, Place(3, 0, 32, 24)),
        ({"width": 10, "height": 100}, Place(0, 0, 10, 100)),
        ({"width": 1}, Place(0, 0, 1, 1)),
    ],
)
def test_places(given: dict[str, Any], found: Place) -> None:
    assert place(element("image", **given), video(), movie()) == found


def test_what_is_visible() -> None:
    seen = [Place(-9, -9, 10, 10), Place(319, 179, 10, 10)]
    hidden = [Place(-10, 0, 10, 10), Place(0, -10, 10, 10), Place(320, 0, 10, 10), Place(0, 180, 10, 10)]
    assert all(visible(each, movie()) for each in seen)
    assert not any(visible(each, movie()) for each in hidden)


def test_odd_places_are_even_with_a_margin() -> None:
    assert corner(Place(-3, 5, 10, 10)) == (-4, 4)
    pad = [each for each in layer_steps(video(), Place(-3, 5, 10, 10)) if each.name == "pad"]
    assert [each.options for each in pad] == [{"w": 11, "h": 11, "x": 1, "y": 1, "color": "0x00000000"}]
    assert not any(each.name == "pad" for each in layer_steps(video(), Place(-2, 4, 11, 13)))


@pytest.mark.parametrize("orientation", [0, 1, 9, -6])
def test_what_is_upright_or_nonsense_is_left(orientation: int) -> None:
    assert turned(video(), orientation) == video()


def test_a_turned_photo_is_as_high_as_it_was_wide() -> None:
    photo = turned(video(), 5)
    assert (photo.rotation, photo.mirrored, photo.display_width, photo.display_height) == (
        270,
        True,
        240,
        320,
    )


# --- the graph -------------------------------------------------------------------------------------


def test_the_graph_of_a_movie() -> None:
    made = movie(
        Scene(elements=[element("image", PHOTO), element("audio", VOICE, volume=0.5)]),
        Scene(elements=[element("video", FILM, volume=0.0)]),
        elements=[element("image", PHOTO, x=0), element("audio", VOICE)],
    )
    graph = movie_graph(made, media(made), {1: 3.0}, FILE)
    mixed = graph.input
    assert isinstance(mixed, AudioMix)
    assert isinstance(mixed.input, Subtitles)
    logo = mixed.input.input
    assert isinstance(logo, Overlay)
    assert isinstance(logo.input, Concat)
    first, second = logo.input.inputs
    assert isinstance(first, AudioMix)
    assert [each.gain for each in first.sounds] == [pytest.approx(-6.0206, abs=1e-4)]
    assert isinstance(first.sounds[0].input, Source)
    assert isinstance(second, Overlay)  # nothing is heard of it
    assert isinstance(second.input, Canvas)
    assert second.input.length == 2.0


def test_the_sound_of_a_video_goes_on_with_it() -> None:
    made = movie(Scene(elements=[element("video", FILM), element("audio", VOICE)]))
    graph = movie_graph(made, media(made), {1: 7.0})
    assert isinstance(graph.input, AudioMix)
    film, voice = graph.input.sounds
    assert isinstance(film.input, Loop)
    assert film.input.length == 7.0
    assert isinstance(voice.input, Source)
    assert (film.gain, voice.gain) == (0.0, 0.0)


@pytest.mark.parametrize(("volume", "heard"), [(0.0, False), (0.0009, False), (0.002, True), (1.0, True)])
def test_gains(volume: float, heard: bool) -> None:
    made = movie(Scene(elements=[element("audio", VOICE, volume=volume)]))
    graph = movie_graph(made, media(made), {0: 1.0})
    assert isinstance(graph.input, AudioMix) is heard
    if isinstance(graph.input, AudioMix):
        assert graph.input.sounds[0].gain == pytest.approx(20 * math.log10(volume), abs=1e-3)


def test_a_movie_has_an_end() -> None:
    with pytest.raises(MediaError, match="at most 4 hours"):
        movie_graph(movie(*[Scene(duration=3600.0)] * 5), {}, {})


# --- bounds ----------------------------------------------------------------------------------------


def test_a_graph_holds_of_probes_what_it_needs_and_goes_into_a_message() -> None:
    tracks = [info().audio[0]] * 64
    subtitles = [SubtitleStream(index=65, codec="subrip", text=True, language="x" * 256)] * 64
    fat = StoredMedia(object=FILE, info=info(audio=tracks, subtitles=subtitles))
    scenes = [Scene(elements=[element("video", fat, width=16)] * 20) for _ in range(10)]
    made = movie(*scenes)
    graph = movie_graph(made, media(made), {})
    assert len(msgspec.json.encode(graph)) < 600_000
    assert {len(each.info.audio) for each in sources(graph.input)} == {0, 1}


@pytest.mark.parametrize(
    "made",
    [
        movie(*[Scene(duration=3600.0)] * 4, width=4096, height=4096, rate=60),
        movie(
            Scene(elements=[element("video", FILM, width=8192, height=8192)] * 20),
            Scene(duration=3600.0),
            elements=[element("video", FILM, width=8192, height=8192)] * 2,
        ),
    ],
)
def test_pixels_of_all_layers_have_a_bound(made: Movie) -> None:
    with pytest.raises(MediaError, match="too much to encode"):
        movie_graph(made, media(made), {})
    stills = movie(Scene(elements=[element("image", PHOTO, width=8192)] * 20, duration=3600.0))
    movie_graph(stills, media(stills), {})
