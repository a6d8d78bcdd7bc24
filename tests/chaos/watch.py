"""Hears when jobs begin: from the signals that nobody stores."""

from __future__ import annotations

import asyncio
import threading
from typing import Self

import nats
from nats.aio.msg import Msg

from libs.chassis.codec import decode
from libs.chassis.subscriptions import flush
from libs.contracts.jobs import JOB_PROGRESS, JobState
from tests.chaos.beside import Beside

_LOOK, _CONNECTED_WITHIN = 0.2, 10.0


class Watch(Beside):
    """`started` has the Unix time at which the first task of a job was claimed; when that signal was lost
    with a server, that of the next one."""

    def __init__(self, nats_url: str) -> None:
        super().__init__()
        self.started: dict[str, float] = {}
        self._url = nats_url
        self._listening = threading.Event()

    def __enter__(self) -> Self:
        super().__enter__()
        self._listening.wait(_CONNECTED_WITHIN)
        return self

    def _work(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        client = await nats.connect(
            self._url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=_expected
        )
        await client.subscribe(JOB_PROGRESS.subject, cb=self._on_progress)
        await flush(client)
        self._listening.set()
        while not self._done.is_set():
            await asyncio.sleep(_LOOK)
        await client.close()

    async def _on_progress(self, message: Msg) -> None:
        job = decode(message.data, JOB_PROGRESS.type).job
        if job.state is JobState.PROCESSING:
            moment, job_id = job.updated_at.timestamp(), str(job.job_id)
            self.started[job_id] = min(moment, self.started.get(job_id, moment))


async def _expected(_: Exception) -> None:
    """Connections break here all the time."""
