"""The form of API keys: `rb_`, 8 public characters, `_`, 43 secret characters (256 bits, base64url).

A key is stored as its SHA-256: nobody guesses 256 random bits, so a slow hash would protect nothing more and
would cost every request."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

_PUBLIC = string.ascii_lowercase + string.digits
_KEY = re.compile(r"(rb_[a-z0-9]{8})_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True)
class Stored:
    """What is kept of a key: `prefix` finds it, `digest` (32 bytes) proves it."""

    prefix: str
    digest: bytes


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as operators see it; `prefix` is its public beginning."""

    key_id: UUID
    user_id: str
    scopes: list[str]
    name: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class CreatedKey:
    """`secret` is the whole key, told this once."""

    key: ApiKey
    secret: str


def new_key() -> str:
    public = "".join(secrets.choice(_PUBLIC) for _ in range(8))
    return f"rb_{public}_{secrets.token_urlsafe(32)}"


def stored(key: str) -> Stored | None:
    """`None` for what has not the form of a key."""
    found = _KEY.fullmatch(key)
    return Stored(found[1], hashlib.sha256(key.encode()).digest()) if found else None
