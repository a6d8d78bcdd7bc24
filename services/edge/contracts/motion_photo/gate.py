"""Who may come in, and how often; asked before anything else of a request is looked at."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from libs.chassis.proxies import Proxies
from libs.contracts.errors import UnauthorizedError
from services.edge.contracts.motion_photo.accounts import Accounts
from services.edge.contracts.motion_photo.tokens import ANYBODY, Caller, Tokens
from services.edge.errors import AnyRequest
from services.edge.limits import Limit, Limiter


class Gate:
    """`ip_rate` and `token_rate` are requests a minute of an address and of a token or user. With `accounts`
    nobody comes in without a token or an account."""

    def __init__(
        self,
        tokens: Tokens,
        limiter: Limiter,
        proxies: Proxies,
        *,
        ip_rate: int,
        token_rate: int,
        accounts: Accounts | None = None,
    ) -> None:
        self._tokens = tokens
        self._limiter = limiter
        self._proxies = proxies
        self._by_ip = Limit("motion-ip", ip_rate)
        self._by_token = Limit("motion-token", token_rate)
        self._accounts = accounts

    async def admit(self, request: AnyRequest) -> Caller:
        """The caller of a request that counts. Raises `TooManyRequestsError`, `UnauthorizedError` (which
        counts as well, and a wrong token does everywhere, so that guesses show), `ForbiddenError`,
        `UnavailableError`."""
        caller = await self._caller(request)
        if caller is ANYBODY:
            await self._limiter.take(self._proxies.client(request), self._by_ip)
        else:
            await self._limiter.take(caller.owner, self._by_token)
        return caller

    async def check(self, request: AnyRequest) -> None:
        """For who only asks whether the service works: credentials are not needed, but not wrong ones either.
        Raises as `admit`."""
        if _authorization(request) or (self._accounts and "x-api-key" in request.headers):
            await self._caller(request)

    async def viewer(self, request: AnyRequest, session_id: UUID) -> Caller:
        """Who asks for a preview. Raises as `admit`."""
        authorization, key = _authorization(request), request.query_params.get("key", "")
        if authorization or (self._accounts and not key):
            return await self._caller(request)
        if not key:  # that is no guess
            return self._tokens.caller(authorization)
        return await self._known(request, lambda: self._by_key(session_id, key))

    def _by_key(self, session_id: UUID, key: str) -> Caller:
        if self._accounts is None or (self._tokens.needed and "." not in key):
            return self._tokens.viewer(session_id, key)
        return self._accounts.viewer(session_id, key)

    async def _caller(self, request: AnyRequest) -> Caller:
        authorization = _authorization(request)
        if self._accounts is None:
            return await self._known(request, lambda: self._tokens.caller(authorization))
        if self._tokens.needed and authorization:
            with suppress(UnauthorizedError):  # then it is a JWT, or nothing, of which accounts keep count
                return self._tokens.caller(authorization)
        return await self._accounts.caller(request)

    async def _known(self, request: AnyRequest, caller: Callable[[], Caller]) -> Caller:
        try:
            return caller()
        except UnauthorizedError:
            await self._limiter.take(self._proxies.client(request), self._by_ip)
            raise


def _authorization(request: AnyRequest) -> list[str]:
    return request.headers.getall("authorization", [])
