"""The tables of encoders against the ffmpeg of this machine; each entry is really tried."""

from __future__ import annotations

import re
import subprocess
from functools import lru_cache
from itertools import product
from pathlib import Path

import pytest

from libs.media.codecs import (
    AUDIO_ENCODERS,
    VIDEO_ENCODERS,
    AudioEncoder,
    audio_encoders,
    is_hardware,
    video_encoders,
)
from libs.media.containers import MKV
from libs.media.encodings import audio_encoding
from tests.media.building import audio

LISTED = re.compile(r"^ ([VA])[A-Z.]{5} (\w\S*)\s+(.*)$", re.MULTILINE)


@lru_cache
def listed() -> dict[str, tuple[str, str]]:
    """Kind (V or A) and family of every encoder of this ffmpeg, by its name."""
    told = subprocess.run(["ffmpeg", "-hide_banner", "-encoders"], capture_output=True, check=True).stdout
    found: dict[str, tuple[str, str]] = {}
    for kind, name, rest in LISTED.findall(told.decode()):
        codec = re.search(r"\(codec (\w+)\)$", rest)
        found[name] = kind, codec[1] if codec else name
    return found


STORED_AS = {"h263p": "h263", "ljpeg": "mjpeg"}
"""What a probe calls what these write."""


def test_every_encoder_of_this_ffmpeg_is_known_or_hardware() -> None:
    for name, (kind, family) in listed().items():
        if is_hardware(name):
            assert name not in VIDEO_ENCODERS
            continue
        table = VIDEO_ENCODERS if kind == "V" else AUDIO_ENCODERS
        assert table[name].family == STORED_AS.get(name, family)


def test_nothing_of_the_tables_is_made_up() -> None:
    missing = [name for name in (*VIDEO_ENCODERS, *AUDIO_ENCODERS) if name not in listed()]
    rare = {name for name, encoder in VIDEO_ENCODERS.items() if encoder.rare}
    rare |= {name for name, encoder in AUDIO_ENCODERS.items() if encoder.rare}
    assert set(missing) <= rare


@pytest.mark.parametrize(
    ("asked", "first", "family"),
    [
        ("libx264", "libx264", "h264"),
        ("h264", "libx264", "h264"),
        ("H264", "libx264", "h264"),
        ("avc", "libx264", "h264"),
        ("libx264rgb", "libx264rgb", "h264"),
        ("h265", "libx265", "hevc"),
        ("HEVC", "libx265", "hevc"),
        ("vp9", "libvpx-vp9", "vp9"),
        ("av1", "libsvtav1", "av1"),
        ("libaom-av1", "libaom-av1", "av1"),
        ("mpeg4", "mpeg4", "mpeg4"),
        ("libxvid", "libxvid", "mpeg4"),
        ("msmpeg4", "msmpeg4", "msmpeg4v3"),
        ("flv", "flv", "flv1"),
        ("wmv2", "wmv2", "wmv2"),
        ("mjpeg", "mjpeg", "mjpeg"),
        ("prores", "prores_ks", "prores"),
    ],
)
def test_names_mean_encoders(asked: str, first: str, family: str) -> None:
    found = video_encoders(asked)[0]
    assert (found.name, found.family) == (first, family)


@pytest.mark.parametrize(
    ("asked", "first", "family"),
    [
        ("aac", "aac", "aac"),
        ("AAC", "aac", "aac"),
        ("mp3", "libmp3lame", "mp3"),
        ("opus", "libopus", "opus"),
        ("vorbis", "libvorbis", "vorbis"),
        ("dts", "dca", "dts"),
        ("dca", "dca", "dts"),
        ("libtwolame", "libtwolame", "mp2"),
        ("pcm_s16le", "pcm_s16le", "pcm_s16le"),
        ("g722", "g722", "adpcm_g722"),
    ],
)
def test_names_mean_encoders_of_sound(asked: str, first: str, family: str) -> None:
    found = audio_encoders(asked)[0]
    assert (found.name, found.family) == (first, family)


@pytest.mark.parametrize("name", ["", "copy", "h266", "libx264 ", "-i", "vc1", "wmv3", "h264_nvenc"])
def test_other_names_mean_nothing(name: str) -> None:
    assert video_encoders(name) == []
    assert audio_encoders(name) == []


@pytest.mark.parametrize("name", ["h264_nvenc", "nvenc_hevc", "hevc_videotoolbox", "vp9_qsv", "av1_amf"])
def test_hardware_is_known_by_name(name: str) -> None:
    assert is_hardware(name)


def test_software_is_not_hardware() -> None:
    assert not any(is_hardware(name) for name in (*VIDEO_ENCODERS, *AUDIO_ENCODERS))


SOURCES = ((1, 8000), (2, 44100), (3, 22050), (4, 16000), (5, 11025), (6, 48000), (7, 32000), (8, 96000))
"""Channels and rates (Hz) of sound tracks."""


LAYOUTS = {3: "3.0", 4: "quad", 5: "5.0", 6: "5.1(side)", 7: "6.1", 8: "7.1"}


TOGETHER = 8
"""Encoders of one ffmpeg, which says whose complaints it writes."""


def usable() -> list[AudioEncoder]:
    return [encoder for encoder in AUDIO_ENCODERS.values() if encoder.name in listed()]


@pytest.mark.parametrize("first", range(0, len(usable()), TOGETHER))
def test_every_encoder_takes_sound_of_every_layout(first: int, tmp_path: Path) -> None:
    """An output for each of them."""
    command = ["ffmpeg", "-nostdin", "-v", "error"]
    for channels, rate in SOURCES:
        layout = LAYOUTS.get(channels, f"{channels}c")
        command += ["-f", "lavfi", "-i", f"anullsrc=r={rate}:cl={layout}:d=0.1"]
    encoders = usable()[first : first + TOGETHER]
    for encoder, (position, (channels, rate)) in product(encoders, enumerate(SOURCES)):
        encoding = audio_encoding(audio(channels=channels, sample_rate=rate), encoder, MKV)
        options = [text for name, value in encoding.options.items() for text in (f"-{name}:a", str(value))]
        command += ["-map", f"{position}:a", "-c:a", encoder.name, *options, "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, check=False, cwd=tmp_path, timeout=30)
    assert (done.returncode, done.stderr.decode()) == (0, "")
