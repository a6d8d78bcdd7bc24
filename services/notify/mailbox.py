"""What one socket has still to be sent: bounded, progress is given up first, ends of jobs never."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.contracts.jobs import Job, JobState

MIN_INTERVAL = 0.25
"""Seconds between two progress messages of one job at least (four a second)."""
_REMEMBERED = 2000
_ECHOES = 8


@dataclass(frozen=True)
class Letter:
    """A message and, when it tells the end of a job, which."""

    body: dict[str, Any]
    ends: UUID | None = None


class SlowReaderError(Exception):
    """The reader is too slow even for what must not be dropped."""


class Timeline:
    """Which states of a job a socket may still be shown: newer ones only, so that progress never falls,
    nothing comes twice, and nothing comes after the end."""

    def __init__(self) -> None:
        self._seen: OrderedDict[UUID, tuple[datetime, float, JobState]] = OrderedDict()

    def admit(self, job: Job, now: float) -> bool:
        """Whether to show `job` at monotonic time `now` (seconds); progress is thinned out."""
        last = self._seen.get(job.job_id)
        if last is not None:
            if job.updated_at <= last[0]:
                return False
            again = job.state is last[2] is JobState.PROCESSING
            if again and now - last[1] < MIN_INTERVAL:
                return False
        self._seen[job.job_id] = (job.updated_at, now, job.state)
        self._seen.move_to_end(job.job_id)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return True


class Mailbox:
    """The queue between the hub and one socket. `limit` messages at most, not counting those that must
    arrive, of which there are `hard_limit` at most."""

    def __init__(self, limit: int, hard_limit: int) -> None:
        self._limit = limit
        self._hard_limit = hard_limit
        self._progress: OrderedDict[UUID, Letter] = OrderedDict()
        self._must: deque[Letter] = deque()
        self._filled = asyncio.Event()
        self._broken = False
        self.dropped = 0

    def put(self, letter: Letter) -> None:
        """Queue a message that must arrive. A socket that cannot take even those is given up."""
        if len(self._must) >= self._hard_limit:
            self._broken = True
        else:
            self._must.append(letter)
        self._filled.set()

    def put_echo(self, letter: Letter) -> None:
        """Queue what nobody waits for, unless the reader is behind."""
        if len(self._must) < _ECHOES:
            self.put(letter)

    def put_progress(self, job_id: UUID, letter: Letter) -> None:
        """Queue progress of a job in place of older progress of it; the oldest job's goes when full."""
        if self._progress.pop(job_id, None) is not None:
            self.dropped += 1
        self._progress[job_id] = letter
        if len(self._progress) + len(self._must) > self._limit and len(self._progress) > 1:
            self._progress.popitem(last=False)
            self.dropped += 1
        self._filled.set()

    def settle(self, job_id: UUID) -> None:
        """Forget queued progress of a job whose end is about to be queued."""
        if self._progress.pop(job_id, None) is not None:
            self.dropped += 1

    async def get(self) -> Letter:
        """The next message. Raises `SlowReaderError` when the reader is given up."""
        while not self._must and not self._progress:
            self._filled.clear()
            await self._filled.wait()
        if self._broken:
            raise SlowReaderError
        if self._must:
            return self._must.popleft()
        return self._progress.popitem(last=False)[1]
