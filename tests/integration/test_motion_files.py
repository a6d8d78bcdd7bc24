"""Motion Photos of real videos, taken apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tests.integration.client import Operator
from tests.integration.motion import Json, Studio
from tests.integration.photos import Seen, exiftool, look, pitch, psnr
from tests.media.looking import Pixels, describe, frame_times, frames
from tests.media.numbered import numbered, numbers
from tests.media.viewing import looked_at
from tests.stack.harness import Stack

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
COVER = 2.4
"""Seconds, as in `numbered`: frame 60."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("motion-files")


@pytest.fixture(scope="module")
def studio(stack: Stack) -> Studio:
    return Studio(stack)


@pytest.fixture(scope="module")
def original(bunny: Path) -> Pixels:
    """The frames of the bunny, (132, 180, 320, 3)."""
    return frames(bunny, 320, 180)


@pytest.fixture(scope="module")
def bunny_session(studio: Studio, bunny: Path) -> Iterator[Json]:
    prepared = studio.prepare(bunny, name="Häschen & Freunde.mp4")
    yield prepared
    studio.cleanup(prepared["session_id"])


@pytest.fixture(scope="module")
def bunny_photo(studio: Studio, bunny_session: Json, folder: Path) -> Seen:
    """1.2 s to 2.8 s, the picture at 2.0 s."""
    return look(studio.convert(bunny_session["session_id"], 1.2, 2.8, 2.0), folder)


@pytest.fixture(scope="module")
def counted(folder: Path) -> Path:
    """Four seconds of numbered frames with a tone of 440 Hz."""
    return numbered(folder / "counted.mp4", 100)


@pytest.fixture(scope="module")
def counted_session(studio: Studio, counted: Path) -> Iterator[str]:
    session_id = studio.session(counted)
    yield session_id
    studio.cleanup(session_id)


def test_the_preview_of_the_bunny(
    studio: Studio, bunny_session: Json, original: Pixels, folder: Path
) -> None:
    path = folder / "preview.mp4"
    path.write_bytes(studio.preview(bunny_session).content)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    found = describe(path)
    video, audio = found["streams"]
    assert (video["codec_name"], video["profile"], video["pix_fmt"]) == (
        "h264", "Constrained Baseline", "yuv420p",
    )  # fmt: skip
    assert video["level"] <= 31
    assert (video["width"], video["height"], video["r_frame_rate"]) == (1280, 720, "30/1")
    assert (audio["codec_name"], audio["channels"]) == ("aac", 2)
    assert bunny_session["duration"] == pytest.approx(5.28, abs=0.04)
    assert float(video["duration"]) == pytest.approx(5.28, abs=0.04)
    small = frames(path, 320, 180)
    assert len(small) == pytest.approx(158, abs=2)
    assert psnr(small[60], original[50]) > 30


def test_the_picture_is_the_frame_of_the_source(bunny_photo: Seen, bunny: Path) -> None:
    cover = bunny_photo.cover()
    assert cover.shape == (720, 1280, 3)
    near = [each for _, each in islice(looked_at(bunny, "rgb24"), 49, 52)]
    likeness = [psnr(cover, each) for each in near]
    assert likeness[1] > 30
    assert likeness[1] == max(likeness)


def test_the_video_of_the_bunny(bunny_photo: Seen, original: Pixels) -> None:
    video = bunny_photo.video()
    assert (video["width"], video["height"], video["r_frame_rate"]) == (1280, 720, "25/1")
    (audio,) = bunny_photo.audio()
    assert audio["channels"] == 2
    assert bunny_photo.duration() == pytest.approx(1.6, abs=0.06)
    assert bunny_photo.presentation == pytest.approx(0.8)
    moving, source = bunny_photo.moving(320, 180), original[30:70]
    assert len(moving) == 40
    assert min(psnr(one, other) for one, other in zip(moving, source, strict=True)) > 30
    assert psnr(bunny_photo.moving()[bunny_photo.shown()], bunny_photo.cover()) > 30


def test_a_thumbnail_is_the_exact_frame(
    studio: Studio, bunny_session: Json, original: Pixels, folder: Path
) -> None:
    path = folder / "thumbnail.jpg"
    for at, number in ((0, 0), (2.0, 50), (3.99, 99), (bunny_session["duration"], 131)):
        answer = studio.try_thumbnail(bunny_session["session_id"], at)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        path.write_bytes(answer.content)
        thumbnail = frames(path, 320, 180)[0]
        likeness = [psnr(thumbnail, each) for each in original]
        assert int(np.argmax(likeness)) == number
        assert max(likeness) > 30


@pytest.mark.parametrize("speed", SPEEDS)
def test_speeds(studio: Studio, counted_session: str, counted: Path, folder: Path, speed: float) -> None:
    """The picture is frame 60, and so is what the video shows at the presentation timestamp; the tone is as
    high as before."""
    seen = look(studio.convert(counted_session, 1.6, 3.2, COVER, speed), folder)
    assert seen.photo.presentation_us == round((COVER - 1.6) / speed * 1e6)
    assert seen.duration() == pytest.approx(1.6 / speed, abs=0.07)
    assert numbers(seen.path) == [60]
    shown = numbers(seen.clip)
    assert shown == sorted(shown)
    assert (shown[0], shown[seen.shown()]) == (40, 60)
    assert shown[-1] in range(80 - round(max(speed, 1)), 80)
    assert psnr(seen.cover(), frames(counted, seen.photo.width, seen.photo.height)[60]) > 30
    assert pitch(seen.clip) == pytest.approx(440, abs=4)
    times = frame_times(seen.clip)
    assert np.ptp(np.diff(times)) < 1e-3, "the rate is not constant"


def test_an_odd_speed_between_frames(studio: Studio, counted_session: str, folder: Path) -> None:
    """Frame 31 is shown from 1.24 s on."""
    seen = look(studio.convert(counted_session, 0.513, 3.011, 1.275, 1.37), folder)
    assert seen.photo.presentation_us == pytest.approx((1.275 - 0.513) / 1.37 * 1e6, abs=1)
    assert numbers(seen.path) == [31]
    assert numbers(seen.clip)[seen.shown()] in (30, 31)
    assert pitch(seen.clip) == pytest.approx(440, abs=4)


def test_the_second_time_it_is_known(
    studio: Studio, operator: Operator, counted_session: str, folder: Path
) -> None:
    """The same bytes, and no worker is asked again."""
    tasks = "SELECT count(*) FROM jobs.tasks WHERE released_at IS NOT NULL"
    first = studio.try_convert(counted_session, 0.2, 1.4, 0.8, 1.25)
    before = operator.sql(tasks)
    second = studio.try_convert(counted_session, 0.2, 1.4, 0.8, 1.25)
    assert first.status_code == second.status_code == 200
    assert hashlib.sha256(first.content).digest() == hashlib.sha256(second.content).digest()
    assert first.headers["etag"] == second.headers["etag"]
    assert operator.sql(tasks) == before
    other = studio.convert(counted_session, 0.2, 1.4, 0.8, 1.5)
    assert other != first.content


@pytest.mark.parametrize("device", ["google", "samsung", "xiaomi"])
def test_devices(studio: Studio, counted_session: str, folder: Path, device: str) -> None:
    data = studio.convert(counted_session, 0, 1, 0.5, 1, device=device)
    seen = look(data, folder)
    assert seen.photo.device == device
    if device == "samsung":
        assert data.rstrip(b"\x00").endswith(b"SEFT")
        assert exiftool(seen.path, "-b", "-Samsung:EmbeddedVideoFile") == seen.photo.video
    else:
        assert data.endswith(seen.photo.video)
    if device == "xiaomi":
        assert exiftool(seen.path, "-u", "-s3", "-Exif_0x8897").strip()
