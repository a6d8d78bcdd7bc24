"""Which ends of jobs reached a client, shared by all replicas.

A client that was away when a job ended is told when it comes back, once. The ledger is a NATS key-value
bucket whose entries vanish by themselves.
"""

from __future__ import annotations

import logging
from uuid import UUID

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.kv import KeyValue

from libs.chassis.jetstream import ensure_bucket

log = logging.getLogger(__name__)

BUCKET = "notify_delivered"
"""Rights on the bus are by this name (`reelbus.docs.rights`)."""


class Ledger:
    def __init__(self, window: float, *, replicas: int) -> None:
        self._window = window
        self._replicas = replicas
        self._bucket: KeyValue | None = None
        self._jetstream: JetStreamContext | None = None

    async def open(self, jetstream: JetStreamContext) -> None:
        """Find or make the bucket."""
        self._jetstream = jetstream
        self._bucket = await ensure_bucket(jetstream, BUCKET, ttl=self._window * 2, replicas=self._replicas)

    async def mark(self, job_id: UUID) -> None:
        """The end of this job was written to a socket."""
        assert self._bucket is not None
        try:
            try:
                await self._bucket.put(str(job_id), b"1")
            except nats.js.errors.NoStreamResponseError:  # the server lost its store
                assert self._jetstream is not None
                await self.open(self._jetstream)
                await self._bucket.put(str(job_id), b"1")
        except (nats.errors.Error, nats.js.errors.Error) as error:
            # The worst that follows is a terminal message that a reconnecting client gets twice.
            log.warning("delivery not noted", extra={"job_id": str(job_id), "error": str(error)})

    async def delivered(self, job_id: UUID) -> bool:
        assert self._bucket is not None
        try:
            await self._bucket.get(str(job_id))
        except nats.js.errors.KeyNotFoundError:
            return False
        except (nats.errors.Error, nats.js.errors.Error) as error:
            log.warning("delivery unknown", extra={"job_id": str(job_id), "error": str(error)})
            return False
        return True
