"""Who may come in: credentials first, then how often he wrote, then whether the request was meant."""

from __future__ import annotations

from libs.contracts.access import Principal
from services.edge.auth.gate import Gate as Users
from services.edge.csrf import HEADER, Csrf, CsrfToken
from services.edge.errors import AnyRequest


class Gate:
    def __init__(self, users: Users, csrf: Csrf) -> None:
        self._users = users
        self._csrf = csrf

    async def reader(self, request: AnyRequest) -> Principal:
        """Raises as the gate of users does."""
        return await self._users.reader(request)

    async def writer(self, request: AnyRequest) -> Principal:
        """Raises as the gate of users does, and `ForbiddenError` without a good CSRF token."""
        principal = await self._users.writer(request)
        self._csrf.check(request.headers.getall(HEADER, []))
        return principal

    def token(self) -> CsrfToken:
        """A CSRF token, for anybody."""
        return self._csrf.issue()
