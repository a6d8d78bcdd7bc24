"""Jobs that make videos: how far they are, in the words of the contract."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import JobError, JobState, StepState
from libs.contracts.movies import GET_MAKING, LIST_MAKINGS
from libs.contracts.rpc import CANCEL_JOB
from tests.unit.edge.office import Client
from tests.unit.edge.videocraft.cinema import BASE, MOVIE, Cinema, data, problems, refusal, step
from tests.unit.samples import at

JOB = UUID(int=7)
DONE, DOING, WAITING = StepState.COMPLETED, StepState.IN_PROGRESS, StepState.PENDING
UNDER_WAY = [
    step("fetch.0", started_at=at(1), ended_at=at(3), seconds=1.5),
    step("listen.0", started_at=at(3), ended_at=at(5), seconds=0.6),
    step("recognise.0", started_at=at(5), ended_at=at(20), seconds=15.8),
    step("main", DOING, started_at=at(95), fraction=0.755, seconds=3.0),
]


def url(number: int = 7, rest: str = "") -> str:
    return f"{BASE}/jobs/{UUID(int=number)}{rest}"


def entry(time: str, name: str, status: str, **more: float) -> dict[str, Any]:
    return {"timestamp": f"2026-01-01T00:{time}Z", "step": name, "status": status, **more}


def test_details(client: Client, cinema: Cinema) -> None:
    cinema.making(7, UNDER_WAY, ready_at=at(180))
    assert data(client.get(url())) == {
        "id": str(JOB),
        "status": "processing",
        "progress": 75,
        "current_step": "Generating video with FFmpeg",
        "estimated_completion": "2026-01-01T00:03:00Z",
        "video_config": MOVIE,
        "processing_log": [
            entry("00:05", "audio_analysis", "completed", duration=2.1),
            entry("00:20", "transcription", "completed", duration=15.8),
            entry("01:35", "video_generation", "in_progress", progress=75),
        ],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:45Z",
        "completed_at": None,
        "result": None,
        "error": None,
    }  # fmt: skip


def test_status_of_a_completed_job(client: Client, cinema: Cinema) -> None:
    cinema.film(7)
    found = data(client.get(url(rest="/status")))
    video = f"video_{JOB.hex}"
    assert found == {
        "job_id": str(JOB),
        "status": "completed",
        "progress": 100,
        "current_step": "Video generation completed",
        "result": {
            "video_id": video,
            "download_url": f"/api/v1/videos/{video}/download",
            "file_size": 16,
            "duration": 45.2,
        },
        "error": None,
        "updated_at": "2026-01-01T00:00:45Z",
    }
    assert client.get(found["result"]["download_url"]).status_code == 200
    assert data(client.get(url()))["result"] == found["result"]


def test_status_is_one_call(client: Client, cinema: Cinema) -> None:
    cinema.making(7)
    client.get(url(rest="/status"))
    assert [method.subject for method, _ in cinema.calls] == [GET_MAKING.subject]


@pytest.mark.parametrize(
    ("state", "steps", "words"),
    [
        (JobState.PENDING, [], "Waiting to start"),
        (JobState.PROCESSING, [], "Waiting to start"),
        (JobState.PROCESSING, [("fetch.0", DOING), ("fetch.1", WAITING)], "Fetching sources"),
        (JobState.PROCESSING, [("fetch.0", DONE), ("fetch.1", WAITING)], "Fetching sources"),
        (JobState.PROCESSING, [("fetch.0", DONE), ("listen.0", DOING)], "Analyzing audio"),
        (JobState.PROCESSING, [("recognise.0", DOING), ("main", WAITING)], "Transcribing speech"),
        (JobState.PROCESSING, [("recognise.0", DOING), ("fetch.2", DOING)], "Fetching sources"),
        (JobState.PROCESSING, [("recognise.0", DONE), ("captions", WAITING)], "Generating subtitles"),
        (JobState.PROCESSING, [("captions", DONE), ("main", DOING)], "Generating video with FFmpeg"),
        (JobState.PROCESSING, [("captions", DONE)], "Generating video with FFmpeg"),
        (JobState.COMPLETED, [("main", DONE)], "Video generation completed"),
        (JobState.FAILED, [("main", StepState.FAILED)], "Video generation failed"),
        (JobState.CANCELLED, [("main", StepState.CANCELLED)], "Video generation cancelled"),
    ],
)
def test_current_steps(
    client: Client, cinema: Cinema, state: JobState, steps: list[tuple[str, StepState]], words: str
) -> None:
    cinema.making(7, [step(*each) for each in steps], state=state)
    for rest in ("", "/status"):
        assert data(client.get(url(rest=rest)))["current_step"] == words


@pytest.mark.parametrize(
    ("steps", "state", "log"),
    [
        ([], JobState.PENDING, []),
        ([("fetch.0", WAITING, {}), ("main", WAITING, {})], JobState.PENDING, []),
        (  # known already: nothing was to be done
            [("recognise.0", DONE, {"known": True})],
            JobState.PROCESSING,
            [entry("00:00", "transcription", "completed", duration=0.0)],
        ),
        (
            [("fetch.0", DONE, {"started_at": at(2)}),
             ("listen.0", DOING, {"started_at": at(4), "fraction": 0.5}), ("listen.1", WAITING, {})],
            JobState.PROCESSING,
            [entry("00:02", "audio_analysis", "in_progress", progress=50)],
        ),
        (
            [("fetch.0", StepState.FAILED, {"started_at": at(2), "ended_at": at(3), "seconds": 1.0}),
             ("fetch.1", StepState.CANCELLED, {}), ("main", StepState.CANCELLED, {})],
            JobState.FAILED,
            [entry("00:03", "audio_analysis", "failed", duration=1.0)],
        ),
        (
            [("captions", DONE, {"ended_at": at(9), "seconds": 2.0}),
             ("main", StepState.CANCELLED, {"started_at": at(9), "ended_at": at(12), "seconds": 3.0})],
            JobState.CANCELLED,
            [entry("00:09", "subtitle_generation", "completed", duration=2.0),
             entry("00:12", "video_generation", "cancelled", duration=3.0)],
        ),
        (
            [("fetch.0", DONE, {"ended_at": at(3)}), ("listen.0", WAITING, {})],
            JobState.FAILED,
            [entry("00:03", "audio_analysis", "cancelled", duration=0.0)],
        ),
    ],
)  # fmt: skip
def test_logs(client: Client, cinema: Cinema, steps: list[Any], state: JobState, log: list[Any]) -> None:
    cinema.making(7, [step(name, each, **more) for name, each, more in steps], state=state)
    assert data(client.get(url()))["processing_log"] == log


@pytest.mark.parametrize(("progress", "shown"), [(0.0, 0), (0.9, 0), (99.9, 99), (100.0, 99)])
def test_progress_is_100_when_it_is_done(client: Client, cinema: Cinema, progress: float, shown: int) -> None:
    cinema.making(7, progress=progress)
    assert data(client.get(url(rest="/status")))["progress"] == shown


def test_a_job_that_failed(client: Client, cinema: Cinema) -> None:
    error = JobError(code="media_error", message="scenes[0].elements[0] could not be fetched: 404.")
    cinema.making(7, state=JobState.FAILED, error=error, completed_at=at(9))
    for rest in ("", "/status"):
        found = data(client.get(url(rest=rest)))
        assert (found["status"], found["result"]) == ("failed", None)
        assert found["error"] == {"code": "MEDIA_ERROR", "message": error.message}


def test_a_job_whose_video_was_deleted(client: Client, cinema: Cinema) -> None:
    cinema.film(7, removed_at=at(200))
    found = data(client.get(url(rest="/status")))
    assert (found["status"], found["progress"], found["result"]) == ("completed", 100, None)


def test_a_list(client: Client, cinema: Cinema) -> None:
    for number in (1, 2):
        cinema.making(number, UNDER_WAY)
    cinema.film(3)
    found = data(client.get(f"{BASE}/jobs", params={"limit": 2}))
    assert found["pagination"] == {"limit": 2, "offset": 0, "total": 3, "has_more": True}
    assert [each["id"] for each in found["jobs"]] == [str(UUID(int=3)), str(UUID(int=2))]
    assert found["jobs"][1] == {
        "id": str(UUID(int=2)),
        "status": "processing",
        "progress": 75,
        "current_step": "Generating video with FFmpeg",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:45Z",
    }
    found = data(client.get(f"{BASE}/jobs?status=processing&offset=1"))
    assert found["pagination"] == {"limit": 20, "offset": 1, "total": 2, "has_more": False}
    asked = cinema.asked(LIST_MAKINGS)[-1]
    assert (asked.states, asked.family, asked.kept) == ([JobState.PROCESSING], "videocraft", False)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"limit": "0"}, {"limit"}),
        ({"limit": "101"}, {"limit"}),
        ({"limit": "x", "offset": "-1", "status": "done"}, {"limit", "offset", "status"}),
        ({"limit": "1e1"}, {"limit"}),
        ({"offset": "9" * 30}, {"offset"}),
        ({"limit": ""}, {"limit"}),
        ({"status": "PROCESSING"}, {"status"}),
        ({"status": ""}, {"status"}),
    ],
)
def test_queries_that_make_no_sense(client: Client, cinema: Cinema, query: Any, names: set[str]) -> None:
    for path in ("jobs", "videos"):
        assert set(problems(client.get(f"{BASE}/{path}", params=query))) == names
    assert cinema.calls == []


def test_cancel(client: Client, cinema: Cinema) -> None:
    cinema.making(7, UNDER_WAY)
    for _ in range(2):  # twice is all right
        answer = client.post(url(rest="/cancel"))
        found = data(answer, "message")
        assert answer.json()["message"] == "Job cancelled successfully"
        assert found == {"job_id": str(JOB), "status": "cancelled", "cancelled_at": "2026-01-01T00:01:30Z"}
    assert data(client.get(url(rest="/status")))["status"] == "cancelled"


@pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.FAILED])
def test_what_has_ended_is_not_cancelled(client: Client, cinema: Cinema, state: JobState) -> None:
    cinema.making(7, state=state)
    body = refusal(client.post(url(rest="/cancel")), 409, "JOB_NOT_CANCELLABLE")
    assert state.value in body["error"]


@pytest.mark.parametrize(
    "job_id",
    ["x", "7", str(UUID(int=999)), JOB.hex, f"{{{JOB}}}", f"video_{JOB.hex}", "%00", "会话", "..%2f"],
)
def test_jobs_that_are_not_there(client: Client, cinema: Cinema, job_id: str) -> None:
    cinema.film(7)
    for method, rest in (("GET", ""), ("GET", "/status"), ("POST", "/cancel")):
        answer = client.request(method, f"{BASE}/jobs/{job_id}{rest}")
        refusal(answer, 404, "JOB_NOT_FOUND" if "%2f" not in job_id else answer.json()["code"])
    assert cinema.asked(CANCEL_JOB) == []


def test_jobs_of_other_families_are_not_here(client: Client, cinema: Cinema) -> None:
    cinema.making(7, family="jobs")
    cinema.film(8, family="jobs")
    for method, rest in (("GET", ""), ("GET", "/status"), ("POST", "/cancel")):
        refusal(client.request(method, url(rest=rest)), 404, "JOB_NOT_FOUND")
    refusal(client.get(f"{BASE}/videos/video_{UUID(int=8).hex}"), 404, "VIDEO_NOT_FOUND")
    assert cinema.asked(CANCEL_JOB) == []


def test_a_job_that_goes_while_it_is_cancelled(client: Client, cinema: Cinema) -> None:
    cinema.making(7)
    cinema.fail(CANCEL_JOB, NotFoundError("There is no such job."))
    refusal(client.post(url(rest="/cancel")), 404, "JOB_NOT_FOUND")
