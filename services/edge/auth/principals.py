"""Users, what they may do, and the one answer to whoever cannot prove who he is."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from libs.contracts.access import SCOPES, Principal
from libs.contracts.errors import ForbiddenError, UnauthorizedError

log = logging.getLogger(__name__)

_MAX_USER = 200


def refused(reason: str) -> UnauthorizedError:
    """The error for credentials that are not good. Only the log tells why."""
    log.debug("credentials refused", extra={"reason": reason})
    return UnauthorizedError("Invalid or missing authentication token")


def require(principal: Principal, scope: str) -> None:
    """Raises `ForbiddenError` unless the caller may do what `scope` names."""
    if scope not in principal.scopes:
        raise ForbiddenError("Insufficient permissions")


def is_user(text: str) -> bool:
    """Whether `text` can be the id of a user: 1 to 200 printable characters, no space around them."""
    return 0 < len(text) <= _MAX_USER and text.isprintable() and text == text.strip()


def ordered(scopes: Iterable[str]) -> list[str]:
    """Those that exist, each once, in one order."""
    given = set(scopes)
    return [scope for scope in SCOPES if scope in given]
