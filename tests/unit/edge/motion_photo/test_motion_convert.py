"""`POST /convert`: forms, numbers, and the wait for the photo."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from libs.contracts.errors import InvalidInputError, MediaError, OutOfRangeError, UnavailableError
from libs.contracts.jobs import JobState
from libs.contracts.sessions import GET_SESSION, MAKE_MOTION_PHOTO
from tests.unit.edge.motion import FORM, PHOTO, SESSION, Client, Studio, client_of, motion_edge, refusal
from tests.unit.edge.visiting import Visit, until

JOB = UUID(int=2)
TYPE = [(b"content-type", b"application/x-www-form-urlencoded")]
BODY = urlencode(FORM).encode()


def convert(client: Client, **changes: str) -> Any:
    return client.post("/convert", data=FORM | changes)


def test_a_photo(client: Client, studio: Studio) -> None:
    answer = convert(client)
    assert (answer.status_code, answer.content) == (200, PHOTO)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == str(len(PHOTO))
    assert answer.headers["content-disposition"] == 'attachment; filename="holiday_MP.jpg"'
    assert answer.headers["etag"]
    (asked,) = studio.asked(MAKE_MOTION_PHOTO)
    assert (asked.session_id, asked.owner, asked.device) == (SESSION, "public", "google")
    assert (asked.range_start, asked.range_end, asked.cover_time, asked.speed) == (0.0, 5.0, 2.5, 1.5)
    assert studio.cancelled == studio.closed == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("a.b.mov", 'filename="a.b_MP.jpg"'),
        ("upload", 'filename="upload_MP.jpg"'),
        ("..", 'filename="motion_photo_MP.jpg"'),
        ("", 'filename="motion_photo_MP.jpg"'),
        ('a"b\\c.mp4', "filename=\"a_b_c_MP.jpg\"; filename*=UTF-8''a%22b%5Cc_MP.jpg"),
        ("会话.mp4", "filename=\"___MP.jpg\"; filename*=UTF-8''%E4%BC%9A%E8%AF%9D_MP.jpg"),
        ("x" * 300 + ".mp4", f'filename="{"x" * 80}_MP.jpg"'),
    ],
)
def test_its_name(client: Client, studio: Studio, source: str, told: str) -> None:
    studio.name = source
    assert convert(client).headers["content-disposition"] == f"attachment; {told}"


def test_conditions_are_for_reading(client: Client) -> None:
    etag = convert(client).headers["etag"]
    again = client.post("/convert", data=FORM, headers={"if-none-match": etag, "range": "bytes=0-1"})
    assert (again.status_code, again.content) == (200, PHOTO)


# --- what sessions says ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidInputError("No.", error_code="INVALID_TIME_RANGE"), 400, "INVALID_TIME_RANGE"),
        (InvalidInputError("No such device."), 400, "INVALID_REQUEST"),
        (OutOfRangeError("The speed."), 422, "INVALID_PARAMETER"),
        (MediaError("Broken."), 500, "PROCESSING_FAILED"),
        (UnavailableError("Too much waits."), 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_refusals(client: Client, studio: Studio, error: Exception, status: int, code: str) -> None:
    studio.fail(MAKE_MOTION_PHOTO, error)
    answer = convert(client)
    assert refusal(answer, status, code) == str(error)
    assert ("retry-after" in answer.headers) == (status == 503)


@pytest.mark.parametrize(
    "session_id",
    [
        "abc123",
        str(UUID(int=5)),
        "../../x",
        "会话",
        f"{{{SESSION}}}",
        f"urn:uuid:{SESSION}",
        SESSION.hex,
        "\x00",
        " ",
    ],
)
def test_sessions_that_are_not_there(client: Client, studio: Studio, session_id: str) -> None:
    studio.open = False
    refusal(convert(client, session_id=session_id), 404, "INVALID_SESSION")
    assert studio.asked(MAKE_MOTION_PHOTO) == []


# --- waiting --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        (JobState.PENDING, 503, "SERVICE_UNAVAILABLE"),
        (JobState.PROCESSING, 500, "PROCESSING_FAILED"),
        (JobState.FAILED, 500, "PROCESSING_FAILED"),
        (JobState.CANCELLED, 404, "INVALID_SESSION"),
    ],
)
def test_jobs_that_make_no_photo(studio: Studio, state: JobState, status: int, code: str) -> None:
    studio.state = state
    with client_of(studio, convert_time_limit=0.05) as client:
        answer = convert(client)
    words = refusal(answer, status, code)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert (words == studio.failure) == (state is JobState.FAILED)
    assert studio.cancelled == ([] if state.terminal else [JOB])
    assert studio.closed == []


def test_a_photo_that_storage_had_no_room_for(client: Client, studio: Studio) -> None:
    studio.state, studio.failure_code = JobState.FAILED, "unavailable"
    answer = convert(client)
    assert refusal(answer, 503, "SERVICE_UNAVAILABLE") == studio.failure
    assert int(answer.headers["retry-after"]) > 0


def test_a_photo_whose_session_was_closed_meanwhile(client: Client, studio: Studio) -> None:
    work = studio.work("motion/1")
    studio.objects.content.clear()
    studio.answers[MAKE_MOTION_PHOTO.subject] = lambda _: work
    refusal(convert(client), 404, "INVALID_SESSION")


@pytest.mark.anyio
async def test_a_lost_event_is_made_up_for(studio: Studio) -> None:
    studio.state = JobState.PROCESSING
    edge = motion_edge(studio)
    visit = Visit(edge.app, "/convert", BODY, TYPE)
    await until(lambda: edge.waiter._waiting)
    studio.state = JobState.COMPLETED
    await visit.task
    assert (visit.status, visit.body) == (200, PHOTO)
    assert edge.waiter._places == 0


@pytest.mark.anyio
@pytest.mark.parametrize("multipart", [False, True])
async def test_who_goes_away_stops_the_work(studio: Studio, multipart: bool) -> None:
    studio.state = JobState.PROCESSING
    edge = motion_edge(studio)
    body, kind = BODY, TYPE
    if multipart:
        part = '--XX\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        body = "".join([*(part.format(*item) for item in FORM.items()), "--XX--\r\n"]).encode()
        kind = [(b"content-type", b"multipart/form-data; boundary=XX")]
    visit = Visit(edge.app, "/convert", body, kind)
    await until(lambda: edge.waiter._waiting)
    visit.leave()
    await visit.task
    assert (studio.cancelled, studio.closed) == ([JOB], [])
    assert not edge.waiter._waiting


def test_a_session_service_that_is_away(client: Client, studio: Studio) -> None:
    studio.fail(GET_SESSION, UnavailableError("The sessions service is not running."))
    refusal(convert(client), 503, "SERVICE_UNAVAILABLE")
