"""Credentials in the headers of a request."""

from __future__ import annotations

import re
from typing import Any

from litestar.connection import ASGIConnection

from libs.contracts.access import Authenticate
from services.edge.auth.principals import refused

_BEARER = re.compile(r"bearer +([!-~]+)", re.ASCII | re.IGNORECASE)


def credentials_of(request: ASGIConnection[Any, Any, Any, Any]) -> Authenticate:
    """What `Authorization: Bearer` and `X-API-Key` say, neither of them checked. Raises `UnauthorizedError`
    for a header that comes twice and for another scheme."""
    authorization = _one(request, "authorization")
    token = None
    if authorization is not None:
        bearer = _BEARER.fullmatch(authorization.strip())
        if bearer is None:
            raise refused("the authorization header is not a bearer token")
        token = bearer[1]
    return Authenticate(token=token, api_key=_one(request, "x-api-key"))


def _one(request: ASGIConnection[Any, Any, Any, Any], header: str) -> str | None:
    found = request.headers.getall(header, [])
    if len(found) > 1:
        raise refused(f"{header} comes more than once")
    return found[0] if found else None
