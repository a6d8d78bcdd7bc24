"""`/thumbnail`, `/cleanup`, `/preview` and `/health`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from libs.contracts.errors import OutOfRangeError, UnavailableError
from libs.contracts.jobs import JobState
from libs.contracts.rpc import GET_JOBS, JobList
from libs.contracts.sessions import CLOSE_SESSION, TAKE_THUMBNAIL
from tests.unit.edge.motion import (
    PREVIEW,
    SESSION,
    THUMBNAIL,
    Client,
    Studio,
    motion_edge,
    refusal,
)

ID = str(SESSION)
URL = f"/preview/{ID}.mp4"


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/thumbnail", "/cleanup"])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"5", b"\xff", b"{}", b'{"timestamp": 1}',
        b'{"session_id": 5, "timestamp": 1}',
        b'{"session_id": null, "timestamp": 1}', b'{"session_id": "", "timestamp": 1}',
        b'{"session_id": ["x"], "timestamp": 1}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_bodies_that_make_no_sense(client: Client, studio: Studio, path: str, body: bytes) -> None:
    refusal(client.post(path, content=body), 400, "INVALID_REQUEST")
    assert studio.calls == []


@pytest.mark.parametrize("path", ["/thumbnail", "/cleanup"])
def test_bodies_that_are_too_large(client: Client, path: str) -> None:
    refusal(client.post(path, content=bytes((1 << 20) + 1)), 413, "FILE_TOO_LARGE")


@pytest.mark.parametrize(
    "session_id", ["abc123", "../../etc", "会话", str(UUID(int=5)), SESSION.hex, "x" * 5000]
)
def test_sessions_that_are_not_there(client: Client, studio: Studio, session_id: str) -> None:
    studio.open = False
    for path in ("/thumbnail", "/cleanup"):
        answer = client.post(path, json={"session_id": session_id, "timestamp": 1})
        refusal(answer, 404, "INVALID_SESSION")


# --- thumbnails -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timestamp", "value"), [(2.5, 2.5), (0, 0.0), (-1, -1.0), (1e300, 1e300), ("2.5", 2.5)]
)
def test_a_thumbnail(client: Client, studio: Studio, timestamp: Any, value: float) -> None:
    answer = client.post("/thumbnail", json={"session_id": ID.upper(), "timestamp": timestamp})
    assert (answer.status_code, answer.content) == (200, THUMBNAIL)
    assert answer.headers["content-type"] == "image/jpeg"
    (asked,) = studio.asked(TAKE_THUMBNAIL)
    assert (asked.session_id, asked.owner, asked.timestamp) == (SESSION, "public", value)


@pytest.mark.parametrize(
    "timestamp",
    ["null", '""', '"x"', '"NaN"', "[]", "{}", "true", "NaN", "Infinity", "1e999", "9" * 400, '"1e999"'],
)
def test_thumbnails_at_no_time(client: Client, studio: Studio, timestamp: str) -> None:
    answer = client.post("/thumbnail", content=f'{{"session_id": "{ID}", "timestamp": {timestamp}}}')
    refusal(answer, 400, "INVALID_REQUEST")
    assert studio.calls == []


def test_a_thumbnail_outside_of_the_video(client: Client, studio: Studio) -> None:
    studio.fail(TAKE_THUMBNAIL, OutOfRangeError("It lasts 6 s.", error_code="INVALID_TIME_RANGE"))
    answer = client.post("/thumbnail", json={"session_id": ID, "timestamp": 9})
    assert refusal(answer, 422, "INVALID_TIME_RANGE") == "It lasts 6 s."


# --- clean-up -------------------------------------------------------------------------------------


def test_a_clean_up(client: Client, studio: Studio) -> None:
    answer = client.post("/cleanup", json={"session_id": ID})
    assert (answer.status_code, answer.json()) == (200, {"message": "清理成功"})
    assert studio.closed == [SESSION]
    refusal(client.post("/cleanup", json={"session_id": ID}), 404, "INVALID_SESSION")


def test_a_clean_up_that_cannot_be_done_now(client: Client, studio: Studio) -> None:
    studio.fail(CLOSE_SESSION, UnavailableError("Away."))
    answer = client.post("/cleanup", json={"session_id": ID})
    refusal(answer, 503, "SERVICE_UNAVAILABLE")
    assert "retry-after" in answer.headers


# --- previews -------------------------------------------------------------------------------------


def test_a_preview_is_served_as_media(client: Client) -> None:
    whole = client.get(URL)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, PREVIEW, "video/mp4")
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["cross-origin-resource-policy"] == "cross-origin"  # for pages that are isolated
    assert not {"cross-origin-opener-policy", "cross-origin-embedder-policy"} & set(whole.headers)
    head = client.head(URL)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(PREVIEW)))
    part = client.get(URL, headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    past = client.get(URL, headers={"range": "bytes=100-"})
    refusal(past, 416, "INVALID_REQUEST")
    assert past.headers["content-range"] == f"bytes */{len(PREVIEW)}"
    assert client.get(URL, headers={"if-none-match": whole.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        ID,
        f"{ID}.mp4.mp4",
        f"{ID}.MP4",
        f"{ID}.webm",
        "abc123.mp4",
        ".mp4",
        "%00.mp4",
        "会话.mp4",
        f"{UUID(int=5)}.mp4",
    ],
)
def test_previews_that_are_not_there(client: Client, studio: Studio, name: str) -> None:
    studio.open = studio.open and name.startswith(ID)
    refusal(client.get(f"/preview/{name}"), 404, "INVALID_SESSION")


@pytest.mark.parametrize("state", [each for each in JobState if each is not JobState.COMPLETED])
def test_previews_that_are_not_made(client: Client, studio: Studio, state: JobState) -> None:
    studio.state = state
    refusal(client.get(URL), 404, "INVALID_SESSION")


def test_previews_of_sessions_that_end_just_now(client: Client, studio: Studio) -> None:
    found = JobList(jobs=[studio.work(f"preview/{ID}")])
    studio.objects.content.clear()
    studio.answers[GET_JOBS.subject] = lambda _: found
    refusal(client.get(URL), 404, "INVALID_SESSION")
    studio.answers[GET_JOBS.subject] = lambda _: JobList(jobs=[])
    refusal(client.get(URL), 404, "INVALID_SESSION")


# --- health ---------------------------------------------------------------------------------------


def test_health(client: Client) -> None:
    head = client.head("/health")
    assert (head.status_code, head.content) == (200, b"")


def test_health_of_a_service_that_does_not_work(studio: Studio) -> None:
    async def away() -> None:
        raise OSError("away")

    edge = motion_edge(studio)
    edge.health.require("bus", away)
    with Client(edge.app, base_url="http://media.test") as client:
        assert client.head("/health").status_code == 503
