"""Who may come in, and how often; asked before anything else of a request is looked at."""

from __future__ import annotations

from typing import Protocol

from libs.contracts.access import READ, WRITE, Authenticate, Principal
from libs.contracts.errors import UnauthorizedError
from services.edge.auth.credentials import credentials_of
from services.edge.auth.principals import require
from services.edge.errors import AnyRequest
from services.edge.limits import Limit, Limiter
from services.edge.proxies import Proxies


class Authenticating(Protocol):
    async def authenticate(self, credentials: Authenticate) -> Principal:
        """Raises `UnauthorizedError`, `UnavailableError`."""


class Gate:
    """`rate` is writes a minute of one user, `refused_rate` requests a minute with bad credentials of one
    address. Reading is not limited."""

    def __init__(
        self,
        authenticator: Authenticating,
        limiter: Limiter,
        proxies: Proxies,
        *,
        rate: int,
        refused_rate: int,
    ) -> None:
        self._authenticator = authenticator
        self._limiter = limiter
        self._proxies = proxies
        self._writes = Limit("jobs", rate)
        self._refused = Limit("jobs-refused", refused_rate)

    async def reader(self, request: AnyRequest) -> Principal:
        """Who may read. Raises `UnauthorizedError`, `ForbiddenError`, `TooManyRequestsError` for an address
        that was refused too often, `UnavailableError`."""
        principal = await self._known(request)
        require(principal, READ)
        return principal

    async def writer(self, request: AnyRequest) -> Principal:
        """Who may write, for a request that counts. Raises as `reader`, `TooManyRequestsError` also for
        users who write too often."""
        principal = await self._known(request)
        require(principal, WRITE)
        await self._limiter.take(principal.owner, self._writes)
        return principal

    async def _known(self, request: AnyRequest) -> Principal:
        try:
            return await self._authenticator.authenticate(credentials_of(request))
        except UnauthorizedError:
            await self._limiter.take(self._proxies.client(request), self._refused)
            raise
