"""`POST /prepare`: a session with a preview, or nothing at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from libs.contracts.errors import InternalError, MediaError, UnavailableError
from libs.contracts.jobs import JobState
from libs.contracts.rpc import BEGIN_UPLOAD, COMPLETE_UPLOAD
from libs.contracts.sessions import CLOSE_SESSION, OPEN_SESSION
from tests.unit.edge.backend import serving
from tests.unit.edge.motion import SESSION, Client, Studio, client_of, motion_edge, refusal
from tests.unit.edge.visiting import Visit, until

VIDEO = b"video" + bytes(200)
ASSET = UUID(int=101)
KIND = b"multipart/form-data; boundary=XX"
HEAD = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n'
WHOLE = HEAD % b"a.mp4" + VIDEO + b"\r\n--XX--\r\n"
TYPE = [(b"content-type", KIND)]


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def client(studio: Studio) -> Iterator[Client]:
    with client_of(studio, motion_max_bytes=4096) as client:
        yield client


def prepare(client: Client, content: bytes = VIDEO, name: str = "a.mp4", kind: str = "video/mp4") -> Any:
    return client.post("/prepare", files={"file": (name, content, kind)})


def raw(client: Client, body: bytes, kind: str = KIND.decode()) -> Any:
    return client.post("/prepare", content=body, headers={"content-type": kind})


def test_a_session_and_its_preview(client: Client, studio: Studio) -> None:
    answer = prepare(client)
    assert answer.status_code == 200
    assert answer.json() == {
        "session_id": str(SESSION),
        "preview_url": f"http://media.test:8000/preview/{SESSION}.mp4",
        "duration": 6.0,
        "expires_at": "2026-01-01T00:00:00Z",
    }
    assert answer.headers["cache-control"] == "no-store"
    (opened,) = studio.asked(OPEN_SESSION)
    assert (opened.owner, opened.asset_id) == ("public", ASSET)
    (completed,) = studio.asked(COMPLETE_UPLOAD)
    assert (completed.family, completed.require_video) == ("motion-photo", True)
    assert studio.abandoned == studio.closed == []
    assert client.get(answer.json()["preview_url"]).content == b"....ftyp the preview"


@pytest.mark.parametrize(
    ("declared", "stored"),
    [
        ("image/gif", "image/gif"),
        ("", "text/plain"),
        ("text/html; charset=x", "text/html"),
        ("x" * 300 + "/y", "application/octet-stream"),
        ("vidéo/mp4", "application/octet-stream"),
    ],
)
def test_any_declared_type_is_taken(client: Client, studio: Studio, declared: str, stored: str) -> None:
    body = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
    body += f"Content-Type: {declared}\r\n".encode() if declared else b""
    assert raw(client, body + b"\r\n" + VIDEO + b"\r\n--XX--\r\n").status_code == 200
    assert list(studio.objects.types.values()) == [stored]


@pytest.mark.parametrize("name", ["../../etc/passwd", "会话.mp4", "x" * 3000, "a\tb.gif"])
def test_hostile_names(client: Client, name: str) -> None:
    assert prepare(client, name=name).status_code == 200


def test_a_file_without_a_name(client: Client, studio: Studio) -> None:
    assert raw(client, HEAD % b"" + VIDEO + b"\r\n--XX--\r\n").status_code == 200
    assert next(iter(studio.objects.content.values())) == VIDEO


def test_other_fields_may_stand_around_it(client: Client) -> None:
    field = b'--XX\r\nContent-Disposition: form-data; name="x"\r\n\r\nvalue\r\n'
    assert raw(client, field + WHOLE.removesuffix(b"--XX--\r\n") + field + b"--XX--\r\n").status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", ""),
        (b"{}", "application/json"),
        (b"file=x", "application/x-www-form-urlencoded"),
        (b"--XX--\r\n", KIND.decode()),
        (WHOLE, "multipart/form-data"),
        (WHOLE.replace(b'"file"', b'"files"'), KIND.decode()),
        (WHOLE.replace(b'; filename="a.mp4"', b""), KIND.decode()),
        (HEAD % b"" + b"\r\n--XX--\r\n", KIND.decode()),
    ],
)
def test_forms_without_a_file(client: Client, studio: Studio, body: bytes, kind: str) -> None:
    refusal(raw(client, body, kind), 400, "INVALID_REQUEST")
    assert studio.calls == []


@pytest.mark.parametrize("cut", [b"", b"\r\n", b"\r\n--XX"])
def test_a_form_cut_short_leaves_nothing(client: Client, studio: Studio, cut: bytes) -> None:
    refusal(raw(client, HEAD % b"a.mp4" + VIDEO + cut), 400, "INVALID_REQUEST")
    assert studio.abandoned == [ASSET]
    assert studio.asked(OPEN_SESSION) == []


@pytest.mark.parametrize("content", [b"", b"text"])
def test_what_is_no_video(client: Client, studio: Studio, content: bytes) -> None:
    words = refusal(prepare(client, content), 400, "UNSUPPORTED_FORMAT")
    assert words == "Nothing in this video could be decoded."
    assert studio.abandoned == [ASSET]


def test_a_video_that_no_session_can_have(client: Client, studio: Studio) -> None:
    studio.fail(OPEN_SESSION, MediaError("It has no duration."))
    assert refusal(prepare(client), 400, "UNSUPPORTED_FORMAT") == "It has no duration."
    assert studio.abandoned == [ASSET]


# --- size -----------------------------------------------------------------------------------------


def test_a_file_as_large_as_it_may_be(client: Client) -> None:
    assert prepare(client, VIDEO.ljust(4096, b"\0")).status_code == 200


def test_a_file_too_large(client: Client, studio: Studio) -> None:
    refusal(prepare(client, VIDEO.ljust(4097, b"\0")), 413, "FILE_TOO_LARGE")
    assert studio.abandoned == [ASSET]


@pytest.mark.anyio
async def test_a_declared_length_is_refused_before_the_body(studio: Studio) -> None:
    app = motion_edge(studio, motion_max_bytes=4096).app
    visit = Visit(app, "/prepare", [WHOLE], [*TYPE, (b"content-length", b"600000000")])
    await visit.task
    assert (visit.status, visit.read, studio.calls) == (413, 0, [])
    async with serving(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = b"POST /prepare HTTP/1.1\r\nHost: x\r\nContent-Length: 600000000\r\nContent-Type: %s\r\n\r\n"
        writer.write(head % KIND)
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        writer.close()


@pytest.mark.anyio
async def test_the_uploads_of_all_families_count_together(studio: Studio) -> None:
    app = motion_edge(studio, max_uploads=1).app
    first = Visit(app, "/prepare", [HEAD % b"a.mp4" + VIDEO], TYPE)
    await until(lambda: first.read == 1)
    body = WHOLE.replace(b"\r\n\r\n", b"\r\nContent-Type: video/mp4\r\n\r\n", 1)
    for path in ("/prepare", "/upload"):
        other = Visit(app, path, body, TYPE)
        await other.task
        assert (other.status, b"Too many uploads" in other.body) == (503, True)
    first.leave()
    await first.task


# --- what fails behind ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", [BEGIN_UPLOAD, COMPLETE_UPLOAD, OPEN_SESSION])
def test_a_service_that_is_away(client: Client, studio: Studio, method: Any) -> None:
    studio.fail(method, UnavailableError("Away.", service=method.subject.split(".")[1]))
    answer = prepare(client)
    refusal(answer, 503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0
    assert studio.abandoned == list(studio.assets)
    assert studio.closed == []


def test_too_much_waits(client: Client, studio: Studio) -> None:
    studio.fail(OPEN_SESSION, UnavailableError("Too much waits.", retry_after=9))
    answer = prepare(client)
    assert refusal(answer, 503, "SERVICE_UNAVAILABLE") == "Too much waits."
    assert answer.headers["retry-after"] == "9"
    assert len(studio.asked(OPEN_SESSION)) == 1


def test_opening_is_tried_again_where_no_answer_came(client: Client, studio: Studio) -> None:
    opening = studio.answers[OPEN_SESSION.subject]

    def reluctant(request: Any) -> Any:
        studio.answers[OPEN_SESSION.subject] = opening
        raise UnavailableError("The sessions service does not answer.", service="sessions")

    studio.answers[OPEN_SESSION.subject] = reluctant
    assert prepare(client).status_code == 200
    assert studio.abandoned == []


def test_a_defect_behind(client: Client, studio: Studio) -> None:
    studio.fail(OPEN_SESSION, InternalError("Something went wrong on the server."))
    refusal(prepare(client), 500, "INTERNAL_ERROR")
    assert studio.abandoned == [ASSET]


def test_a_preview_that_fails_closes_the_session(client: Client, studio: Studio) -> None:
    studio.state = JobState.FAILED
    assert refusal(prepare(client), 500, "PROCESSING_FAILED") == "No picture came out of it."
    assert (studio.closed, studio.abandoned) == ([SESSION], [])  # the session has the file


def test_a_session_that_was_closed_meanwhile(client: Client, studio: Studio) -> None:
    studio.state = JobState.CANCELLED
    refusal(prepare(client), 404, "INVALID_SESSION")


def test_a_session_that_cannot_be_closed_does_not_hide_why(client: Client, studio: Studio) -> None:
    studio.state = JobState.FAILED
    studio.fail(CLOSE_SESSION, UnavailableError("Away."))
    refusal(prepare(client), 500, "PROCESSING_FAILED")


def test_a_hostile_host_stores_nothing(client: Client, studio: Studio) -> None:
    answer = client.post("/prepare", content=WHOLE, headers={"content-type": KIND.decode(), "host": "a:b"})
    refusal(answer, 400, "INVALID_REQUEST")
    assert studio.calls == []
