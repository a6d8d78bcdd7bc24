"""Movies that were made, and how far those are that are being made."""

from __future__ import annotations

from uuid import UUID

from libs.contracts.base import Message, Method, Timestamp
from libs.contracts.jobs import Job, JobSpec, JobState, StepState
from libs.contracts.tasks import TaskResult


class Step(Message, frozen=True, kw_only=True):
    """One task of a job. `name` is `fetch.<n>`, `listen.<n>`, `recognise.<n>`, `captions` or `main` in a job
    that composes a movie; `fraction` is 0…1. `seconds` is how long the work took, or takes until now: 0
    where the result was `known` already. `result` is that of steps other than `fetch`, and left out of lists.
    Lists have one step of each kind and state."""

    name: str
    state: StepState
    fraction: float = 0.0
    known: bool = False
    started_at: Timestamp | None = None
    ended_at: Timestamp | None = None
    seconds: float = 0.0
    result: TaskResult | None = None


class Making(Message, frozen=True, kw_only=True):
    """A job with its steps, in the order of its plan. `ready_at` is when it will be completed, as far as its
    own pace and that of earlier jobs tell; `None` where neither does, and after its end. `spec` is left out
    of lists. `removed_at` is when its result was deleted."""

    job: Job
    steps: list[Step]
    spec: JobSpec | None = None
    ready_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    removed_at: Timestamp | None = None


class GetMaking(Message, frozen=True, kw_only=True):
    """Not found unless the job belongs to `owner` and `family`."""

    job_id: UUID
    owner: str
    family: str


class ListMakings(Message, frozen=True, kw_only=True):
    """A page of the jobs of `owner` in a family, newest first: `limit` (1…100) of those in one of `states`
    (`None`: any) that were created after `after` and before `before`, after the first `offset`; what counts
    is the whole second in which a job was created, which is what users are told. With `kept` only those that
    are completed and whose result was not deleted, with their results; the steps of others have none."""

    owner: str
    family: str
    states: list[JobState] | None = None
    limit: int = 20
    offset: int = 0
    after: Timestamp | None = None
    before: Timestamp | None = None
    kept: bool = False


class Makings(Message, frozen=True, kw_only=True):
    """`total` counts what all pages hold together."""

    total: int
    makings: list[Making]


class RemoveResult(Message, frozen=True, kw_only=True):
    """Delete what a completed job of `owner` made: its files go, unless another job made the same; the job
    stays. Not found where there is none or it is gone already."""

    job_id: UUID
    owner: str
    family: str


class CountJobs(Message, frozen=True, kw_only=True):
    """How many jobs of a family are in which state: `owner` is whose (`None`: everybody's)."""

    family: str
    owner: str | None = None


class JobCounts(Message, frozen=True, kw_only=True):
    """`states` has every `JobState` by its value, of all time; `today` those that ended since midnight UTC.
    `durations` counts completed jobs by upper bounds of their time from creation to end, as a cumulative
    histogram of Prometheus does (`"10"`, …, `"+Inf"`); `duration_sum` is seconds."""

    states: dict[str, int]
    today: dict[str, int]
    durations: dict[str, int]
    duration_sum: float


GET_MAKING = Method("rpc.jobs.get_making", GetMaking, Making)
LIST_MAKINGS = Method("rpc.jobs.list_makings", ListMakings, Makings)
REMOVE_RESULT = Method("rpc.jobs.remove_result", RemoveResult, Making)
COUNT_JOBS = Method("rpc.jobs.count", CountJobs, JobCounts)
