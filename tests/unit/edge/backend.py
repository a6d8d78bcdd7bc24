"""Stand-ins for what is behind the edge, and the edge's application over them."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import uvicorn
from litestar import Litestar

from libs.chassis.bus import Bus
from libs.chassis.codec import decode, encode
from libs.chassis.health import ASGIApp, Health, Shell
from libs.chassis.links import Links
from libs.chassis.proxies import Proxies
from libs.chassis.service import _http_config
from libs.chassis.settings import HttpSettings
from libs.chassis.storage import Storage
from libs.contracts import editor, rpc
from libs.contracts.base import Method
from libs.contracts.editor import EditStatus, Execution, QueuedEdit, Video, VideoList
from libs.contracts.errors import ConflictError, MediaError, NotFoundError, TooLargeError
from libs.contracts.jobs import Job, JobState
from libs.contracts.media import Asset, ObjectRef
from libs.contracts.rpc import Done, JobList, UploadTicket
from services.edge.api import litestar
from services.edge.contracts.video_editor.editing import Editing
from services.edge.contracts.video_editor.routes import router
from services.edge.contracts.video_editor.upload import VideoUpload
from services.edge.contracts.video_editor.videos import Videos
from services.edge.job_loader import JobLoader
from services.edge.uploads import Uploader
from services.edge.waiting import EndWaiter
from tests.unit.samples import EPOCH, info, job

EXECUTION = UUID(int=77)
Answer = Callable[[Any], Any]


def video(number: int, **changes: Any) -> Video:
    """A video with the id `number`; a made one when it has an `operation`."""
    folder = "modi" if "operation" in changes else "origin"
    fields: dict[str, Any] = {
        "video_id": number,
        "path": f"/storage/{folder}/clip{number}.mp4",
        "created_at": EPOCH,
        "object": ObjectRef(
            key=f"videos/{number}", size=10, sha256=f"{number:064x}", content_type="video/mp4"
        ),
        "info": info(),
    }
    return Video(**(fields | changes))


class Objects:
    """Storage that is a dict."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.types: dict[str, str] = {}

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], content_type: str, *, max_size: int
    ) -> ObjectRef:
        data = b""
        async for chunk in chunks:
            data += chunk
            if len(data) > max_size:
                raise TooLargeError("The file is larger than the limit.")
        self.content[key], self.types[key] = data, content_type
        digest = hashlib.sha256(data).hexdigest()
        return ObjectRef(key=key, size=len(data), sha256=digest, content_type=content_type)

    async def stat(self, key: str) -> None:
        if key not in self.content:
            raise NotFoundError("There is no such object.")

    async def get(self, key: str, offset: int = 0, length: int = 0) -> AsyncIterator[bytes]:
        yield self.content[key][offset : offset + length if length else None]


class Backend:
    """Ingest and jobs, as far as the edge can tell: every request goes over the wire's codec. Set `answers`
    to change what a method does; `calls` are the requests by method."""

    def __init__(self) -> None:
        self.objects = Objects()
        self.assets: dict[UUID, str] = {}
        self.abandoned: list[UUID] = []
        self.videos: dict[int, Video] = {}
        self.state = JobState.COMPLETED
        self.edits: list[EditStatus] = []
        self.calls: list[tuple[Method[Any], Any]] = []
        self.counts: Counter[str] = Counter()
        self.answers: dict[str, Answer] = {
            rpc.BEGIN_UPLOAD.subject: self._begin,
            rpc.COMPLETE_UPLOAD.subject: self._complete,
            rpc.ABANDON_UPLOAD.subject: self._abandon,
            rpc.GET_JOBS.subject: lambda request: JobList(jobs=[self.job()]),
            editor.REGISTER_VIDEOS.subject: self._register,
            editor.GET_VIDEO.subject: lambda request: self._video(request.video_id),
            editor.FIND_VIDEO.subject: self._find,
            editor.LIST_VIDEOS.subject: self._list,
            editor.QUEUE_EDIT.subject: lambda request: QueuedEdit(edit_id=1, video_id=20),
            editor.EXECUTE_QUEUE.subject: self._execute,
            editor.GET_EXECUTION.subject: self._execution,
        }

    async def call(self, method: Method[Any], request: Any) -> Any:
        request = decode(encode(request), method.request)
        self.calls.append((method, request))
        self.counts[method.subject] += 1
        return self.answers[method.subject](request)

    async def check(self) -> None:
        """Of the database, and of storage."""

    def asked(self, method: Method[Any]) -> list[Any]:
        return [request for each, request in self.calls if each is method]

    def add(self, *videos: Video) -> None:
        for each in videos:
            self.videos[each.video_id] = each
            if each.object:
                self.objects.content[each.object.key] = b"0123456789"

    def job(self) -> Job:
        return job(
            77, key="edits/77", state=self.state, family="video-editor", kind="edit_queue", channel=None
        )

    # --- ingest -----------------------------------------------------------------------------------

    def _begin(self, request: rpc.BeginUpload) -> UploadTicket:
        asset_id = UUID(int=100 + self.counts[rpc.BEGIN_UPLOAD.subject])
        self.assets[asset_id] = request.name
        return UploadTicket(asset_id=asset_id, key=f"uploads/{asset_id}")

    def _complete(self, request: rpc.CompleteUpload) -> Asset:
        key = f"uploads/{request.asset_id}"
        if request.require_video and not self.objects.content[key].startswith(b"video"):
            raise MediaError("Nothing in this video could be decoded.")
        return Asset(
            asset_id=request.asset_id,
            owner="public",
            name=self.assets[request.asset_id],
            declared_type=self.objects.types[key],
            created_at=EPOCH,
            object=ObjectRef(key=key, size=request.size, sha256=request.sha256),
        )

    def _abandon(self, request: rpc.AbandonUpload) -> Done:
        self.abandoned.append(request.asset_id)
        return Done()

    # --- jobs -------------------------------------------------------------------------------------

    def _register(self, request: editor.RegisterVideos) -> VideoList:
        first = max(self.videos, default=12) + 1
        made = [video(first + index) for index, _ in enumerate(request.asset_ids)]
        self.add(*made)
        return VideoList(videos=made)

    def _video(self, video_id: int) -> Video:
        if video_id not in self.videos:
            raise NotFoundError("There is no video with this id.")
        return self.videos[video_id]

    def _find(self, request: editor.FindVideo) -> Video:
        for each in self.videos.values():
            if each.path == request.path:
                return each
        raise NotFoundError("File not found")

    def _list(self, request: editor.ListVideos) -> VideoList:
        ids = sorted(self.videos)[request.offset : request.offset + request.limit]
        return VideoList(videos=[self.videos[each] for each in ids])

    def _execute(self, request: editor.ExecuteQueue) -> Execution:
        if not self.edits:
            raise ConflictError("Nothing waits.")
        return Execution(job=self.job(), edits=self.edits)

    def _execution(self, request: editor.GetExecution) -> Execution:
        if request.job_id != EXECUTION:
            raise NotFoundError("There is no such execution.")
        return Execution(job=self.job(), edits=self.edits)


def edge(backend: Backend, **settings: Any) -> SimpleNamespace:
    """The application (`app`) over `backend`, and its `waiter`."""
    found: dict[str, Any] = {"timeout": 60.0, "limit": 3, "public_url": None, "max_form": 1, "max_size": 4096}
    found |= settings
    bus, storage = cast("Bus", backend), cast("Storage", backend.objects)
    uploader = Uploader(bus, storage, max_size=found["max_size"], max_uploads=2)
    uploads = VideoUpload(bus, uploader, max_form=found["max_form"], max_files=3)
    waiter = EndWaiter(JobLoader(bus), limit=found["limit"], recheck=0.02)
    videos = Videos(bus, storage)
    editing = Editing(bus, waiter, timeout=found["timeout"])
    links = Links(found["public_url"], Proxies(["127.0.0.0/8"]))
    app: Litestar = litestar([router(uploads, videos, editing, links)])
    return SimpleNamespace(app=app, waiter=waiter, editing=editing)


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[int]:
    """The port of a real server, as every service has it, in front of `app`."""
    shell = Shell(Health())
    shell.app = app
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # a client may come before the server runs
        server = uvicorn.Server(_http_config(shell, HttpSettings()))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await running
