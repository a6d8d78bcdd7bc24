"""Addresses whose credentials are refused too often, whichever service they come to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.contracts.errors import UnauthorizedError
from services.edge.limits import Limit, Limiter


class Refusals:
    """`rate` is refusals a minute of one address."""

    def __init__(self, limiter: Limiter, *, rate: int) -> None:
        self._limiter = limiter
        self._limit = Limit("jobs-refused", rate)

    @asynccontextmanager
    async def counted(self, client: str | None) -> AsyncIterator[None]:
        """Counts for the address `client` when credentials are refused within. Raises
        `TooManyRequestsError` in place of that `UnauthorizedError` where there were too many."""
        try:
            yield
        except UnauthorizedError:
            if client is not None:
                await self._limiter.take(client, self._limit)
            raise
