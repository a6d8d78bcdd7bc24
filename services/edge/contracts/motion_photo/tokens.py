"""Bearer tokens: who a caller is, and keys that stand for a token where no header can be sent."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.chassis.settings import parse_list
from libs.contracts.errors import UnauthorizedError
from libs.contracts.media import PUBLIC_OWNER

_ROUNDS = 200_000
_TOKEN = re.compile(r"[!-~]{1,1000}", re.ASCII)
_BEARER = re.compile(r"bearer +([!-~]+)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Caller:
    """Whose sessions these are; `key` makes preview keys, which begin with `hint`, and is empty where nothing
    needs opening."""

    owner: str
    key: bytes = b""
    hint: str = ""

    def preview_key(self, session_id: UUID) -> str:
        """Opens the preview of one session; empty where nothing needs opening."""
        if not self.key:
            return ""
        signature = hmac.new(self.key, f"preview/{session_id}".encode(), hashlib.sha256).hexdigest()
        return f"{self.hint}{signature}"

    def opens(self, session_id: UUID, key: str) -> bool:
        """Whether `key` is the preview key of the session."""
        return hmac.compare_digest(self.preview_key(session_id).encode(), key.encode())


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

    def viewer(self, session_id: UUID, key: str) -> Caller:
        """Who has the preview `key` of a session. Raises `UnauthorizedError`."""
        matching = [caller for caller in self._callers.values() if caller.opens(session_id, key)]
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
    """The tokens in a list as `parse_list` takes it. Raises `ValueError`, for an empty JSON list too: nobody
    is to be let in because of a slip."""
    tokens = parse_list(text)
    if (text.strip() and not tokens) or not all(map(_TOKEN.fullmatch, tokens)):
        raise ValueError("every token must be 1 to 1000 visible ASCII characters")
    return tokens


def _caller(token: str) -> Caller:
    """The key is stretched: who has a preview's URL cannot try tokens quickly."""
    key = hashlib.pbkdf2_hmac("sha256", token.encode(), b"reelbus preview", _ROUNDS)
    return Caller(f"motion:{hashlib.sha256(token.encode()).hexdigest()[:32]}", key)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
