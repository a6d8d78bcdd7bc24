"""Movies of users behind the edge, and its application over them as clients of videocraft reach it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar.testing import TestClient

from libs.contracts import movies, rpc
from libs.contracts.captions import CaptionStyle
from libs.contracts.errors import ConflictError, NotFoundError
from libs.contracts.jobs import ComposeSpec, Job, JobState, StepState
from libs.contracts.media import ObjectRef
from libs.contracts.movie import Element, Movie, Scene
from libs.contracts.movies import JobCounts, Making, Makings, Step
from libs.contracts.rpc import Description, JobDetail, JobList
from libs.contracts.tasks import CaptionResult, RenderResult
from services.edge.contracts.videocraft.errors import PREFIXES
from tests.signing import SECRET
from tests.unit.edge.motion import motion_edge
from tests.unit.edge.office import ANN, Client, Office, bearer
from tests.unit.edge.verifying import Keys
from tests.unit.samples import SHA, at, info, job, video

BASE = "/api/v1"
FILM = b"....ftyp a movie"
SRT = "1\n00:00:00,000 --> 00:00:01,000\nÄ word\n".encode()
AUDIO = {"type": "audio", "src": "https://example.com/audio.mp3"}
MOVIE: dict[str, Any] = {
    "scenes": [{"elements": [AUDIO]}],
    "elements": [
        {"type": "subtitles", "settings": {"style": "progressive", "font-family": "Arial", "font-size": 24}}
    ],
}
COUNTS = JobCounts(
    states={"pending": 3, "processing": 2, "completed": 1247, "failed": 23, "cancelled": 5},
    today={"completed": 145, "failed": 3, "cancelled": 1},
    durations={"10": 45, "30": 234, "+Inf": 1247, "300": 1200},
    duration_sum=61_000.5,
)


def stored(key: str, data: bytes = FILM) -> ObjectRef:
    return ObjectRef(key=key, size=len(data), sha256=SHA, content_type="application/octet-stream")


def captions(number: int) -> CaptionResult:
    refs = [stored(f"results/{number}/captions.{kind}", SRT) for kind in ("ass", "srt", "vtt", "json")]
    ass, srt, vtt, json = refs
    return CaptionResult(artifact=ass, subrip=srt, webvtt=vtt, transcript=json, language="en", words=127)


def step(name: str, state: StepState = StepState.COMPLETED, **changes: Any) -> Step:
    return Step(name=name, state=state, **changes)


def steps(number: int) -> list[Step]:
    """Of a job that is completed."""
    times: dict[str, Any] = {"started_at": at(1), "ended_at": at(5)}
    return [
        step("fetch.0", **times, seconds=1.5),
        step("listen.0", **times, seconds=0.6),
        step("recognise.0", started_at=at(5), ended_at=at(20), seconds=15.8),
        step("captions", started_at=at(20), ended_at=at(23), seconds=3.2, result=captions(number)),
        step("main", started_at=at(23), ended_at=at(60), seconds=24.5),
    ]


class Cinema(Office):
    """As well as an `Office`, jobs that make movies: `makings`."""

    def __init__(self) -> None:
        super().__init__()
        self.makings: dict[UUID, Making] = {}
        self.ready = {"speech": True, "transcode": True}
        self.answers |= {
            rpc.SUBMIT_JOBS.subject: self._submit,
            rpc.CANCEL_JOB.subject: self._stop,
            movies.GET_MAKING.subject: self._making,
            movies.LIST_MAKINGS.subject: self._list_makings,
            movies.REMOVE_RESULT.subject: self._remove,
            movies.COUNT_JOBS.subject: lambda _: COUNTS,
            rpc.DESCRIBE_SPEECH.subject: lambda _: Description(tool="whisper", ready=self.ready["speech"]),
            rpc.DESCRIBE_TRANSCODE.subject: lambda _: Description(
                tool="ffmpeg", ready=self.ready["transcode"]
            ),
        }

    def making(self, number: int, found: list[Step] | None = None, **changes: Any) -> Making:
        """A job of ann's. `changes` are those of the job, or of the `Making`."""
        own = {
            name: changes.pop(name) for name in ("ready_at", "removed_at", "completed_at") if name in changes
        }
        fields = {"owner": ANN, "family": "videocraft", "kind": "compose", "channel": None, "asset_id": None}
        key = f"movie/{number}"
        made = job(number, **(fields | {"key": key, "updated_at": at(45), "progress": 75.9} | changes))
        captioned = Element(kind="subtitles", path="elements[0]", style=CaptionStyle(style="progressive"))
        spec = ComposeSpec(movie=Movie(scenes=[Scene()], elements=[captioned]), given=MOVIE)
        making = Making(job=made, steps=found or [], spec=spec, **own)
        self.makings[made.job_id] = making
        return making

    def film(self, number: int, **changes: Any) -> Making:
        """One that is completed, and whose files are stored."""
        key = f"results/{number}/movie.mp4"
        seen = video(display_width=1920, display_height=1080, frame_rate="30/1")
        result = RenderResult(artifact=stored(key), info=info(video=seen, duration=45.2))
        self.objects.content[key] = FILM
        for kind in ("srt", "vtt", "json"):
            self.objects.content[f"results/{number}/captions.{kind}"] = SRT
        done: dict[str, Any] = {"state": JobState.COMPLETED, "progress": 100.0, "completed_at": at(150)}
        done |= {"found": steps(number), "result": result}
        return self.making(number, **(done | changes))

    def movie(self) -> Movie:
        """The one that was submitted."""
        spec = self.submitted().submissions[0].spec
        assert isinstance(spec, ComposeSpec)
        return spec.movie

    def submitted(self) -> rpc.SubmitJobs:
        (request,) = self.asked(rpc.SUBMIT_JOBS)
        assert isinstance(request, rpc.SubmitJobs)
        return request

    def _submit(self, request: rpc.SubmitJobs) -> JobList:
        (new,) = request.submissions
        if not isinstance(new.spec, ComposeSpec):
            return super()._submit(request)
        jobs = [each.job for each in self.added.values()]
        known = [each for each in jobs if (each.owner, each.key) == (request.owner, new.key)]
        if known:
            return JobList(jobs=known)
        fields: dict[str, Any] = {"key": new.key, "owner": request.owner, "progress": 0.0}
        fields["state"] = JobState.PENDING
        found = self.making(900 + len(self.makings), **fields, family=request.family).job
        self.added[found.job_id] = JobDetail(job=found, spec=new.spec)
        return JobList(jobs=[found])

    def _making(self, request: movies.GetMaking) -> Making:
        found = self.makings.get(request.job_id)
        if found is None or (found.job.owner, found.job.family) != (request.owner, request.family):
            raise NotFoundError("There is no such job.")
        return found

    def _list_makings(self, request: movies.ListMakings) -> Makings:
        found = [
            each
            for each in self.makings.values()
            if each.job.owner == request.owner
            and (request.states is None or each.job.state in request.states)
            and (not request.kept or (each.job.state is JobState.COMPLETED and each.removed_at is None))
        ]
        found.sort(key=lambda each: each.job.job_id, reverse=True)
        shown = found[request.offset : request.offset + request.limit]
        return Makings(total=len(found), makings=[msgspec.structs.replace(each, spec=None) for each in shown])

    def _remove(self, request: movies.RemoveResult) -> Making:
        found = self._making(
            movies.GetMaking(job_id=request.job_id, owner=request.owner, family=request.family)
        )
        if found.job.state is not JobState.COMPLETED or found.removed_at is not None:
            raise NotFoundError("There is no result.")
        self.makings[request.job_id] = msgspec.structs.replace(found, removed_at=at(200))
        return self.makings[request.job_id]

    def _stop(self, request: rpc.CancelJob) -> Job:
        known = self.makings[request.job_id]
        if known.job.state in (JobState.COMPLETED, JobState.FAILED):
            raise ConflictError(f"The job is {known.job.state.value} already.")
        stopped = msgspec.structs.replace(known.job, state=JobState.CANCELLED, updated_at=at(90))
        self.makings[request.job_id] = msgspec.structs.replace(known, job=stopped)
        return stopped


def cinema_client(
    cinema: Cinema, keys: Keys | None = None, *, whole: bool = False, **settings: Any
) -> Client:
    """To be entered. Requests are ann's and have a CSRF token, unless they have headers of their own. It has
    the routes of this family alone, or of the `whole` application."""
    only = () if whole else PREFIXES
    found = {"videocraft_rate": 10_000, "jobs_refused_rate": 10_000, "signing_secret": SECRET} | settings
    edge = motion_edge(cinema, keys, only=only, **found)
    client = TestClient[Any](edge.app, base_url="http://media.test:8000")
    client.headers.update(bearer())
    client.headers["X-CSRF-Token"] = csrf_token(client)
    return client


def csrf_token(client: Client) -> str:
    token: str = client.get(f"{BASE}/csrf-token").json()["data"]["csrf_token"]
    return token


def refusal(answer: Any, status: int, code: str, *others: str) -> Any:
    """The body of a refusal in the family's envelope, which has `others` as well."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error", "code", "timestamp", "request_id", *others}
    assert body["code"] == code
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["request_id"].startswith("req_")
    assert body["timestamp"].endswith("Z")
    assert answer.headers["content-type"] == "application/json"
    return body


def problems(answer: Any) -> Any:
    """What is wrong, by its path."""
    body = refusal(answer, 400, "VALIDATION_ERROR", "details", "help_url")
    assert body["error"] == "Validation failed"
    assert body["help_url"] == "https://docs.videocraft.io/errors/validation"
    return body["details"]


def data(answer: Any, *others: str, status: int = 200) -> Any:
    """What a good answer brings, in the family's envelope."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"success", "data", "request_id", *others}
    assert body["success"] is True
    assert body["request_id"] == answer.headers["x-request-id"]
    return body["data"]
