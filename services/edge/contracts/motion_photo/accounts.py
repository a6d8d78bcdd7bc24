"""Users with accounts as callers, where the family is not open to everybody."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from libs.contracts.access import READ, WRITE, Principal
from libs.contracts.errors import UnauthorizedError
from services.edge.auth.gate import READING, Gate
from services.edge.contracts.motion_photo.tokens import Caller
from services.edge.errors import AnyRequest


class Accounts:
    """Knows users by `gate`. A preview key carries its user, signed with `secret`, which all replicas share:
    a page's `<video>` cannot send headers."""

    def __init__(self, gate: Gate, secret: str) -> None:
        self._gate = gate
        self._secret = secret.encode()

    async def caller(self, request: AnyRequest) -> Caller:
        """Raises as `Gate.reader`."""
        scope = READ if request.method in READING else WRITE
        return self._caller(await self._gate.user(request, scope))

    def viewer(self, session_id: UUID, key: str) -> Caller:
        """Who has the preview `key` of a session. Raises `UnauthorizedError`."""
        caller = self._caller(Principal(user_id=_user_of(key), scopes=[READ]))
        if not caller.opens(session_id, key):
            raise UnauthorizedError("The key of the preview is not valid.")
        return caller

    def _caller(self, principal: Principal) -> Caller:
        key = hmac.new(self._secret, f"motion-photo/{principal.owner}".encode(), hashlib.sha256).digest()
        hint = base64.urlsafe_b64encode(principal.user_id.encode()).decode().rstrip("=")
        return Caller(principal.owner, key, f"{hint}.")


def _user_of(key: str) -> str:
    """As the key says, which is to be verified; empty when it says nothing."""
    hint, _, _ = key.partition(".")
    try:
        return base64.b64decode(hint + "=" * (-len(hint) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        return ""
