"""Tokens that show that a request was meant (CSRF): signed, good for a while, and kept nowhere.

A token is base64url of a version byte, 8 bytes of when it ends (Unix seconds, big-endian), 16 random bytes,
and the HMAC-SHA256 of all that. Its key is derived from the secret for this purpose and version alone, so
that nothing else that is signed with the secret is taken for one. It names nobody: whoever asks gets one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from libs.contracts.errors import ForbiddenError

log = logging.getLogger(__name__)

HEADER = "X-CSRF-Token"
REQUIRED, INVALID = "CSRF_TOKEN_REQUIRED", "CSRF_TOKEN_INVALID"

_VERSION = 1
_PURPOSE = b"reelbus csrf 1"
_HEAD = struct.Struct(">BQ16s")
_MAC = hashlib.sha256().digest_size
_MAX_TOKEN = 200


@dataclass(frozen=True)
class CsrfToken:
    """`expires_at` is Unix seconds."""

    token: str
    expires_at: int


class Csrf:
    """Tokens are good for `seconds`. All replicas have the same `secret`; without one, a random one is made
    and tokens are good in this process alone."""

    def __init__(self, secret: str, *, seconds: float, clock: Callable[[], float] = time.time) -> None:
        if not secret:
            log.warning("tokens are good in this process alone", extra={"unset": "REELBUS_SIGNING_SECRET"})
        key = secret.encode() or secrets.token_bytes(_MAC)
        self._key = hmac.new(key, _PURPOSE, hashlib.sha256).digest()
        self._seconds = seconds
        self._clock = clock

    def issue(self) -> CsrfToken:
        expires_at = int(self._clock() + self._seconds)
        head = _HEAD.pack(_VERSION, expires_at, secrets.token_bytes(16))
        return CsrfToken(base64.urlsafe_b64encode(head + self._mac(head)).decode().rstrip("="), expires_at)

    def check(self, headers: Sequence[str]) -> None:
        """`headers` are the values of `HEADER` in a request. Raises `ForbiddenError`, whose `error_code` is
        `REQUIRED` or `INVALID`."""
        if not any(headers):
            raise ForbiddenError("CSRF token required for this request", error_code=REQUIRED)
        if len(headers) > 1 or not self._good(headers[0]):
            raise ForbiddenError("CSRF token is invalid or has expired", error_code=INVALID)

    def _good(self, token: str) -> bool:
        data = _decoded(token)
        if len(data) != _HEAD.size + _MAC:
            return False
        head, mac = data[: _HEAD.size], data[_HEAD.size :]
        if not hmac.compare_digest(self._mac(head), mac):
            return False
        version, expires_at, _ = _HEAD.unpack(head)
        return bool(version == _VERSION and self._clock() < expires_at)

    def _mac(self, head: bytes) -> bytes:
        return hmac.new(self._key, head, hashlib.sha256).digest()


def _decoded(token: str) -> bytes:
    """Empty for what is not base64url."""
    if len(token) > _MAX_TOKEN or not token.isascii():
        return b""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return b""
