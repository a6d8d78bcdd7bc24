"""Bearer tokens: who a caller is, and keys that stand for a token where no header can be sent."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from libs.contracts.errors import UnauthorizedError
from libs.contracts.media import PUBLIC_OWNER

_ROUNDS = 200_000
_TOKEN = re.compile(r"[!-~]{1,1000}", re.ASCII)
_BEARER = re.compile(r"bearer +([!-~]+)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Caller:
    """Whose sessions these are; `key` makes preview keys of a token, and is empty without."""

    owner: str
    key: bytes = b""

    def preview_key(self, session_id: UUID) -> str:
        """Opens the preview of one session; empty where nothing needs opening."""
        if not self.key:
            return ""
        return hmac.new(self.key, f"preview/{session_id}".encode(), hashlib.sha256).hexdigest()


ANYBODY = Caller(PUBLIC_OWNER)


class Tokens:
    """Those who have one of `tokens`; everybody, as one owner, when there are none."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._callers = {_digest(token.encode()): _caller(token) for token in tokens}

    @property
    def needed(self) -> bool:
        return bool(self._callers)

    def caller(self, authorization: Sequence[str]) -> Caller:
        """The caller with these `Authorization` headers. Raises `UnauthorizedError`."""
        if not self.needed:
            return ANYBODY
        if not authorization:
            raise UnauthorizedError("A token is needed: Authorization: Bearer.")
        found = _BEARER.fullmatch(authorization[0].strip()) if len(authorization) == 1 else None
        return self._known(_digest(found[1].encode()) if found else b"")

    def viewer(self, authorization: Sequence[str], session_id: UUID, key: str) -> Caller:
        """As `caller`; without a header the preview `key` of the session does."""
        if authorization or not key:
            return self.caller(authorization)
        matching = [
            caller
            for caller in self._callers.values()
            if hmac.compare_digest(caller.preview_key(session_id).encode(), key.encode())
        ]
        if self.needed and not matching:
            raise UnauthorizedError("The key of the preview is not valid.")
        return matching[0] if matching else ANYBODY

    def _known(self, digest: bytes) -> Caller:
        """Looks at every token whatever matches, so that time tells nothing."""
        matching = [caller for known, caller in self._callers.items() if hmac.compare_digest(known, digest)]
        if not matching:
            raise UnauthorizedError("The token is not valid.")
        return matching[0]


def parse_tokens(text: str) -> list[str]:
    """The tokens in a comma-separated or JSON list; none in an empty text. Raises `ValueError`."""
    text = text.strip()
    if not text:
        return []
    try:
        found = msgspec.json.decode(text, type=list[str]) if text.startswith("[") else text.split(",")
    except msgspec.DecodeError as error:
        raise ValueError("must be tokens with commas between them, or a JSON list") from error
    tokens = [each.strip() for each in found]
    if not tokens or not all(map(_TOKEN.fullmatch, tokens)):
        raise ValueError("every token must be 1 to 1000 visible ASCII characters")
    return tokens


def _caller(token: str) -> Caller:
    """The key is stretched: who has a preview's URL cannot try tokens quickly."""
    key = hashlib.pbkdf2_hmac("sha256", token.encode(), b"reelbus preview", _ROUNDS)
    return Caller(f"motion:{hashlib.sha256(token.encode()).hexdigest()[:32]}", key)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
