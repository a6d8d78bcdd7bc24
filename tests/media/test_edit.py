"""The algebra of the editor's videos, without running anything."""

from __future__ import annotations

import sys
from fractions import Fraction
from subprocess import run
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.errors import InvalidInputError, MediaError
from libs.contracts.graph import Canvas, Concat, Filter, Fit, Node, Rate, Source, Trim
from libs.media.checks import MAX_SOURCES
from libs.media.edit import Facts, concat, encode, facts, render, trim
from libs.media.walk import sources
from tests.media.building import audio, info, video
from tests.media.clips import OTHER, asked, clip, graph, length, tried

# --- stored ---------------------------------------------------------------------------------------


def test_a_stored_video_is_itself() -> None:
    made = clip("./storage/origin/a_1.mov")
    assert isinstance(made.node, Source)
    assert (made.extension, made.encoding) == ("mov", None)
    assert facts(made.info) == Facts("h264", "aac", "640:360", 25)


def test_sound_alone_cannot_be_edited() -> None:
    with pytest.raises(MediaError, match="no video"):
        clip(video=None)


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"display_width": 360, "display_height": 640, "rotation": 90}, ("360:640", 25)),
        ({"frame_rate": "30000/1001"}, ("640:360", 30)),
        ({"frame_rate": "24000/1001"}, ("640:360", 24)),
    ],
)
def test_facts_are_of_what_is_displayed(changes: dict[str, Any], shown: tuple[str, int]) -> None:
    found = facts(info(video=video(**changes)))
    assert (found.resolution, found.frame_rate, found.audio) == (*shown, None)


# --- trim -----------------------------------------------------------------------------------------


def test_a_trim_keeps_packets_and_knows_its_length() -> None:
    made = trim(clip(), 1.0, 3.5)
    assert made.node == Trim(input=clip().node, start=1.0, end=3.5)
    assert length(made) == pytest.approx(2.52)  # from frame 25 up to frame 88
    assert graph(made).keep
    assert facts(made.info) == facts(clip().info)


def test_an_end_past_the_end_is_the_end() -> None:
    assert length(trim(clip(), 4.0, 99.0)) == pytest.approx(6.0)
    assert length(trim(trim(clip(), 4.0, 99.0), 5.0, 99.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("start", [10.0, 10.5, 1e9])
def test_a_start_past_the_end_is_refused(start: float) -> None:
    with pytest.raises(InvalidInputError, match=r"is past the end of the video, which lasts 10 s"):
        trim(clip(), start, start + 1)
    with pytest.raises(InvalidInputError, match=r"is past the end of the video, which lasts 2 s"):
        trim(trim(clip(), 3.0, 5.0), start, start + 1)


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (0.0, float("nan"))])
def test_nonsense_is_refused(start: float, end: float) -> None:
    with pytest.raises(InvalidInputError, match="must not be negative"):
        trim(clip(), start, end)


@pytest.mark.parametrize(("start", "end"), [(0.0501, 0.0502), (9.98, 11.0)])
def test_a_trim_between_two_frames_is_refused(start: float, end: float) -> None:
    with pytest.raises(InvalidInputError, match="There is no frame of the video between"):
        trim(clip(), start, end)


def test_a_trim_of_one_frame_is_fine() -> None:
    assert length(trim(clip(), 0.04, 0.08)) == pytest.approx(0.04)
    assert length(trim(clip(), 9.96, 10.0)) == pytest.approx(0.04)
    assert length(trim(clip(), 0.0, 0.001)) == pytest.approx(0.04)


def test_a_video_of_unknown_length_is_trimmed_as_asked() -> None:
    made = trim(clip(duration=None), 100.0, 101.5)
    assert length(made) == pytest.approx(1.5)


def test_the_whole_may_last_longer_than_its_pictures_say() -> None:
    """MP4 of ffmpeg 5.1 can lose the duration of the last frame."""
    lossy = clip(video=video(variable_rate=True, duration=9.0))
    assert length(trim(lossy, 9.5, 12.0)) == pytest.approx(0.5)


TIMES = st.tuples(st.floats(0, 9.9), st.floats(0.05, 12)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(TIMES, min_size=1, max_size=6), st.sampled_from(["25/1", "30000/1001", "12/1"]))
def test_trims_of_trims_shrink_by_whole_frames(cuts: list[tuple[float, float]], rate: str) -> None:
    made = clip(video=video(frame_rate=rate, nominal_rate=rate, time_base="1/90000"))
    for start, end in cuts:
        before = length(made)
        try:
            made = trim(made, start, end)
        except InvalidInputError:
            return
        assert 0 < length(made) <= before + 1 / Fraction(rate)
        count = length(made) * Fraction(rate)
        assert count == pytest.approx(round(count), abs=1e-6)
        graph(made)


# --- concat ---------------------------------------------------------------------------------------


def test_a_concat_is_in_order_and_as_long_as_its_parts() -> None:
    made = concat([trim(clip(), 0.0, 2.0), clip(ref=OTHER), clip()])
    assert isinstance(made.node, Concat)
    assert [source.object.sha256[:2] for source in sources(made.node)] == ["ab", "cd", "ab"]
    assert length(made) == pytest.approx(22.0)
    assert graph(made).keep
    again = concat([made, clip()])
    assert isinstance(again.node, Concat)
    assert len(again.node.inputs) == 4


def test_a_concat_of_one_is_that_one() -> None:
    assert concat([clip()]) == clip()


def test_a_concat_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="nothing to concatenate"):
        concat([])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"video": video(codec="hevc")}, "video codec (h264, hevc)"),
        ({"audio": [audio(codec="mp3")]}, "audio codec (aac, mp3)"),
        ({"audio": []}, "audio codec (aac, none)"),
        ({"video": video(display_width=320)}, "resolution (640:360, 320:360)"),
        ({"video": video(frame_rate="30/1")}, "frame rate (25, 30)"),
        (
            {"video": video(codec="hevc", frame_rate="30/1"), "audio": []},
            "video codec (h264, hevc), audio codec (aac, none), frame rate (25, 30)",
        ),
    ],
)
def test_a_concat_names_what_differs(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        concat([clip(), clip(ref=OTHER, **changes), clip()])
    assert caught.value.message == f"These videos cannot be concatenated; they differ in {told}."


def test_what_rounds_to_the_same_may_be_joined() -> None:
    ntsc = video(frame_rate="30000/1001", nominal_rate="30000/1001")
    made = concat([clip(video=ntsc), clip(video=video(frame_rate="30/1", nominal_rate="30/1"))])
    assert made.info.video is not None
    assert made.info.video.variable_rate
    assert graph(made).video.variable_rate


def test_what_was_trimmed_and_joined_is_compared_by_its_facts() -> None:
    with pytest.raises(InvalidInputError, match="frame rate"):
        concat([concat([clip(), clip()]), clip(video=video(frame_rate="50/1"))])
    with pytest.raises(InvalidInputError, match=r"resolution \(320:240, 640:360\)"):
        concat([encode(clip(), asked(frame_rate=25), tried(video_family="h264")), clip()])


# --- encode ---------------------------------------------------------------------------------------


def test_an_encode_is_fitted_at_a_constant_rate() -> None:
    made = encode(clip(), asked(), tried())
    assert made.node == Rate(input=Fit(input=clip().node, width=320, height=240, mode="pad"), rate="30")
    assert facts(made.info) == Facts("hevc", "aac", "320:240", 30)
    assert length(made) == pytest.approx(10.0)
    output = graph(made)
    assert not output.keep
    assert (output.container, output.video.encoder, output.video.tag) == ("mp4", "libx265", "hvc1")
    assert (output.video.pixel_format, output.video.options["r"]) == ("yuv420p", "30/1")
    assert output.video.options["enc_time_base"] == "1/30"


@pytest.mark.parametrize(
    ("seconds", "wish", "encoder"),
    [
        (100_000.0, {"frame_rate": 120, "width": 64, "height": 64}, "libx264"),
        (36_000.0, {"frame_rate": 60, "width": 8192, "height": 8192}, "libx264"),
        (600.0, {"frame_rate": 30, "width": 1920, "height": 1080}, "rawvideo"),
    ],
)
def test_what_would_never_end_or_fit_is_refused(seconds: float, wish: dict[str, int], encoder: str) -> None:
    long = clip(video=video(duration=seconds), duration=seconds)
    with pytest.raises(InvalidInputError, match="too much to encode"):
        encode(long, asked(**wish), tried(video_encoder=encoder))
    assert encode(clip(), asked(**wish), tried(video_encoder="libx264"))


def test_what_it_already_is_is_refused() -> None:
    same = tried(video_encoder="libx264", video_family="h264")
    wanted = asked(width=640, height=360, frame_rate=25)
    message = "The video already is h264 with aac sound, 640:360, 25 frames a second."
    with pytest.raises(InvalidInputError) as caught:
        encode(clip(), wanted, same)
    assert caught.value.message == message
    with pytest.raises(InvalidInputError, match="already is hevc"):
        encode(encode(clip(), asked(), tried()), asked(), tried())
    turned = video(width=360, height=640, rotation=90)
    with pytest.raises(InvalidInputError, match="already is"):
        encode(clip(video=turned), wanted, same)
    for changed in (
        asked(width=642, height=360, frame_rate=25),
        asked(width=640, height=360, frame_rate=24),
    ):
        encode(clip(), changed, same)
    encode(clip(), wanted, tried(video_encoder="libx264", video_family="h264", audio_family="mp3"))


def test_sound_that_is_not_there_does_not_count() -> None:
    silent = tried(video_family="h264", audio_encoder=None, audio_family=None)
    wanted = asked(width=640, height=360, frame_rate=25)
    with pytest.raises(InvalidInputError, match="The video already is h264, 640:360, 25 frames a second"):
        encode(clip(audio=[]), wanted, silent)
    with pytest.raises(InvalidInputError, match="already is h264,"):
        encode(clip(audio=[]), wanted, tried(video_family="h264", audio_family="mp3"))


def test_an_encoding_stays() -> None:
    made = trim(encode(clip(), asked(), tried()), 1.0, 2.0)
    assert made.encoding == tried()
    assert length(made) == pytest.approx(1.0)
    assert not graph(made).keep
    joined = concat([made, made])
    assert (joined.encoding, graph(joined).video.encoder) == (tried(), "libx265")


def test_a_concat_of_encoded_and_stored_is_encoded_like_the_first() -> None:
    hevc = clip("b.mov", video=video(codec="hevc", display_width=320, display_height=240, frame_rate="30/1"))
    for clips, extension in (
        ([hevc, encode(clip(), asked(), tried())], "mov"),
        ([encode(clip(), asked(), tried()), hevc], "mp4"),
    ):
        made = concat(clips)
        assert made.encoding is not None
        assert (made.extension, made.encoding.container) == (extension, extension)
        output = graph(made)
        assert (output.keep, output.video.encoder, output.extension) == (False, "libx265", extension)


def test_an_encode_of_an_encode_is_both() -> None:
    twice = encode(encode(clip(), asked(), tried()), asked(width=640, height=480), tried())
    assert isinstance(twice.node, Rate)
    assert facts(twice.info).resolution == "640:480"
    graph(twice)


def test_all_tracks_are_encoded_as_the_codec_takes_them() -> None:
    tracks = [audio(1, channels=6), audio(2, sample_rate=8000, channels=1), audio(3, "unknown", channels=0)]
    made = encode(clip(audio=tracks), asked(), tried(audio_encoder="libmp3lame", audio_family="mp3"))
    first, second = graph(made).audio
    assert (first.index, first.encoder, first.options) == (1, "libmp3lame", {"b": "192k", "ac": 2})
    assert (second.index, second.options) == (2, {"b": "128k", "ac": 1, "ar": 32000})
    assert [each.codec for each in made.info.audio] == ["mp3", "mp3"]


def test_interlaced_video_is_made_progressive_and_rgb_yuv() -> None:
    made = encode(clip(video=video(interlaced=True)), asked(), tried())
    assert isinstance(made.node, Rate)
    assert isinstance(made.node.input, Fit)
    assert isinstance(made.node.input.input, Filter)
    assert [step.name for step in made.node.input.input.steps] == ["bwdif"]
    graph(made)
    red = encode(clip("a.mkv", video=video(codec="png", pixel_format="rgb24")), asked(), tried())
    assert isinstance(red.node, Rate)
    assert isinstance(red.node.input, Fit)
    assert isinstance(red.node.input.input, Filter)
    assert [step.name for step in red.node.input.input.steps] == ["scale", "format", "setparams"]
    graph(red)


def test_untagged_colours_are_told_when_the_size_would_change_their_meaning() -> None:
    large = video(width=1920, height=1080, display_width=1920, display_height=1080)
    for shown, steps in ((large, 1), (video(), 0)):
        made = encode(clip(video=shown), asked(), tried())
        assert sum(isinstance(node, Filter) for node in walk(made.node)) == steps


def walk(node: Node) -> list[Node]:
    found: list[Node] = [node]
    while not isinstance(node, Source | Canvas):
        node = node.inputs[0] if isinstance(node, Concat) else node.input
        found.append(node)
    return found


@pytest.mark.parametrize(
    ("encoder", "family", "shown", "pixel_format"),
    [
        ("libx264", "h264", {"bit_depth": 10}, "yuv420p"),
        ("libx264", "h264", {"bit_depth": 10, "color_transfer": "smpte2084"}, "yuv420p10le"),
        ("libx265", "hevc", {"bit_depth": 10}, "yuv420p10le"),
        ("libsvtav1", "av1", {}, "yuv420p"),
        ("mpeg4", "mpeg4", {"bit_depth": 10}, "yuv420p"),
        ("prores_ks", "prores", {}, "yuv422p10le"),
        ("ffv1", "ffv1", {"bit_depth": 10}, None),
    ],
)
def test_bit_depth_is_what_players_take(
    encoder: str, family: str, shown: dict[str, Any], pixel_format: str | None
) -> None:
    trial = tried(video_encoder=encoder, video_family=family, container="mkv")
    made = encode(clip("a.mkv", video=video(codec="vp9", **shown)), asked(), trial)
    assert graph(made).video.pixel_format == pixel_format


# --- bounds ---------------------------------------------------------------------------------------


def test_too_deep_is_refused_in_words() -> None:
    made = clip()
    for _ in range(50):
        made = trim(made, 0.0, 9.0)
    graph(made)
    for _ in range(50):
        made = trim(made, 0.0, 9.0)
    with pytest.raises(InvalidInputError, match=r"made of too many others\. Execute the queue"):
        render(made)


def test_too_many_sources_are_refused_in_words() -> None:
    made = concat([clip()] * 64)
    for _ in range(MAX_SOURCES // 64 - 1):
        made = concat([made, *[clip()] * 64])
    graph(made)
    with pytest.raises(InvalidInputError, match="made of too many others"):
        graph(concat([made, clip()]))


def test_the_planner_needs_no_media_tools() -> None:
    """The image of `jobs` has none of them."""
    code = "import sys, libs.media.edit; print({'ffmpeg', 'av', 'numpy'} & sys.modules.keys())"
    told = run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert told.stdout == "set()\n"
