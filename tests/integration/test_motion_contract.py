"""The document of the Motion Photo family, read from top to bottom. `docs/contracts/motion-photo.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.media.motionphoto import read
from tests.integration.curling import Curl
from tests.integration.motion import UNKNOWN, Json, Studio, preview_path, refusal
from tests.media.corpus import Corpus
from tests.media.numbered import numbered
from tests.stack.harness import Stack

FORM = {"range_start": "0", "range_end": "5", "cover_time": "2.5", "speed": "1.5"}
NOTHING: dict[str, str] = {}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds called `video.mp4`."""
    return numbered(tmp_path_factory.mktemp("motion-contract") / "video.mp4", 150)


@pytest.fixture(scope="module")
def prepared(stack: Stack, clip: Path) -> Iterator[Json]:
    studio = Studio(stack)
    found = studio.prepare(clip)
    yield found
    studio.cleanup(found["session_id"])


@pytest.fixture(scope="module")
def session(prepared: Json) -> str:
    return str(prepared["session_id"])


@pytest.fixture
def studio(stack: Stack) -> Studio:
    return Studio(stack)


@pytest.mark.parametrize("token", [None, "any"])
def test_the_examples(stack: Stack, clip: Path, token: str | None) -> None:
    """As an open family, where a token is not looked at."""
    curl = Curl(stack.url, clip.parent, token)
    assert "HTTP/1.1 200" in curl("health").out
    answer = json.loads(curl("prepare").out)
    session_id = answer["session_id"]
    assert set(answer) >= {"session_id", "preview_url", "duration"}
    assert answer["preview_url"] == f"{stack.url}/preview/{session_id}.mp4"
    assert answer["duration"] == pytest.approx(6.0, abs=0.05)
    assert curl("convert", session_id).status == 200
    photo = read((clip.parent / "motion_photo.jpg").read_bytes())
    assert photo.presentation_us == round(2.5 / 1.5 * 1e6)
    assert curl("thumbnail", session_id).status == 200
    assert (clip.parent / "thumbnail.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert json.loads(curl("cleanup", session_id).out) == {"message": "清理成功"}
    assert curl("cleanup", session_id).status == 404


def test_the_types_of_prepare(prepared: Json) -> None:
    assert str(UUID(prepared["session_id"])) == prepared["session_id"]
    assert isinstance(prepared["duration"], float)
    assert datetime.fromisoformat(prepared["expires_at"]).utcoffset() is not None


def test_health(studio: Studio) -> None:
    head = studio.http.head("/health")
    assert (head.status_code, head.content) == (200, b"")


def test_the_preview_is_served_as_media(studio: Studio, prepared: Json) -> None:
    whole = studio.preview(prepared)
    size = len(whole.content)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert whole.headers["accept-ranges"] == "bytes"
    assert "cross-origin-opener-policy" not in whole.headers
    assert "cross-origin-embedder-policy" not in whole.headers
    head = studio.http.head(prepared["preview_url"])
    assert (head.content, head.headers["content-length"], head.headers["etag"]) == (
        b"", str(size), whole.headers["etag"],
    )  # fmt: skip
    for ranged, expected in (
        ("bytes=4-7", b"ftyp"),
        ("bytes=-10", whole.content[-10:]),
        (f"bytes={size - 5}-", whole.content[-5:]),
        (f"bytes=0-{size * 2}", whole.content),
    ):
        part = studio.preview(prepared, Range=ranged)
        assert (part.status_code, part.content) == (206, expected)
    past = studio.preview(prepared, Range=f"bytes={size}-")
    assert (past.status_code, past.headers["content-range"]) == (416, f"bytes */{size}")
    assert set(past.json()) == {"detail", "error_code", "timestamp"}
    fresh = studio.preview(prepared, **{"If-None-Match": whole.headers["etag"]})
    assert (fresh.status_code, fresh.content) == (304, b"")


@pytest.mark.parametrize(
    "odd", ["text", "empty", "audio-only", "mp3", "picture", "no-index", "hls", "concat"]
)
def test_what_is_no_video_is_not_taken(studio: Studio, corpus: Corpus, odd: str) -> None:
    refusal(studio.try_prepare(corpus.path(odd)), 400, "UNSUPPORTED_FORMAT")


def test_prepare_without_a_file(studio: Studio) -> None:
    for options in (
        {"data": {"file": "x"}},
        {"files": {"other": b"x"}},
        {"content": b"x"},
        {"json": {"file": "x"}},
        {"files": {"file": ("", b"")}},
    ):
        refusal(studio.http.post("/prepare", **options), 400, "INVALID_REQUEST")


def test_both_kinds_of_form_make_the_same_photo(studio: Studio, session: str) -> None:
    form = {"session_id": session, **FORM}
    one = studio.http.post("/convert", data=form)
    other = studio.http.post("/convert", files={name: (None, value) for name, value in form.items()})
    assert one.status_code == other.status_code == 200, other.text
    assert one.content == other.content
    disposition = one.headers["content-disposition"]
    assert disposition.startswith("attachment")
    assert disposition.rstrip('"').endswith("MP.jpg")


@pytest.mark.parametrize("missing", ["session_id", *FORM])
def test_convert_without_a_parameter(studio: Studio, session: str, missing: str) -> None:
    form = {"session_id": session, **FORM}
    for wrong in (NOTHING, {missing: ""}):
        answer = studio.http.post("/convert", data={k: v for k, v in form.items() if k != missing} | wrong)
        assert missing in refusal(answer, 400, "INVALID_REQUEST")


@pytest.mark.parametrize("name", [*FORM])
@pytest.mark.parametrize("value", ["x", "nan", "inf", "-inf", "1e999", "0x1", "1,5"])
def test_convert_with_what_is_no_number(studio: Studio, session: str, name: str, value: str) -> None:
    answer = studio.http.post("/convert", data={"session_id": session, **FORM, name: value})
    assert name in refusal(answer, 400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("start", "end", "cover"),
    [(2, 2, 2), (3, 2, 2.5), (-1, 2, 1), (0, 7, 1), (1, 2, 0.5), (1, 2, 2.5), (6.5, 7, 6.6), (0, 1e308, 1)],
)
def test_times_that_make_no_photo(
    studio: Studio, session: str, start: float, end: float, cover: float
) -> None:
    refusal(studio.try_convert(session, start, end, cover), 400, "INVALID_TIME_RANGE")


@pytest.mark.parametrize("speed", [0.2, 4.1, 0, -1, 1e300])
def test_speeds_that_cannot_be(studio: Studio, session: str, speed: float) -> None:
    refusal(studio.try_convert(session, 0, 1, 0.5, speed), 422, "INVALID_PARAMETER")


def test_times_a_little_outside_are_taken(studio: Studio, session: str) -> None:
    """By 50 ms, as numbers of a player's clock are."""
    photo = studio.photo(session, -0.04, 0.5, -0.04)
    assert photo.presentation_us == 0
    assert studio.photo(session, 5.5, 6.04, 6.04, 4).presentation_us <= 125_000


def test_a_device_that_is_not_known(studio: Studio, session: str) -> None:
    refusal(studio.try_convert(session, 0, 1, 0.5, device="nokia"), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("timestamp", [-1, 6.2, 1e300])
def test_thumbnails_outside_of_the_video(studio: Studio, session: str, timestamp: float) -> None:
    refusal(studio.try_thumbnail(session, timestamp), 422, "INVALID_TIME_RANGE")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"session_id": 5, "timestamp": 1, "x": "y"}', b"{}"]
)
@pytest.mark.parametrize("path", ["/thumbnail", "/cleanup"])
def test_bodies_that_make_no_sense(studio: Studio, path: str, body: bytes) -> None:
    answer = studio.http.post(path, content=body, headers={"Content-Type": "application/json"})
    refusal(answer, 400, "INVALID_REQUEST")


@pytest.mark.parametrize("timestamp", ["x", None, [], "NaN"])
def test_thumbnails_at_no_time(studio: Studio, session: str, timestamp: Any) -> None:
    refusal(studio.try_thumbnail(session, timestamp), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("session_id", [UNKNOWN, "abc123", "../../etc", "会话", uuid4().hex + "0"])
def test_sessions_that_are_not_there(studio: Studio, session_id: str) -> None:
    refusal(studio.try_convert(session_id, 0, 1, 0.5), 404, "INVALID_SESSION")
    refusal(studio.try_thumbnail(session_id, 1), 404, "INVALID_SESSION")
    refusal(studio.try_cleanup(session_id), 404, "INVALID_SESSION")
    if "/" not in session_id:
        refusal(studio.http.get(preview_path(session_id)), 404, "INVALID_SESSION")


def test_a_session_that_was_cleaned(studio: Studio, clip: Path) -> None:
    prepared = studio.prepare(clip)
    studio.cleanup(prepared["session_id"])
    refusal(studio.try_convert(prepared["session_id"], 0, 1, 0.5), 404, "INVALID_SESSION")
    refusal(studio.try_thumbnail(prepared["session_id"], 1), 404, "INVALID_SESSION")
    refusal(studio.preview(prepared), 404, "INVALID_SESSION")
    refusal(studio.try_cleanup(prepared["session_id"]), 404, "INVALID_SESSION")


def test_unknown_paths_and_methods(studio: Studio) -> None:
    for path in ("/prepare", "/convert", "/thumbnail", "/cleanup"):
        refusal(studio.http.get(path), 405, "METHOD_NOT_ALLOWED")
        refusal(studio.http.post(f"{path}/more"), 404, "NOT_FOUND")
    refusal(studio.http.post(preview_path(UNKNOWN)), 405, "METHOD_NOT_ALLOWED")
    refusal(studio.http.get("/preview/"), 404, "NOT_FOUND")
    assert set(studio.http.get("/video/nothing").json()) == {"detail"}
