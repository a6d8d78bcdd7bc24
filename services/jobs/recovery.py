"""Tasks that are out, but whose messages are gone: NATS lost its store, or the database is older than it.

What was released before the stream of tasks was made cannot lie in it, and what was done before that of
events may have been told in vain. Such tasks wait again, and go out with the next round: doing work a second
time has the same result under the same key.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import text

from services.jobs.repository import Repository

log = logging.getLogger(__name__)

_LOST = text("""
UPDATE jobs.tasks t SET state = 'waiting'
WHERE state IN ('released', 'running') AND released_at < :made
  AND NOT EXISTS (SELECT FROM jobs.outbox o WHERE o.message_id LIKE t.task_id || '.%')
RETURNING task_id
""")
"""What the outbox still has is yet to be sent."""


class Recovery:
    """`streams_made` tells since when both streams are there, `on_recovered` hears that something waits
    again."""

    def __init__(
        self,
        repository: Repository,
        streams_made: Callable[[], Awaitable[datetime]],
        *,
        on_recovered: Callable[[], None],
    ) -> None:
        self._repository = repository
        self._streams_made = streams_made
        self._on_recovered = on_recovered

    async def step(self) -> None:
        """Let what was lost wait again. Raises `UnavailableError` while the bus or the database is away."""
        made = await self._streams_made()
        async with self._repository.transaction() as session:
            lost = list(await session.execute(_LOST, {"made": made}))
        if lost:
            log.warning("lost tasks wait again", extra={"count": len(lost)})
            self._on_recovered()
