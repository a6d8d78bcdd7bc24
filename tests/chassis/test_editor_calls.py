"""The video editor over the bus: the jobs service as it is composed, and stand-ins for its neighbours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.chassis.bus import Bus
from libs.chassis.health import Health
from libs.contracts.base import Message, Method
from libs.contracts.editor import (
    EXECUTE_QUEUE,
    FIND_VIDEO,
    GET_EXECUTION,
    GET_VIDEO,
    LIST_VIDEOS,
    QUEUE_EDIT,
    REGISTER_VIDEOS,
    EncodeEdit,
    ExecuteQueue,
    Execution,
    FindVideo,
    GetExecution,
    GetVideo,
    ListVideos,
    QueuedEdit,
    QueueEdit,
    RegisterVideos,
    TrimEdit,
    VideoList,
)
from libs.contracts.errors import ConflictError, InvalidInputError, NotFoundError
from libs.contracts.jobs import EditQueueSpec, JobState
from libs.contracts.media import Asset
from libs.contracts.rpc import (
    CLAIM_TASK,
    GET_ASSET,
    SUBMIT_JOBS,
    TRY_ENCODING,
    ClaimTask,
    GetAsset,
    Submission,
    SubmitJobs,
)
from libs.contracts.tasks import (
    CANCEL_TASKS,
    TASK_COMPLETED,
    TASK_FAILED,
    TASK_PROGRESS,
    CancelTasks,
    TaskCompleted,
    TaskFailed,
    TaskProgress,
)
from services.jobs.app import compose
from services.jobs.models import TaskRow
from services.jobs.settings import JobsSettings
from tests.chassis.buses import running, until
from tests.chassis.databases import Jobs, opened
from tests.chassis.editors import rendered, try_encoding
from tests.chassis.servers import Nats
from tests.unit.samples import asset

pytestmark = pytest.mark.anyio


class Neighbours:
    """Ingest, transcode and the edge in one."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self.bus: Bus
        self.stopped: set[UUID] = set()

    def serve(self, bus: Bus) -> None:
        bus.serve(GET_ASSET, self._get_asset)
        bus.serve(TRY_ENCODING, try_encoding)
        bus.listen(CANCEL_TASKS, self._on_cancel)

    async def _get_asset(self, request: GetAsset) -> Asset:
        return asset(request.asset_id.int)

    async def _on_cancel(self, message: CancelTasks) -> None:
        self.stopped.update(message.task_ids)

    async def call(self, method: Method[Any], request: Message) -> Any:
        return await self.bus.call(method, request)

    async def register(self) -> int:
        request = RegisterVideos(owner="public", asset_ids=[UUID(int=1)])
        videos: VideoList = await self.call(REGISTER_VIDEOS, request)
        return videos.videos[0].video_id

    async def queue(self, edit: TrimEdit | EncodeEdit) -> int:
        request = QueueEdit(owner="public", request_code="user", edit=edit, request={"video_id": 1})
        queued: QueuedEdit = await self.call(QUEUE_EDIT, request)
        return queued.video_id

    async def execute(self) -> Execution:
        request = ExecuteQueue(owner="public", request_code="user")
        execution: Execution = await self.call(EXECUTE_QUEUE, request)
        return execution

    async def look(self, execution: Execution) -> Execution:
        request = GetExecution(owner="public", job_id=execution.job.job_id)
        found: Execution = await self.call(GET_EXECUTION, request)
        return found

    async def tasks(self, *videos: int) -> list[TaskRow]:
        """Of these videos, once they are released."""

        async def released() -> list[TaskRow]:
            rows = {row.name: row for row in await self.jobs.tasks("released", "running")}
            found = [rows.get(f"video {video}") for video in videos]
            return [row for row in found if row is not None] if None not in found else []

        rows: list[TaskRow] = await until(released)
        return rows

    async def claim(self, task: TaskRow) -> None:
        assert (await self.call(CLAIM_TASK, ClaimTask(task_id=task.task_id))).run

    async def complete(self, task: TaskRow) -> None:
        fact = TaskCompleted(
            task_id=task.task_id, job_id=task.job_id, fingerprint=task.fingerprint, result=rendered(1)
        )
        await self.bus.publish(TASK_COMPLETED, fact, message_id=f"{task.task_id}.done")

    async def fail(self, task: TaskRow) -> None:
        fact = TaskFailed(
            task_id=task.task_id, job_id=task.job_id, code="media_error", message="Broken.", attempts=1
        )
        await self.bus.publish(TASK_FAILED, fact, message_id=f"{task.task_id}.failed")


@pytest.fixture
async def neighbours(nats: Nats, database_url: str) -> AsyncIterator[Neighbours]:
    fields = nats.settings().model_dump() | {"database_url": database_url, "dispatch_interval": 0.1}
    async with opened(database_url) as database:
        stage = Neighbours(Jobs(database))
        async with (
            running(nats, stage.serve, "neighbours") as stage.bus,
            compose(JobsSettings(**fields), Health()),
        ):
            yield stage


async def test_from_upload_to_result(neighbours: Neighbours) -> None:
    source = await neighbours.register()
    part = await neighbours.queue(TrimEdit(video_id=source, start=0.5, end=1.5))
    encoded = await neighbours.queue(
        EncodeEdit(
            video_id=part, video_codec="libx265", audio_codec="aac", width=320, height=240, frame_rate=25
        )
    )
    execution = await neighbours.execute()
    for task in await neighbours.tasks(part, encoded):
        await neighbours.claim(task)
        await neighbours.complete(task)

    async def ended() -> Execution | None:
        found = await neighbours.look(execution)
        return found if found.job.state.terminal else None

    found: Execution = await until(ended)
    assert found.job.state is JobState.COMPLETED
    assert [edit.state for edit in found.edits] == ["completed", "completed"]
    videos = (await neighbours.call(LIST_VIDEOS, ListVideos(owner="public"))).videos
    assert [video.video_id for video in videos] == [source, part, encoded]
    video = await neighbours.call(GET_VIDEO, GetVideo(video_id=part, owner="public"))
    assert await neighbours.call(FIND_VIDEO, FindVideo(path=video.path, owner="public")) == video
    assert msgspec.structs.replace(video, object=None, info=None) == videos[1]


async def test_errors_keep_their_names(neighbours: Neighbours) -> None:
    source = await neighbours.register()
    with pytest.raises(NotFoundError):
        await neighbours.call(GET_VIDEO, GetVideo(video_id=source + 1, owner="public"))
    with pytest.raises(ConflictError):
        await neighbours.execute()
    with pytest.raises(InvalidInputError):
        await neighbours.queue(TrimEdit(video_id=source, start=5.0, end=6.0))
    with pytest.raises(InvalidInputError, match="nonsense"):
        await neighbours.queue(
            EncodeEdit(
                video_id=source, video_codec="nonsense", audio_codec="aac", width=16, height=16, frame_rate=5
            )
        )
    spec = EditQueueSpec(request_code="user", video_ids=[source])
    with pytest.raises(InvalidInputError):
        await neighbours.call(
            SUBMIT_JOBS,
            SubmitJobs(owner="public", family="jobs", submissions=[Submission(key="k", spec=spec)]),
        )


async def test_workers_of_what_failed_with_another_are_stopped(neighbours: Neighbours) -> None:
    source = await neighbours.register()
    bad = await neighbours.queue(TrimEdit(video_id=source, start=0.5, end=1.5))
    follower = await neighbours.queue(TrimEdit(video_id=bad, start=0.0, end=0.5))
    other = await neighbours.queue(TrimEdit(video_id=source, start=0.7, end=1.5))
    await neighbours.execute()
    tasks = await neighbours.tasks(bad, follower, other)
    for task in tasks:
        await neighbours.claim(task)
    await neighbours.fail(tasks[0])
    await until(lambda: tasks[1].task_id in neighbours.stopped)
    assert tasks[2].task_id not in neighbours.stopped
    neighbours.stopped.clear()  # as if a worker had missed it
    late = TaskProgress(task_id=tasks[1].task_id, job_id=tasks[1].job_id, fraction=0.5)
    await neighbours.bus.signal(TASK_PROGRESS, late)
    await until(lambda: neighbours.stopped == {tasks[1].task_id})
