"""`reelbus jobs` over a real NATS server, with a jobs service that answers as the contract says."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import nats
import pytest

from libs.chassis.subscriptions import flush
from libs.contracts.base import Method
from libs.contracts.jobs import Job, JobError, JobState
from libs.contracts.rpc import CANCEL_JOB, GET_JOBS, LIST_CHANNEL_JOBS, JobList, Ok, RpcError
from tests.contract.conftest import Run

FILE = UUID("018f0000-0000-7000-8000-00000000000f")
JOB = Job(
    job_id=UUID("018f0000-0000-7000-8000-000000000001"),
    key=f"enhance/{FILE}",
    owner="public",
    family="enhancement",
    kind="enhance",
    asset_id=FILE,
    state=JobState.PROCESSING,
    progress=41.6,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    channel="c1",
)
Answers = dict[Method[Any], Callable[[Any], Any]]


@contextmanager
def serving(url: str, answers: Answers) -> Iterator[None]:
    """Answer these calls from a thread of its own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with await nats.connect(url) as client:
            for method, answer in answers.items():

                async def reply(
                    message: Any, method: Method[Any] = method, answer: Callable[[Any], Any] = answer
                ) -> None:
                    request = msgspec.json.decode(message.data, type=method.request)
                    await message.respond(msgspec.json.encode(answer(request)))

                await client.subscribe(method.subject, cb=reply)
            await flush(client)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(5)
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def test_list_shows_the_jobs_of_a_channel(reelbus: Run, nats_url: str) -> None:
    failed = msgspec.structs.replace(
        JOB, state=JobState.FAILED, error=JobError(code="media_error", message="No video.")
    )
    asked = []

    def answer(request: Any) -> Any:
        asked.append(request)
        return Ok(value=JobList(jobs=[JOB, failed]))

    with serving(nats_url, {LIST_CHANNEL_JOBS: answer}):
        _, first, second = reelbus("jobs", "list", "c1", "--finished-within", "60").stdout.splitlines()
        as_json = json.loads(reelbus("jobs", "list", "c1", "--json").stdout)
    assert first.split()[:4] == [str(JOB.job_id), "enhance", "processing", "42"]
    assert first.endswith(JOB.key)
    assert second.endswith("media_error: No video.")
    assert (asked[0].channel, asked[0].finished_within) == ("c1", 60.0)
    assert [msgspec.convert(each, Job) for each in as_json] == [JOB, failed]


def test_list_of_nothing_says_so(reelbus: Run, nats_url: str) -> None:
    with serving(nats_url, {LIST_CHANNEL_JOBS: lambda _: Ok(value=JobList(jobs=[]))}):
        result = reelbus("jobs", "list", "c9")
    assert (result.exit_code, result.stdout) == (0, "No jobs on the channel c9.\n")


def test_show_finds_all_jobs_of_a_file(reelbus: Run, nats_url: str) -> None:
    def answer(request: Any) -> Any:
        assert request.owner == "public"
        return Ok(value=JobList(jobs=[JOB] if JOB.key in request.keys else []))

    with serving(nats_url, {GET_JOBS: answer}):
        by_file, by_key = reelbus("jobs", "show", str(FILE)), reelbus("jobs", "show", JOB.key)
        missing = reelbus("jobs", "show", "nothing", "--owner", "public")
    assert by_file.stdout == by_key.stdout
    assert [msgspec.convert(each, Job) for each in json.loads(by_key.stdout)] == [JOB]
    assert (missing.exit_code, missing.stderr) == (1, "Error: There is no such job of public.\n")


@pytest.mark.parametrize(("option", "owner"), [((), "public"), (("--owner", "ann"), "ann")])
def test_cancel(reelbus: Run, nats_url: str, option: tuple[str, ...], owner: str) -> None:
    def answer(request: Any) -> Any:
        assert (request.job_id, request.owner) == (JOB.job_id, owner)
        return Ok(value=msgspec.structs.replace(JOB, state=JobState.CANCELLED))

    with serving(nats_url, {CANCEL_JOB: answer}):
        result = reelbus("jobs", "cancel", str(JOB.job_id), *option)
    assert (result.exit_code, result.stdout) == (0, f"{JOB.job_id} cancelled\n")


def test_the_words_of_the_service_are_shown(reelbus: Run, nats_url: str) -> None:
    refusal = RpcError(code="conflict", message="The job is completed already.")
    with serving(nats_url, {CANCEL_JOB: lambda _: refusal}):
        result = reelbus("jobs", "cancel", str(JOB.job_id))
    assert (result.exit_code, result.stderr) == (1, "Error: The job is completed already.\n")


def test_a_service_that_is_not_there(reelbus: Run) -> None:
    result = reelbus("jobs", "cancel", str(JOB.job_id))
    assert (result.exit_code, result.stderr) == (1, "Error: The jobs service is not running.\n")


def test_a_service_of_another_version(reelbus: Run, nats_url: str) -> None:
    with serving(nats_url, {CANCEL_JOB: lambda _: {"type": "maybe"}}):
        result = reelbus("jobs", "cancel", str(JOB.job_id))
    assert result.exit_code == 1
    assert "speaks another version" in result.stderr
