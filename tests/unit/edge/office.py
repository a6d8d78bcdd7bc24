"""Jobs and files of users behind the edge, and its application over them as product back ends reach it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar.testing import TestClient

from libs.contracts import rpc
from libs.contracts.errors import ConflictError, NotFoundError
from libs.contracts.jobs import Job, JobState, VideoEditSpec
from libs.contracts.media import Asset, ObjectRef
from libs.contracts.rpc import JobDetail, JobDetails, JobList, JobPage, UploadTicket
from libs.contracts.tasks import RenderResult
from libs.contracts.video_edit import Wanted
from services.edge.contracts.jobs.errors import PREFIXES
from tests.signing import hs256
from tests.unit.edge.backend import Backend
from tests.unit.edge.motion import motion_edge
from tests.unit.edge.verifying import Keys
from tests.unit.samples import SHA, asset, at, info, job, video

Client = TestClient[Any]
ANN, BOB = "user:ann", "user:bob"
ASSET = UUID(int=500)
VIDEO = b"....ftyp the output"
EDIT = {
    "input_path": f"/uploads/{ASSET}",
    "target_duration": 30.0,
    "target_width": 1080,
    "target_height": 1920,
    "target_lufs": -14.0,
}
NEW = {"job_type": "VIDEO_EDIT", "input_data": EDIT}


class Office(Backend):
    """As well as a `Backend`, jobs and assets with owners. `added` are jobs by their ids."""

    def __init__(self) -> None:
        super().__init__()
        self.added: dict[UUID, JobDetail] = {}
        self.stored = {ASSET: asset(500, owner=ANN)}
        self.owners: dict[UUID, str] = {}
        self.answers |= {
            rpc.GET_ASSET.subject: self._asset,
            rpc.SUBMIT_JOBS.subject: self._submit,
            rpc.GET_JOBS.subject: self._by_keys,
            rpc.GET_JOB.subject: self._detail,
            rpc.GET_DETAILS.subject: self._details,
            rpc.LIST_JOBS.subject: self._page,
            rpc.CANCEL_JOB.subject: self._cancel,
        }

    def fail(self, method: Any, error: Exception) -> None:
        def failing(_: Any) -> Any:
            raise error

        self.answers[method.subject] = failing

    def have(self, number: int, **changes: Any) -> Job:
        """A job of ann's, of a VIDEO_EDIT."""
        fields = {"key": f"job/{number}", "owner": ANN, "family": "jobs", "kind": "video_edit"}
        found = job(number, **(fields | {"channel": "user/ann"} | changes))
        spec = VideoEditSpec(wanted=Wanted(duration=30, width=64, height=64), given=EDIT)
        ended = found.updated_at if found.state.terminal else None
        self.added[found.job_id] = JobDetail(job=found, spec=spec, completed_at=ended)
        return found

    def made(self, number: int, **changes: Any) -> Job:
        """A completed one, whose output is stored."""
        key = f"results/{number}/output.mp4"
        artifact = ObjectRef(key=key, size=len(VIDEO), sha256=SHA, content_type="video/mp4")
        self.objects.content[key] = VIDEO
        shown = video(width=1080, height=1920, display_width=1080, display_height=1920)
        result = RenderResult(artifact=artifact, info=info(video=shown, duration=30.0))
        done = {"state": JobState.COMPLETED, "progress": 100.0, "result": result, "updated_at": at(60)}
        return self.have(number, **(done | changes))

    def _begin(self, request: rpc.BeginUpload) -> UploadTicket:
        ticket = super()._begin(request)
        self.owners[ticket.asset_id] = request.owner
        return ticket

    def _complete(self, request: rpc.CompleteUpload) -> Asset:
        found = msgspec.structs.replace(super()._complete(request), owner=self.owners[request.asset_id])
        self.stored[found.asset_id] = found
        return found

    def _asset(self, request: rpc.GetAsset) -> Asset:
        found = self.stored.get(request.asset_id)
        if found is None or found.owner != request.owner:
            raise NotFoundError("There is no such file.")
        return found

    def _submit(self, request: rpc.SubmitJobs) -> JobList:
        (new,) = request.submissions
        known = [
            each.job
            for each in self.added.values()
            if (each.job.owner, each.job.key) == (request.owner, new.key)
        ]
        if known:
            return JobList(jobs=known)
        assert isinstance(new.spec, VideoEditSpec)
        number = 900 + len(self.added)
        state = JobState.PENDING
        fields = {"key": new.key, "owner": request.owner, "channel": request.channel, "state": state}
        found = self.have(number, **fields, family=request.family)
        self.added[found.job_id] = JobDetail(job=found, spec=new.spec)
        return JobList(jobs=[found])

    def _by_keys(self, request: rpc.GetJobs) -> JobList:
        jobs = [each.job for each in self.added.values()]
        return JobList(
            jobs=[each for each in jobs if each.owner == request.owner and each.key in request.keys]
        )

    def _detail(self, request: rpc.GetJob) -> JobDetail:
        found = self.added.get(request.job_id)
        if found is None or found.job.owner != request.owner:
            raise NotFoundError("There is no such job.")
        return found

    def _details(self, request: rpc.GetDetails) -> JobDetails:
        known = [(each.owner, self.added.get(each.job_id)) for each in request.jobs]
        return JobDetails(details=[found for owner, found in known if found and found.job.owner == owner])

    def _page(self, request: rpc.ListJobs) -> JobPage:
        jobs = [
            each.job
            for each in self.added.values()
            if (each.job.owner, each.job.family) == (request.owner, request.family)
            and (request.states is None or each.job.state in request.states)
        ]
        newest = sorted(jobs, key=lambda each: each.job_id, reverse=True)
        shown = newest[request.offset : request.offset + request.limit]
        return JobPage(total=len(jobs), jobs=[msgspec.structs.replace(each, result=None) for each in shown])

    def _cancel(self, request: rpc.CancelJob) -> Job:
        known = self._detail(rpc.GetJob(job_id=request.job_id, owner=request.owner)).job
        if known.state in (JobState.COMPLETED, JobState.FAILED):
            raise ConflictError(f"The job is {known.state.value} already.", state=known.state.value)
        found = msgspec.structs.replace(known, state=JobState.CANCELLED, updated_at=at(60))
        self.added[request.job_id] = JobDetail(job=found, spec=self.added[request.job_id].spec)
        return found


def bearer(user_id: str = "ann", **claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {hs256(sub=user_id, **claims)}"}


def office_client(
    office: Office, keys: Keys | None = None, *, whole: bool = False, **settings: Any
) -> Client:
    """To be entered. Requests are ann's unless they have headers of their own. It has the routes of this
    family alone, or of the `whole` application."""
    only = () if whole else PREFIXES
    found = {"jobs_rate": 10_000, "jobs_refused_rate": 10_000} | settings
    client = TestClient[Any](
        motion_edge(office, keys, only=only, **found).app, base_url="http://media.test:8000"
    )
    client.headers.update(bearer())
    return client


def refusal(answer: Any, status: int, error: str, *others: str) -> Any:
    """The body of a refusal in the family's envelope, which has `others` as well."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error", "message", *others}
    assert body["error"] == error
    assert answer.headers["content-type"] == "application/json"
    return body


def invalid(answer: Any, field: str) -> str:
    """What is wrong with a field."""
    body = refusal(answer, 400, "Bad Request", "details")
    assert body["message"] == "Invalid input data"
    assert set(body["details"]) == {"field", "error"}
    assert body["details"]["field"] == field
    words: str = body["details"]["error"]
    return words
