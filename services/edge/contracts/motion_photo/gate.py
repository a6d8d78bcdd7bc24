"""Who may come in, and how often; asked before anything else of a request is looked at."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from libs.contracts.errors import UnauthorizedError
from services.edge.contracts.motion_photo.tokens import ANYBODY, Caller, Tokens
from services.edge.errors import AnyRequest
from services.edge.limits import Limit, Limiter
from services.edge.proxies import Proxies


class Gate:
    """`ip_rate` and `token_rate` are requests a minute of an address and of a token."""

    def __init__(
        self, tokens: Tokens, limiter: Limiter, proxies: Proxies, *, ip_rate: int, token_rate: int
    ) -> None:
        self._tokens = tokens
        self._limiter = limiter
        self._proxies = proxies
        self._by_ip = Limit("motion-ip", ip_rate)
        self._by_token = Limit("motion-token", token_rate)

    async def admit(self, request: AnyRequest) -> Caller:
        """The caller of a request that counts. Raises `TooManyRequestsError`, `UnauthorizedError` (which
        counts as well, and a wrong token does everywhere, so that nobody guesses on), `UnavailableError`."""
        caller = await self._known(request, lambda: self._tokens.caller(_authorization(request)))
        if caller is ANYBODY:
            await self._limiter.take(self._proxies.client(request), self._by_ip)
        else:
            await self._limiter.take(caller.owner, self._by_token)
        return caller

    async def check(self, request: AnyRequest) -> None:
        """For who only asks whether the service works: a token is not needed, but not a wrong one either.
        Raises as `admit`."""
        if authorization := _authorization(request):
            await self._known(request, lambda: self._tokens.caller(authorization))

    async def viewer(self, request: AnyRequest, session_id: UUID) -> Caller:
        """Who asks for a preview. Raises as `admit`."""
        authorization, key = _authorization(request), request.query_params.get("key", "")
        if not authorization and not key:  # that is no guess
            return self._tokens.caller(authorization)
        return await self._known(request, lambda: self._tokens.viewer(authorization, session_id, key))

    async def _known(self, request: AnyRequest, caller: Callable[[], Caller]) -> Caller:
        try:
            return caller()
        except UnauthorizedError:
            await self._limiter.take(self._proxies.client(request), self._by_ip)
            raise


def _authorization(request: AnyRequest) -> list[str]:
    return request.headers.getall("authorization", [])
