"""What reaches jobs.

Answers `jobs.submit`, `jobs.get`, `jobs.get_one`, `jobs.get_details`, `jobs.list`, `jobs.list_channel`,
`jobs.cancel`, `jobs.claim_task`. Consumes `task.completed`, `task.failed`, `task.stopped`, the signal
`task.progress`, and the server's advisories about tasks that nobody survived. Publishes (through the outbox)
`job.created`, `job.completed`, `job.failed`, `job.cancelled` and tasks; sends the signals `job.progress` and
`task.cancel`.
"""

from __future__ import annotations

import logging
from functools import partial
from uuid import UUID

from libs.chassis.advisories import consume_advisories
from libs.chassis.bus import Bus
from libs.chassis.codec import decode
from libs.chassis.delivery import DeadLetter, Delivery
from libs.contracts.errors import ConflictError, InvalidInputError, NotFoundError
from libs.contracts.jobs import JOB_PROGRESS, Job, JobError, JobProgressed, JobState
from libs.contracts.rpc import (
    CANCEL_JOB,
    CLAIM_TASK,
    GET_DETAILS,
    GET_JOB,
    GET_JOBS,
    LIST_CHANNEL_JOBS,
    LIST_JOBS,
    SUBMIT_JOBS,
    CancelJob,
    Claim,
    ClaimTask,
    GetDetails,
    GetJob,
    GetJobs,
    JobDetail,
    JobDetails,
    JobList,
    JobPage,
    ListChannelJobs,
    ListJobs,
    SubmitJobs,
)
from libs.contracts.streams import TASKS
from libs.contracts.tasks import (
    CANCEL_TASKS,
    TASK_COMPLETED,
    TASK_FAILED,
    TASK_PROGRESS,
    TASK_STOPPED,
    CancelTasks,
    TaskCompleted,
    TaskFailed,
    TaskHeader,
    TaskProgress,
    TaskStopped,
)
from services.jobs import workflow
from services.jobs.discards import Discards
from services.jobs.dispatch import Dispatcher
from services.jobs.repository import Repository
from services.jobs.results import remember_result
from services.jobs.submission import Submitter

log = logging.getLogger(__name__)

_MAX_KEYS = 500
_MAX_DETAILS = 10
_MAX_PAGE = 100


class Handlers:
    def __init__(
        self,
        bus: Bus,
        repository: Repository,
        submitter: Submitter,
        dispatcher: Dispatcher,
        discards: Discards,
    ) -> None:
        self._bus = bus
        self._repository = repository
        self._submitter = submitter
        self._dispatcher = dispatcher
        self._discards = discards

    def register(self) -> None:
        bus = self._bus
        bus.serve(SUBMIT_JOBS, self.submit)
        bus.serve(GET_JOBS, self.get)
        bus.serve(GET_JOB, self.get_one)
        bus.serve(GET_DETAILS, self.get_details)
        bus.serve(LIST_JOBS, self.list_jobs)
        bus.serve(LIST_CHANNEL_JOBS, self.list_channel)
        bus.serve(CANCEL_JOB, self.cancel)
        bus.serve(CLAIM_TASK, self.claim)
        bus.consume(TASK_COMPLETED, self.on_completed)
        bus.consume(TASK_FAILED, self.on_failed)
        bus.consume(TASK_STOPPED, self.on_stopped)
        bus.listen(TASK_PROGRESS, self.on_progress, shared=True)
        consume_advisories(bus, self.on_lost)

    # --- calls ------------------------------------------------------------------------------------

    async def submit(self, request: SubmitJobs) -> JobList:
        jobs = await self._submitter.submit(request)
        self._dispatcher.wake()
        return JobList(jobs=jobs)

    async def get(self, request: GetJobs) -> JobList:
        if len(request.keys) > _MAX_KEYS:
            raise InvalidInputError(f"At most {_MAX_KEYS} keys at once.")
        return JobList(jobs=await self._repository.jobs(request.owner, request.keys, results=request.results))

    async def get_one(self, request: GetJob) -> JobDetail:
        return await self._repository.detail(request.job_id, request.owner)

    async def get_details(self, request: GetDetails) -> JobDetails:
        if len(request.jobs) > _MAX_DETAILS:
            raise InvalidInputError(f"At most {_MAX_DETAILS} jobs at once.")
        return JobDetails(details=await self._repository.details(set(request.jobs)))

    async def list_jobs(self, request: ListJobs) -> JobPage:
        if not 1 <= request.limit <= _MAX_PAGE or request.offset < 0:
            raise InvalidInputError(f"A page holds 1 to {_MAX_PAGE} jobs and begins at 0 or later.")
        return await self._repository.page(request)

    async def list_channel(self, request: ListChannelJobs) -> JobList:
        jobs = await self._repository.channel_jobs(request.channel, request.finished_within, request.family)
        return JobList(jobs=jobs)

    async def cancel(self, request: CancelJob) -> Job:
        async with self._repository.transaction() as session:
            await self._repository.owned_job(session, request.job_id, request.owner)
            job = await self._repository.change_job(session, request.job_id, workflow.cancelled)
            assert job is not None
            if job.state is JobState.CANCELLED:
                await self._discards.discard_fetched(session, job.job_id)
        if job.state is not JobState.CANCELLED:
            raise ConflictError(f"The job is {job.state.value} already.", state=job.state.value)
        await self._stop_workers(job)
        self._discards.wake()
        self._dispatcher.wake()
        return job

    async def claim(self, request: ClaimTask) -> Claim:
        step = partial(workflow.claimed, task_id=request.task_id, replayed=request.replayed)
        try:
            async with self._repository.transaction() as session:
                if request.replayed:
                    await self._discards.admit(session, request.task_id)
                job = await self._repository.change_task(session, request.task_id, step)
        except NotFoundError:
            return Claim(run=False, reason="unknown task")
        if job is None or job.state.terminal:
            await self._discards.discard(request.task_id)  # a worker may have died over it
            return Claim(run=False, reason="not wanted any more")
        await self._bus.signal(JOB_PROGRESS, JobProgressed(job=job))
        self._dispatcher.wake()
        return Claim(run=True)

    # --- what workers tell ------------------------------------------------------------------------

    async def on_completed(self, message: TaskCompleted, _: Delivery) -> None:
        async with self._repository.transaction() as session:
            await self._repository.locked_job(session, message.job_id)
            in_vain = await self._repository.ended_in_vain(session, message.task_id)
            if not in_vain:
                await remember_result(session, message.fingerprint, message.result)
            step = partial(workflow.completed, task_id=message.task_id, result=message.result)
            await self._repository.change_job(session, message.job_id, step)
        if in_vain:
            await self._discards.discard(message.task_id, result=message.result)
        self._dispatcher.wake()

    async def on_failed(self, message: TaskFailed, _: Delivery) -> None:
        await self._fail(message.task_id, JobError(code=message.code, message=message.message))

    async def on_stopped(self, message: TaskStopped, _: Delivery) -> None:
        await self._discards.discard(message.task_id, keys=message.keys)

    async def on_lost(self, letter: DeadLetter) -> None:
        if letter.stream != TASKS.name:
            return
        task: TaskHeader = decode(letter.body, TaskHeader)
        await self._fail(task.task_id, JobError(code=letter.code, message=letter.reason))

    async def on_progress(self, message: TaskProgress) -> None:
        moved = _Moved(message)
        try:
            job = await self._repository.change(message.task_id, moved)
        except NotFoundError:
            return
        if moved.unwanted:  # the worker missed the broadcast and goes on for nothing
            await self._bus.signal(CANCEL_TASKS, CancelTasks(task_ids=[message.task_id]))
        elif job is not None and job.state is JobState.PROCESSING:
            await self._bus.signal(JOB_PROGRESS, JobProgressed(job=job))

    async def _fail(self, task_id: UUID, error: JobError) -> None:
        """One task failed; others may not be wanted any more for that."""
        job = await self._repository.change(task_id, partial(workflow.failed, task_id=task_id, error=error))
        if job is not None and job.state is not JobState.COMPLETED:
            await self._stop_workers(job)
        await self._discards.discard(task_id)
        self._dispatcher.wake()

    async def _stop_workers(self, job: Job) -> None:
        if task_ids := await self._repository.unwanted_tasks(job.job_id):
            await self._bus.signal(CANCEL_TASKS, CancelTasks(task_ids=task_ids))


class _Moved:
    """A step: progress of a task, `None` when nothing moved. `unwanted` says that the task has ended."""

    def __init__(self, message: TaskProgress) -> None:
        self._message = message
        self.unwanted = False

    def __call__(self, flow: workflow.Flow) -> workflow.Flow | None:
        task_id = self._message.task_id
        self.unwanted = flow.state.terminal or flow.task(task_id).state.terminal
        after = workflow.progressed(flow, task_id, self._message.fraction)
        return None if after == flow else after
