"""What a socket that opens has missed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from libs.contracts.errors import ReelbusError
from libs.contracts.jobs import Job, JobState
from services.notify.hub import Listener
from services.notify.ledger import Ledger

log = logging.getLogger(__name__)

ChannelJobs = Callable[[str, str], Awaitable[list[Job]]]
"""Of a family and a channel."""
WholeJob = Callable[[Job], Awaitable[Job]]


class Past:
    """`channel_jobs` answers what a channel may still have to hear of, `whole_job` a job with its result."""

    def __init__(self, ledger: Ledger, channel_jobs: ChannelJobs, whole_job: WholeJob) -> None:
        self._ledger = ledger
        self._channel_jobs = channel_jobs
        self._whole_job = whole_job

    async def tell(self, listener: Listener) -> bool:
        """Show a listener the state of its unfinished jobs, and ends that no socket got. False when that is
        not known now; telling it twice does no harm."""
        try:
            for job in await self._channel_jobs(listener.family.FAMILY, listener.channel):
                if await self._is_news(job):
                    listener.show(await self._shown(listener, job))
        except ReelbusError as error:
            log.warning("no state for a new socket", extra={"channel": listener.channel, "error": str(error)})
            return False
        return True

    async def _is_news(self, job: Job) -> bool:
        return not job.state.terminal or not await self._ledger.delivered(job.job_id)

    async def _shown(self, listener: Listener, job: Job) -> Job:
        bare = job.state is JobState.COMPLETED and job.result is None
        return await self._whole_job(job) if bare and listener.family.SHOWS_RESULTS else job
