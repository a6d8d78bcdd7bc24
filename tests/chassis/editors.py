"""The video editor of the jobs service on a real database; assets and workers are numbers."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import col, select

from libs.chassis.database import Database
from libs.contracts.editor import (
    ConcatEdit,
    Edit,
    EncodeEdit,
    ExecuteQueue,
    Execution,
    GetExecution,
    GetVideo,
    ListVideos,
    QueuedEdit,
    QueueEdit,
    RegisterVideos,
    TrimEdit,
    Video,
)
from libs.contracts.errors import InvalidInputError, NotFoundError
from libs.contracts.jobs import Job, JobError
from libs.contracts.media import Asset, MediaInfo, ObjectRef
from libs.contracts.rpc import EncodingTrial, TryEncoding
from libs.contracts.tasks import RenderResult, RenderTask, Task
from services.jobs import workflow
from services.jobs.editor.execute import Executor
from services.jobs.editor.library import Library
from services.jobs.editor.queue import Queue
from services.jobs.models import TaskRow
from services.jobs.repository import Repository
from services.jobs.results import remember_result
from tests.unit.samples import asset, info, video

OWNER = "public"
BROKEN = JobError(code="media_error", message="It is broken.")
FAMILIES = {"libx264": "h264", "libx265": "hevc"}


async def try_encoding(request: TryEncoding) -> EncodingTrial:
    family = FAMILIES.get(request.video_codec)
    if family is None:
        raise InvalidInputError(f"There is no encoder named {request.video_codec!r}.")
    return EncodingTrial(
        video_encoder=request.video_codec,
        video_family=family,
        audio_encoder=request.audio_codec,
        audio_family=request.audio_codec,
        container=request.container,
    )


class Editing:
    """Calls the editor as the edge does, under one `code`, and does the work of its tasks."""

    def __init__(self, database: Database, code: str = "user", owner: str = OWNER) -> None:
        self.database = database
        self.repository = Repository(database)
        self.code, self.owner = code, owner
        self.assets: dict[UUID, Asset] = {}
        self.library = Library(self.repository, self._get_asset)
        self.edits = Queue(self.repository, try_encoding)
        self.executor = Executor(self.repository, time_limit=60)
        self._numbers = count(1)

    async def _get_asset(self, asset_id: UUID, owner: str) -> Asset:
        found = self.assets.get(asset_id)
        if found is None or found.owner != owner:
            raise NotFoundError("There is no such asset.")
        return found

    def asset(self, name: str = "clip.mp4", *, content: int | None = None, **changes: Any) -> UUID:
        """An asset whose bytes are a number."""
        number = next(self._numbers)
        sha256 = f"{content or number:064x}"
        made = asset(number, sha256=sha256, name=name, owner=self.owner, **changes)
        self.assets[made.asset_id] = made
        return made.asset_id

    async def register(self, *asset_ids: UUID) -> list[Video]:
        request = RegisterVideos(owner=self.owner, asset_ids=list(asset_ids))
        return (await self.library.register(request)).videos

    async def upload(self, name: str = "clip.mp4", **changes: Any) -> int:
        (found,) = await self.register(self.asset(name, **changes))
        return found.video_id

    async def get(self, video_id: int) -> Video:
        return await self.library.get(GetVideo(video_id=video_id, owner=self.owner))

    async def ids(self) -> list[int]:
        page = await self.library.page(ListVideos(owner=self.owner, limit=1000))
        return [found.video_id for found in page.videos]

    async def queue(self, edit: Edit) -> QueuedEdit:
        request = {"edit": type(edit).__name__}
        return await self.edits.add(
            QueueEdit(owner=self.owner, request_code=self.code, edit=edit, request=request)
        )

    async def trim(self, video_id: int, start: float = 0.0, end: float = 1.0) -> int:
        """As the others, the id that is reserved for the result."""
        return (await self.queue(TrimEdit(video_id=video_id, start=start, end=end))).video_id

    async def concat(self, *video_ids: int) -> int:
        return (await self.queue(ConcatEdit(video_ids=list(video_ids)))).video_id

    async def encode(self, video_id: int, codec: str = "libx265") -> int:
        edit = EncodeEdit(
            video_id=video_id, video_codec=codec, audio_codec="aac", width=320, height=240, frame_rate=25
        )
        return (await self.queue(edit)).video_id

    async def execute(self) -> Execution:
        return await self.executor.execute(ExecuteQueue(owner=self.owner, request_code=self.code))

    async def look(self, execution: Execution) -> Execution:
        request = GetExecution(owner=self.owner, job_id=execution.job.job_id)
        return await self.executor.find(request)

    # --- what workers do --------------------------------------------------------------------------

    async def task(self, video_id: int) -> TaskRow:
        """The task that makes a video."""
        async with self.database.transaction() as session:
            rows = await session.exec(select(TaskRow).where(col(TaskRow.name) == f"video {video_id}"))
            return rows.one()

    async def work(self, video_id: int) -> RenderTask:
        spec = msgspec.convert((await self.task(video_id)).payload, Task).spec
        assert isinstance(spec, RenderTask)
        return spec

    async def claim(self, video_id: int, *, replayed: bool = False) -> Job | None:
        task_id = (await self.task(video_id)).task_id
        return await self.repository.change(
            task_id, partial(workflow.claimed, task_id=task_id, replayed=replayed)
        )

    async def complete(self, *video_ids: int) -> None:
        for video_id in video_ids:
            task = await self.task(video_id)
            step = partial(workflow.completed, task_id=task.task_id, result=rendered(video_id))
            async with self.repository.transaction() as session:
                await remember_result(session, task.fingerprint, rendered(video_id))
                await self.repository.change_job(session, task.job_id, step)

    async def fail(self, video_id: int, error: JobError = BROKEN) -> None:
        task_id = (await self.task(video_id)).task_id
        await self.repository.change(task_id, partial(workflow.failed, task_id=task_id, error=error))


def rendered(number: int) -> RenderResult:
    """What a worker found in a result: its sizes tell it from what was foretold."""
    return RenderResult(artifact=artifact(number), info=probed())


def artifact(number: int) -> ObjectRef:
    return ObjectRef(key=f"results/{number}/trim.mp4", size=77, sha256=f"{10**6 + number:064x}")


def probed() -> MediaInfo:
    return info(size=77, duration=0.96, video=video(duration=0.96))
