"""What goes into which container, by its tables. That they are true is shown by `test_trial`."""

from __future__ import annotations

import subprocess

import pytest

from libs.media.codecs import AUDIO_ENCODERS, VIDEO_ENCODERS
from libs.media.containers import (
    BY_EXTENSION,
    BY_MUXER,
    MP4,
    ORDER,
    Container,
    container_for,
    first_holding,
    own_container,
)

CONTAINERS = list(BY_EXTENSION.values())
UPLOADS = ("mp4", "avi", "mov", "mkv", "wmv", "flv", "mpeg", "3gp", "webm")


def test_everything_that_can_be_uploaded_can_be_written() -> None:
    assert set(UPLOADS) <= set(BY_EXTENSION)
    assert {container.muxer for container in CONTAINERS} == set(BY_MUXER)
    for muxer, container in BY_MUXER.items():
        assert container.muxer == muxer
    for extension, container in BY_EXTENSION.items():
        assert container.extension == extension
        assert container.content_type.startswith("video/")


def test_this_ffmpeg_has_all_muxers() -> None:
    listed = subprocess.run(["ffmpeg", "-v", "error", "-muxers"], capture_output=True, check=True).stdout
    assert set(BY_MUXER) <= set(listed.decode().split())


@pytest.mark.parametrize("container", CONTAINERS, ids=lambda container: container.extension)
def test_what_is_encoded_instead_fits(container: Container) -> None:
    assert VIDEO_ENCODERS[container.video_encoder].family in container.video
    assert AUDIO_ENCODERS[container.audio_encoder].family in container.audio


def test_what_holds_what() -> None:
    assert MP4.holds("h264", ["aac", "ac3"])
    assert not MP4.holds("h264", ["aac", "wmav2"])
    assert not MP4.holds("wmv2")
    assert not BY_EXTENSION["webm"].holds("h264", ["opus"])
    assert not BY_EXTENSION["wmv"].holds("h264")


@pytest.mark.parametrize(
    ("video", "audio", "extension"),
    [
        ("h264", ["aac"], "mkv"),
        ("qtrle", ["aac"], "mov"),
        ("flashsv2", ["mp3"], "flv"),
        ("mpeg4", ["s302m"], "ts"),
        ("rv40", ["cook"], "mp4"),
    ],
)
def test_the_first_choice(video: str, audio: list[str], extension: str) -> None:
    assert first_holding(video, audio).extension == extension


MOV, MATROSKA = ["mov", "mp4", "m4a", "3gp", "3g2", "mj2"], ["matroska", "webm"]


@pytest.mark.parametrize(
    ("name", "formats", "video", "audio", "extension"),
    [
        ("./storage/origin/a_1.mp4", MOV, "h264", "aac", "mp4"),
        ("a.MOV", MOV, "prores", "pcm_s16le", "mov"),
        ("a.3gp", MOV, "h263", "amr_nb", "3gp"),
        ("a.m4v", MOV, "h264", "aac", "m4v"),
        ("a.mkv", MATROSKA, "h264", "aac", "mkv"),
        ("a.webm", MATROSKA, "vp9", "opus", "webm"),
        ("a.webm", MATROSKA, "h264", "aac", "mkv"),
        ("a.avi", ["avi"], "indeo5", "mp3", "avi"),
        ("a.wmv", ["asf"], "vc1", "wmapro", "wmv"),
        ("a.asf", ["asf"], "wmv2", "wmav2", "asf"),
        ("a.mpeg", ["mpeg"], "mpeg2video", "mp2", "mpeg"),
        ("a.mpg", ["mpeg"], "mpeg1video", "mp2", "mpg"),
        ("a.flv", ["flv"], "vp6f", "mp3", "flv"),
        ("a.mts", ["mpegts"], "h264", "ac3", "mts"),
        ("a.mkv", MOV, "h264", "aac", "mp4"),
        ("a.mp4", MATROSKA, "vp9", "opus", "mkv"),
        ("a.mp4", ["mpegts"], "h264", "aac", "ts"),
        ("a.mp4", ["avi"], "mpeg4", "mp3", "avi"),
        ("a.mpeg", ["mpegvideo"], "mpeg2video", "", "mkv"),
        ("a", MOV, "h264", "aac", "mp4"),
        ("a.b", MATROSKA, "h264", "aac", "mkv"),
        ("a.mxf", ["mxf"], "mpeg2video", "pcm_s16le", "mkv"),
        ("a.gif", ["gif"], "gif", "", "mp4"),
        ("a.rm", ["rm"], "rv40", "cook", "mp4"),
    ],
)
def test_the_container_of_a_file_stays(
    name: str, formats: list[str], video: str, audio: str, extension: str
) -> None:
    assert own_container(name, formats, video, [audio] if audio else []).extension == extension


def test_enhanced_videos_stay_in_five_containers() -> None:
    for name in ("a.avi", "a.wmv", "a.flv", "a.ts", "a.3gp", "a.ogv", "a.mpeg"):
        assert container_for(name, ["avi"]).extension == "mp4"
    assert {container_for(f"a.{each}", []).extension for each in ("mp4", "m4v", "mov", "mkv", "webm")} == {
        "mp4", "m4v", "mov", "mkv", "webm",
    }  # fmt: skip


def test_every_codec_of_ours_is_in_the_first_choices() -> None:
    """What no container of `ORDER` lists cannot be asked for."""
    held = {family for container in ORDER for family in container.video | container.more_video}
    assert {"h264", "hevc", "av1", "vp8", "vp9", "mpeg4", "mpeg2video", "wmv2", "prores", "theora"} <= held
