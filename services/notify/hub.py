"""The hub: which sockets listen to which channel, and what each of them is told."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

from libs.contracts.base import utcnow
from libs.contracts.jobs import Job, JobEvent, JobState
from libs.contracts.media import MediaIngested
from services.notify.families import enhancement
from services.notify.families.family import Family
from services.notify.mailbox import Letter, Mailbox, Timeline

log = logging.getLogger(__name__)

CONNECTIONS = Gauge("reelbus_ws_connections", "Open WebSockets.")
LIMIT = Gauge("reelbus_ws_connections_limit", "WebSockets that this process takes at most.")
SENT = Counter("reelbus_ws_messages_total", "Messages written to sockets.", ["type"])
DROPPED = Counter("reelbus_ws_dropped_total", "Progress messages that a slow socket never got.")
LAG = Histogram(
    "reelbus_ws_lag_seconds",
    "Seconds from the change of a job to the message in a socket's queue.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)


class CrowdedError(Exception):
    """There are as many sockets as there may be."""


class Listener:
    """One socket of a family's channel; links in what it is told begin with `base_url`."""

    def __init__(self, family: Family, channel: str, mailbox: Mailbox, base_url: str) -> None:
        self.family = family
        self.channel = channel
        self.mailbox = mailbox
        self._base_url = base_url
        self._timeline = Timeline()

    def show(self, job: Job) -> None:
        """Queue the state of a job, unless a newer one was shown."""
        if not self._timeline.admit(job, time.monotonic()):
            return
        body = self.family.status_update(job, self._base_url)
        if job.state is JobState.PROCESSING:
            self.mailbox.put_progress(job.job_id, Letter(body))
            return
        if job.state.terminal:
            self.mailbox.settle(job.job_id)
        self.mailbox.put(Letter(body, job.job_id if job.state.terminal else None))


class Hub:
    """Sockets of this process by family and channel. Several sockets of one channel all get everything."""

    def __init__(
        self, *, queue: int, hard_queue: int, sockets: int = 10_000, channel_sockets: int = 1000
    ) -> None:
        self._queue = queue
        self._hard_queue = hard_queue
        self._most, self._most_of_channel = sockets, channel_sockets
        LIMIT.set(sockets)
        self._open = 0
        self._channels: defaultdict[tuple[str, str], set[Listener]] = defaultdict(set)

    @contextmanager
    def listening(self, family: Family, channel: str, base_url: str = "") -> Iterator[Listener]:
        """A listener that hears everything of `family` on `channel` from now on. Raises `CrowdedError`."""
        address = (family.FAMILY, channel)
        if self._open >= self._most or len(self._channels.get(address, ())) >= self._most_of_channel:
            raise CrowdedError
        listener = Listener(family, channel, Mailbox(self._queue, self._hard_queue), base_url)
        self._channels[address].add(listener)
        self._open += 1
        CONNECTIONS.inc()
        try:
            yield listener
        finally:
            self._open -= 1
            CONNECTIONS.dec()
            DROPPED.inc(listener.mailbox.dropped)
            self._channels[address].discard(listener)
            if not self._channels[address]:
                del self._channels[address]

    def _listeners(self, family: str, channel: str | None) -> tuple[Listener, ...]:
        return () if channel is None else tuple(self._channels.get((family, channel), ()))

    async def on_job(self, event: JobEvent) -> None:
        """A job was created, moved, or ended."""
        for listener in self._listeners(event.job.family, event.job.channel):
            LAG.observe(max(0.0, (utcnow() - event.job.updated_at).total_seconds()))
            listener.show(event.job)

    async def on_ingested(self, event: MediaIngested) -> None:
        """An upload is complete, which one family tells."""
        if event.family != enhancement.FAMILY:
            return
        for listener in self._listeners(event.family, event.channel):
            listener.mailbox.put(Letter(enhancement.upload_status(event.asset)))
