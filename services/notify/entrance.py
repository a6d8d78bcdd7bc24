"""Who comes to the jobs channel: credentials, and the codes that refuse a socket."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import WebSocket

from libs.contracts.access import READ, Authenticate, Principal
from libs.contracts.errors import ReelbusError, TooManyRequestsError, UnauthorizedError

log = logging.getLogger(__name__)

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013
UNAUTHORIZED = 4401
FORBIDDEN = 4403

BEARER = "bearer"
"""The subprotocol that carries a token from browsers, which cannot send a header."""

_HEADER = re.compile(r"bearer +([!-~]+)", re.ASCII | re.IGNORECASE)
_CREDENTIAL = re.compile(r"[!-~]+", re.ASCII)
_API_KEY = "rb_"

Socket = WebSocket[Any, Any, Any]
Authenticating = Callable[[Authenticate], Awaitable[Principal]]


class RefusedError(Exception):
    """A socket is not let in, or not any longer; `code` and `reason` are those of its close."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def credentials_of(socket: Socket) -> Authenticate | None:
    """What a socket shows, none of it checked: `Authorization: Bearer`, `X-API-Key`, the subprotocol after
    `bearer`, `?token=`; the last two are JWTs or API keys. `None` when there is nothing of the kind. Raises
    `RefusedError` for what cannot be credentials and for two that differ."""
    tokens, keys = set(_bearers(socket)), set(socket.headers.getall("x-api-key", []))
    for either in (*_offered(socket), *socket.query_params.getall("token", [])):
        (keys if either.startswith(_API_KEY) else tokens).add(either)
    if not tokens and not keys:
        return None
    if len(tokens) > 1 or len(keys) > 1 or not all(_CREDENTIAL.fullmatch(each) for each in tokens | keys):
        raise unauthorized()
    return Authenticate(token=next(iter(tokens), None), api_key=next(iter(keys), None))


def subprotocol_of(socket: Socket) -> str | None:
    """What is to be answered to the subprotocols that a client offers."""
    return BEARER if BEARER in socket.scope["subprotocols"] else None


class Entrance:
    """Lets users to their own channel."""

    def __init__(self, authenticate: Authenticating) -> None:
        self._authenticate = authenticate

    async def check(self, credentials: Authenticate, user_id: str | None = None) -> None:
        """Raises `RefusedError` unless these are the credentials of this user (or of anyone), who may read.
        Where they name their `client`, his refusals are counted, and too many are told so."""
        try:
            principal = await self._authenticate(credentials)
        except UnauthorizedError as error:
            raise unauthorized() from error
        except TooManyRequestsError as error:
            raise RefusedError(TRY_AGAIN_LATER, "Too many bad credentials") from error
        except ReelbusError as error:
            log.warning("no word about credentials", extra={"code": error.code, "error": str(error)})
            raise RefusedError(TRY_AGAIN_LATER, "Try again later") from error
        if user_id is not None and principal.user_id != user_id:
            raise RefusedError(FORBIDDEN, "This is another user's channel")
        if READ not in principal.scopes:
            raise RefusedError(FORBIDDEN, "Insufficient permissions")


def _bearers(socket: Socket) -> list[str]:
    found = [_HEADER.fullmatch(each.strip()) for each in socket.headers.getall("authorization", [])]
    return [match[1] if match else "" for match in found]


def _offered(socket: Socket) -> list[str]:
    """The subprotocol after `bearer`; without one it is no credential, which is not the same as none."""
    offered = socket.scope["subprotocols"]
    if BEARER not in offered:
        return []
    after = offered.index(BEARER) + 1
    return offered[after : after + 1] or [""]


def unauthorized() -> RefusedError:
    """For credentials that are missing or not good."""
    return RefusedError(UNAUTHORIZED, "Invalid or missing authentication token")
