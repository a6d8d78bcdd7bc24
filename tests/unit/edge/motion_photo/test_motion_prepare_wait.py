"""The wait of `POST /prepare`: bounded, and over when the client is gone; nothing is left then."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from libs.contracts.jobs import JobEvent, JobState
from libs.contracts.rpc import GET_JOBS, JobList
from tests.unit.edge.backend import serving
from tests.unit.edge.motion import SESSION, Studio, client_of, motion_edge, refusal
from tests.unit.edge.visiting import Visit, until

VIDEO = b"video" + bytes(200)
ASSET = UUID(int=101)
KIND = b"multipart/form-data; boundary=XX"
HEAD = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
WHOLE = HEAD + VIDEO + b"\r\n--XX--\r\n"
TYPE = [(b"content-type", KIND)]


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [(JobState.PENDING, 503, "SERVICE_UNAVAILABLE"), (JobState.PROCESSING, 500, "PROCESSING_FAILED")],
)
def test_a_preview_that_takes_too_long(studio: Studio, state: JobState, status: int, code: str) -> None:
    studio.state = state
    with client_of(studio, prepare_time_limit=0.5) as client:
        answer = client.post("/prepare", content=WHOLE, headers={"content-type": KIND.decode()})
    refusal(answer, status, code)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert studio.closed == [SESSION]


@pytest.mark.anyio
async def test_an_upload_that_takes_too_long(studio: Studio) -> None:
    app = motion_edge(studio, prepare_time_limit=0.2).app
    for chunks in ([b""], [HEAD + VIDEO], [WHOLE]):
        studio.abandoned.clear()
        visit = Visit(app, "/prepare", chunks, TYPE)
        await visit.task
        assert (visit.status, b"INVALID_REQUEST" in visit.body) == (400, True)
        assert len(studio.abandoned) == (chunks != [b""])
    assert studio.closed == []


@pytest.mark.anyio
async def test_an_event_ends_the_wait(studio: Studio) -> None:
    studio.state = JobState.PROCESSING
    edge = motion_edge(studio)
    stale = JobList(jobs=[studio.work(f"preview/{SESSION}")])
    studio.answers[GET_JOBS.subject] = lambda _: stale
    visit = Visit(edge.app, "/prepare", WHOLE, TYPE)
    await until(lambda: edge.waiter._waiting)
    studio.state = JobState.COMPLETED
    await edge.waiter.on_end(JobEvent(job=studio.work(f"preview/{SESSION}")))
    await visit.task
    assert (visit.status, edge.waiter._places) == (200, 0)


@pytest.mark.anyio
@pytest.mark.parametrize("state", [JobState.PENDING, JobState.PROCESSING])
async def test_who_goes_away_leaves_no_session(studio: Studio, state: JobState) -> None:
    studio.state = state
    edge = motion_edge(studio)
    visit = Visit(edge.app, "/prepare", WHOLE, TYPE)
    await until(lambda: edge.waiter._waiting)
    visit.leave()
    await visit.task
    assert studio.closed == [SESSION]
    assert not edge.waiter._waiting
    assert edge.waiter._places == 0


@pytest.mark.anyio
async def test_who_goes_away_in_the_upload_leaves_nothing(studio: Studio) -> None:
    visit = Visit(motion_edge(studio).app, "/prepare", [HEAD + VIDEO], TYPE)
    await until(lambda: visit.read == 1)
    visit.leave()
    await visit.task
    assert (studio.abandoned, studio.closed) == ([ASSET], [])


@pytest.mark.anyio
async def test_who_hangs_up_on_a_real_server_leaves_no_session(studio: Studio) -> None:
    studio.state = JobState.PROCESSING
    edge = motion_edge(studio)
    async with serving(edge.app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = b"POST /prepare HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nContent-Type: %s\r\n\r\n"
        writer.write(head % (len(WHOLE), KIND) + WHOLE)
        await until(lambda: edge.waiter._waiting)
        writer.close()
        await until(lambda: studio.closed == [SESSION])


@pytest.mark.anyio
async def test_where_too_many_wait_the_next_does_not(studio: Studio) -> None:
    studio.state = JobState.PROCESSING
    edge = motion_edge(studio, max_executes=1)
    first = Visit(edge.app, "/prepare", WHOLE, TYPE)
    await until(lambda: edge.waiter._waiting)
    second = Visit(edge.app, "/prepare", WHOLE, TYPE)
    await second.task
    assert (second.status, second.read) == (503, 0)
    studio.state = JobState.COMPLETED
    await first.task
    assert first.status == 200
