"""Sessions behind the edge, and the edge's application over them as browsers reach it."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from litestar import Router
from litestar.testing import TestClient

from libs.chassis.bus import Bus
from libs.chassis.health import ASGIApp, Health
from libs.chassis.storage import Storage
from libs.contracts import rpc, sessions
from libs.contracts.errors import NotFoundError, TooManyRequestsError
from libs.contracts.jobs import Job, JobError, JobState
from libs.contracts.media import ObjectRef
from libs.contracts.rpc import JobList
from libs.contracts.sessions import ClosedSession, MotionSession, OpenedSession
from libs.contracts.tasks import MotionPhotoResult, RenderResult
from services.edge.api import litestar, reachable
from services.edge.auth.refusals import Refusals
from services.edge.contracts.motion_photo.errors import HEALTH, PREFIXES
from services.edge.contracts.videocraft.metrics import JobFigures
from services.edge.families import Parts, routers
from services.edge.job_loader import JobLoader
from services.edge.limits import Limit
from services.edge.settings import EdgeSettings
from services.edge.waiting import EndWaiter
from tests.unit.edge.backend import Backend
from tests.unit.edge.verifying import Keys, authenticator
from tests.unit.samples import EPOCH, SHA, info, job

Client = TestClient[Any]
SESSION = UUID("12345678-1234-4123-8123-123456789abc")
PREVIEW, PHOTO, THUMBNAIL = b"....ftyp the preview", b"\xff\xd8 the photo", b"\xff\xd8 the thumbnail"
FORM = {
    "session_id": str(SESSION), "range_start": "0", "range_end": "5", "cover_time": "2.5", "speed": "1.5"
}  # fmt: skip
ORIGIN = "http://localhost:5173"


class Studio(Backend):
    """As well as a `Backend`, the sessions service. `state` is that of its jobs, `failure` the message of a
    failed one; `closed` are sessions, `cancelled` jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.owner = "public"
        self.name = "holiday.mp4"
        self.open = False
        self.failure, self.failure_code = "No picture came out of it.", "media_error"
        self.closed: list[UUID] = []
        self.cancelled: list[UUID] = []
        self.answers |= {
            sessions.OPEN_SESSION.subject: self._open,
            sessions.GET_SESSION.subject: self._get,
            sessions.MAKE_MOTION_PHOTO.subject: self._make,
            sessions.TAKE_THUMBNAIL.subject: self._take,
            sessions.CLOSE_SESSION.subject: self._close,
            rpc.GET_JOBS.subject: lambda request: JobList(jobs=[self.work(key) for key in request.keys]),
            rpc.CANCEL_JOB.subject: self._cancel,
        }

    def work(self, key: str) -> Job:
        """The job under `key`, as `state` has it."""
        kind, number = ("preview", 1) if key.startswith("preview/") else ("motion_photo", 2)
        error = (
            JobError(code=self.failure_code, message=self.failure) if self.state is JobState.FAILED else None
        )
        result = self._result(kind) if self.state is JobState.COMPLETED else None
        return job(
            number,
            key=key,
            owner=self.owner,
            family="motion-photo",
            kind=kind,
            state=self.state,
            error=error,
            result=result,
        )

    def fail(self, method: Any, error: Exception) -> None:
        def failing(_: Any) -> Any:
            raise error

        self.answers[method.subject] = failing

    def _result(self, kind: str) -> Any:
        if kind == "preview":
            artifact = self._stored("preview.mp4", PREVIEW)
            return RenderResult(artifact=artifact, info=info())
        return MotionPhotoResult(artifact=self._stored("x.jpg", PHOTO), width=64, height=64, video_size=5)

    def _stored(self, name: str, data: bytes) -> ObjectRef:
        key = f"sessions/{SESSION}/{name}"
        self.objects.content[key] = data
        return ObjectRef(key=key, size=len(data), sha256=SHA)

    def _session(self, owner: str | None) -> MotionSession:
        if not self.open or owner not in (None, self.owner):
            raise NotFoundError("There is no such session, or it has expired.")
        return MotionSession(
            session_id=SESSION,
            owner=self.owner,
            asset_id=UUID(int=101),
            name=self.name,
            duration=6.0,
            created_at=EPOCH,
            expires_at=EPOCH,
        )

    def _open(self, request: sessions.OpenSession) -> OpenedSession:
        self.open, self.owner = True, request.owner
        return OpenedSession(session=self._session(None), job=self.work(f"preview/{SESSION}"))

    def _get(self, request: sessions.GetSession) -> MotionSession:
        return self._session(request.owner)

    def _make(self, request: sessions.MakeMotionPhoto) -> Job:
        self._session(request.owner)
        return self.work("motion/1")

    def _take(self, request: sessions.TakeThumbnail) -> ObjectRef:
        self._session(request.owner)
        return self._stored("1.jpg", THUMBNAIL)

    def _close(self, request: sessions.CloseSession) -> ClosedSession:
        self._session(request.owner)
        self.open = False
        self.closed.append(request.session_id)
        return ClosedSession()

    def _cancel(self, request: rpc.CancelJob) -> Job:
        self.cancelled.append(request.job_id)
        return self.work("motion/1")


class Counting:
    """A limiter whose windows never end."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()

    async def take(self, caller: str, limit: Limit) -> None:
        if self.taken[limit.name, caller] >= limit.count:
            raise TooManyRequestsError("Too many requests.", retry_after=17, limit=limit.count)
        self.taken[limit.name, caller] += 1


def motion_edge(
    studio: Backend, keys: Keys | None = None, *, only: tuple[str, ...] = (), **settings: Any
) -> SimpleNamespace:
    """The whole application (`app`) as the settings say, its `waiter`, `limiter` and `health`. With `only` it
    has no routes but those of families with such a path: it is built for every test."""
    usual: dict[str, Any] = {"trusted_proxies": ["10.0.0.0/8"], "allowed_hosts": ["*"]}
    found = EdgeSettings(**(usual | settings))
    bus, storage = cast("Bus", studio), cast("Storage", studio.objects)
    jobs, limiter, health = JobLoader(bus), Counting(), Health()
    health.started()
    waiter = EndWaiter(jobs, limit=found.max_executes, recheck=0.02)
    refusals = Refusals(limiter, rate=found.jobs_refused_rate)
    figures, known = JobFigures(bus), authenticator(keys or Keys())
    checks = {"database": studio.check, "storage": studio.check}
    parts = Parts(bus, storage, jobs, waiter, limiter, health, known, refusals, checks, figures)
    app: ASGIApp = reachable(
        litestar(_chosen(routers(parts, found), only)),
        hosts=found.hosts(),
        origins=found.cors_origins,
        motion_origins=found.motion_origins,
    )
    return SimpleNamespace(app=app, waiter=waiter, limiter=limiter, health=health)


def _chosen(families: list[Router], only: tuple[str, ...]) -> list[Router]:
    if not only:
        return families
    return [each for each in families if any(route.path.startswith(only) for route in each.routes)]


def client_of(studio: Studio, *, whole: bool = False, **settings: Any) -> Client:
    """To be entered. It has the routes of this family alone, or of the `whole` application."""
    only = () if whole else (*PREFIXES, HEALTH)
    return TestClient(motion_edge(studio, only=only, **settings).app, base_url="http://media.test:8000")


def refusal(answer: Any, status: int, code: str) -> str:
    """The words of a refusal in the family's envelope."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"detail", "error_code", "timestamp"}
    assert body["error_code"] == code
    assert answer.headers["content-type"] == "application/json"
    words: str = body["detail"]
    return words
