"""What each node does to the sound, really rendered and listened to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libs.contracts.graph import (
    AudioEncoding,
    AudioMix,
    Concat,
    Fit,
    Loudness,
    LoudnessMeasure,
    Rate,
    Sound,
    Speed,
    Trim,
)
from libs.media.tools import Tools
from tests.media import viewing
from tests.media.rendering import EXACT, HERTZ, Film, Samples, Studio

PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=4"]
X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"


def tone(hertz: int, seconds: float = 4, volume: float = 0.25, rate: int = HERTZ) -> list[str]:
    return ["-f", "lavfi", "-i", f"aevalsrc='{volume}*sin(2*PI*{hertz}*t)':s={rate}:d={seconds}"]


@pytest.fixture(scope="module")
async def studio(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    studio = Studio(tools, tmp_path_factory.mktemp("sounds"), {})
    pcm = f"{X264} -c:a pcm_s16le".split()
    await studio.made("low.mov", *PICTURE, *tone(400), *pcm)
    await studio.made("high.mov", *PICTURE, *tone(1500, rate=44100), "-ac", "2", *pcm)
    await studio.made("silent.mov", *PICTURE, *X264.split())
    await studio.made("short.mov", *PICTURE, *tone(400, 1), *pcm)
    await studio.made("tune.flac", *tone(800, 3))
    tags = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=kor"]
    maps = ["-map", "0", "-map", "1", "-map", "2", *tags]
    await studio.made("both.mov", *PICTURE, *tone(400), *tone(900), *maps, *pcm)
    return studio


def level(sound: Samples, hertz: int, start: float, end: float) -> float:
    """How loud a tone is between two moments; 0.25 is as the sources are made."""
    part = sound[round(start * HERTZ) : round(end * HERTZ)]
    turning = np.exp(-2j * np.pi * hertz * np.arange(len(part)) / HERTZ)
    return float(abs((part * turning).mean())) * 2


def heard(film: Film, track: int = 0) -> Samples:
    return viewing.heard(film.path, hertz=HERTZ, track=track).ravel()


def loudness(path: Path) -> tuple[float, float]:
    """LUFS and dBTP by ffmpeg's own meter."""
    meter = ["-af", "ebur128=peak=true", "-f", "null", "-"]
    command = ["ffmpeg", "-nostdin", "-i", str(path), *meter]
    said = subprocess.run(command, check=True, capture_output=True).stderr.decode()
    summary = said[said.rindex("Summary:") :]
    found = [re.search(rf"{name}:\s+(-?[0-9.]+)", summary) for name in ("I", "Peak")]
    return tuple(float(each.group(1)) for each in found if each)  # type: ignore[return-value]  # three of them


@pytest.mark.anyio
async def test_joined_sound_takes_after_the_first_and_silence_fills(studio: Studio) -> None:
    low, high, silent, short = (studio.films[f"{name}.mov"] for name in ("low", "high", "silent", "short"))
    node = Concat(
        inputs=[Trim(input=film.source(), start=0.5, end=2.0) for film in (low, high, silent, short, low)]
    )
    result = await studio.rendered(node)
    [stream] = result.info.audio
    assert (stream.sample_rate, stream.channels) == (48000, 1)
    sound = heard(result)
    assert len(sound) == 5 * 71040
    for start, end in ((0.0, 1.48), (4.44, 4.92), (5.92, 7.4)):
        assert level(sound, 400, start + 0.001, end - 0.001) == pytest.approx(0.25, rel=0.02)
    assert level(sound, 1500, 1.481, 2.959) == pytest.approx(0.25 / 2**0.5, rel=0.02)
    assert np.abs(sound[round(2.961 * HERTZ) : round(4.439 * HERTZ)]).max() < 0.001
    assert np.abs(sound[round(4.921 * HERTZ) : round(5.919 * HERTZ)]).max() < 0.001


@pytest.mark.anyio
async def test_tracks_are_joined_by_position(studio: Studio) -> None:
    both, low = studio.films["both.mov"], studio.films["low.mov"]
    node = Concat(inputs=[Trim(input=both.source(), end=1.0), Trim(input=low.source(), end=1.0)])
    audio = [AudioEncoding(index=2, encoder="pcm_s16le"), AudioEncoding(index=1, encoder="pcm_s16le")]
    result = await studio.rendered(node, audio=audio)
    assert [stream.language for stream in result.info.audio] == ["kor", "eng"]
    second, first = heard(result, 0), heard(result, 1)
    assert level(first, 400, 0, 2) == pytest.approx(0.25, rel=0.02)
    assert level(second, 900, 0, 1) == pytest.approx(0.25, rel=0.02)
    assert np.abs(second[HERTZ + 50 :]).max() < 0.001
    assert len(first) == len(second) == 2 * HERTZ


@pytest.mark.anyio
@pytest.mark.parametrize("factor", [0.25, 0.8, 3.0])
async def test_speed_keeps_the_pitch(studio: Studio, factor: float) -> None:
    result = await studio.rendered(
        Speed(input=Trim(input=studio.films["low.mov"].source(), end=2.0), factor=factor)
    )
    sound = heard(result)
    assert len(sound) == pytest.approx(2.0 / factor * HERTZ, abs=2)
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) * HERTZ / len(sound) == pytest.approx(400, rel=0.02)
    assert result.info.video is not None
    assert result.info.video.duration == pytest.approx(2.0 / factor, abs=0.05)


@pytest.mark.anyio
async def test_a_mix_begins_where_it_should_and_is_as_loud(studio: Studio) -> None:
    low, tune = studio.films["low.mov"], studio.films["tune.flac"]
    node = AudioMix(
        input=Trim(input=low.source(), end=3.0),
        sounds=[
            Sound(input=Trim(input=tune.source(), start=1.0, end=2.0), start=0.5, gain=-6.0),
            Sound(input=studio.films["high.mov"].source(), start=2.0),
        ],
        gain=6.0,
    )
    result = await studio.rendered(node)
    sound = heard(result)
    assert len(sound) == 3 * HERTZ
    assert level(sound, 400, 0, 3) == pytest.approx(0.5, rel=0.02)
    assert level(sound, 800, 0, 0.5) < 0.002
    assert level(sound, 800, 0.5, 1.5) == pytest.approx(0.125, rel=0.02)
    assert level(sound, 800, 1.5, 3) < 0.002
    assert level(sound, 1500, 1, 2) < 0.002
    assert level(sound, 1500, 2, 3) == pytest.approx(0.25, rel=0.02)


@pytest.mark.anyio
async def test_sound_replaces_sound(studio: Studio) -> None:
    node = AudioMix(
        input=studio.films["low.mov"].source(),
        sounds=[Sound(input=studio.films["tune.flac"].source())],
        gain=None,
    )
    sound = heard(await studio.rendered(node))
    assert len(sound) == 4 * HERTZ
    assert level(sound, 400, 0, 3) < 0.001
    assert level(sound, 800, 0, 3) == pytest.approx(0.25, rel=0.02)


@pytest.mark.anyio
@pytest.mark.parametrize("length", [{}, {"end": 2.0}])
async def test_music_over_a_silent_video_makes_a_track(studio: Studio, length: dict[str, Any]) -> None:
    node = AudioMix(
        input=Fit(input=studio.films["silent.mov"].source(**length), width=64, height=64),
        sounds=[Sound(input=studio.films["tune.flac"].source(), start=0.5)],
    )
    sound = heard(await studio.rendered(node, audio=[AudioEncoding(index=0, encoder="pcm_s16le")]))
    end = length.get("end", 4.0)
    assert len(sound) == end * HERTZ
    assert level(sound, 800, 0.5, min(end, 3.5)) == pytest.approx(0.25, rel=0.02)


@pytest.mark.anyio
async def test_a_cut_after_a_mix_cuts_the_mix(studio: Studio) -> None:
    mix = AudioMix(
        input=studio.films["low.mov"].source(),
        sounds=[Sound(input=studio.films["tune.flac"].source(), start=1.0)],
    )
    sound = heard(await studio.rendered(Trim(input=mix, start=0.8, end=1.8)))
    assert len(sound) == HERTZ
    assert level(sound, 800, 0, 0.2) < 0.002
    assert level(sound, 800, 0.2, 1) == pytest.approx(0.25, rel=0.02)


@pytest.mark.anyio
@pytest.mark.parametrize("measured", [None, (-18.0, -12.0, 2.0, -28.0, 0.0)])
async def test_loudness_is_brought_to_its_target(studio: Studio, measured: tuple[float, ...] | None) -> None:
    names = LoudnessMeasure.__struct_fields__
    measure = LoudnessMeasure(**dict(zip(names, measured, strict=True))) if measured else None
    source = studio.films["low.mov"].source()
    if measured:
        found = loudness(studio.films["low.mov"].path)
        measure = LoudnessMeasure(
            integrated=found[0], true_peak=found[1], range=2.0, threshold=found[0] - 10, offset=0.0
        )
    result = await studio.rendered(Loudness(input=source, target=-23.0, true_peak=-2.0, measured=measure))
    assert result.info.audio[0].sample_rate == HERTZ
    lufs, peak = loudness(result.path)
    assert lufs == pytest.approx(-23.0, abs=0.6)
    assert peak <= -2.0
    assert len(heard(result)) == pytest.approx(4 * HERTZ, abs=10)


@pytest.mark.anyio
async def test_a_rate_leaves_the_sound_of_a_whole_video_alone(studio: Studio) -> None:
    result = await studio.rendered(Rate(input=studio.films["low.mov"].source(), rate="30"))
    assert np.array_equal(heard(result), heard(studio.films["low.mov"]))


@pytest.mark.anyio
async def test_sound_before_the_first_picture_is_cut(studio: Studio) -> None:
    low = str(studio.films["low.mov"].path)
    late = ["-map", "0:v", "-map", "1:a", "-c", "copy"]
    film = await studio.made("late.mov", "-itsoffset", "0.4", "-i", low, "-i", low, *late)
    assert film.origin > 0.3
    for node in (Rate(input=film.source(), rate="25"), Trim(input=film.source(), start=0.2, end=2.0)):
        result = await studio.rendered(node)
        sound = heard(result)
        assert result.origin < 0.001
        shift = 0.4 if isinstance(node, Rate) else 0.6
        wanted = heard(film)[round(shift * HERTZ) :][: len(sound)]
        assert np.abs(sound[: len(wanted)] - wanted)[:HERTZ].mean() < 0.001


@pytest.mark.anyio
async def test_copied_sound_stays_as_it_is(studio: Studio) -> None:
    node = Fit(input=studio.films["low.mov"].source(), width=64, height=64)
    result = await studio.rendered(node, audio=[AudioEncoding(index=EXACT.index, encoder="copy")])
    assert np.array_equal(heard(result), heard(studio.films["low.mov"]))
