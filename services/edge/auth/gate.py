"""Which users may come in, and how often; asked before anything else of a request is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from litestar.connection import ASGIConnection

from libs.chassis.proxies import Proxies
from libs.contracts.access import READ, WRITE, Authenticate, Principal
from services.edge.auth.credentials import credentials_of
from services.edge.auth.principals import require
from services.edge.auth.refusals import Refusals
from services.edge.limits import Limit, Limiter

AnyConnection = ASGIConnection[Any, Any, Any, Any]
READING = ("GET", "HEAD")
"""Methods that change nothing."""


class Authenticating(Protocol):
    async def authenticate(self, credentials: Authenticate) -> Principal:
        """Raises `UnauthorizedError`, `UnavailableError`."""


class Gate:
    """`writes` are those of one user. Reading is not limited."""

    def __init__(
        self,
        authenticator: Authenticating,
        refusals: Refusals,
        limiter: Limiter,
        proxies: Proxies,
        *,
        writes: Limit,
    ) -> None:
        self._authenticator = authenticator
        self._refusals = refusals
        self._limiter = limiter
        self._proxies = proxies
        self._writes = writes

    async def reader(self, request: AnyConnection) -> Principal:
        """Who may read. Raises `UnauthorizedError`, `ForbiddenError`, `TooManyRequestsError` for an address
        that was refused too often, `UnavailableError`."""
        return await self.user(request, READ)

    async def writer(self, request: AnyConnection) -> Principal:
        """Who may write, for a request that counts. Raises as `reader`, `TooManyRequestsError` also for
        users who write too often."""
        principal = await self.user(request, WRITE)
        await self._limiter.take(principal.owner, self._writes)
        return principal

    async def user(self, request: AnyConnection, scope: str) -> Principal:
        """Who has the credentials of `request`, which allow what `scope` names. Raises as `reader`."""
        async with self._refusals.counted(self._proxies.client(request)):
            principal = await self._authenticator.authenticate(credentials_of(request))
        require(principal, scope)
        return principal


def guard(gate: Gate) -> Callable[[AnyConnection, object], Awaitable[None]]:
    """A guard of routes: only readers come in, and writers where the method changes something. It is a plain
    function, because Litestar copies guards, and with a method all that its object knows."""

    async def admit(request: AnyConnection, _: object) -> None:
        await (gate.reader if request.scope.get("method") in READING else gate.writer)(request)

    return admit
