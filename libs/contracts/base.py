"""The base of every message, and the declaration that ties type, subject and version together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Immutable, keyword-only. Unknown fields are ignored on decoding, so that old readers accept new
    writers; new fields need defaults, so that new readers accept old writers."""


M = TypeVar("M", bound=Message)

Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone (UTC in everything that is written here)."""


@dataclass(frozen=True)
class Event(Generic[M]):
    """A fact on the EVENTS stream; its subject is `<name>.v<version>`, e.g. `job.completed.v1`."""

    name: str
    version: int
    type: type[M]

    @property
    def subject(self) -> str:
        return f"{self.name}.v{self.version}"


@dataclass(frozen=True)
class Signal(Generic[M]):
    """A disposable message on core NATS: nobody misses it when it is lost."""

    subject: str
    type: type[M]


@dataclass(frozen=True)
class Method(Generic[M]):
    """An RPC: request type, the type of an `Ok` reply, and how long a caller waits for it (seconds)."""

    subject: str
    request: type[M]
    reply: Any
    timeout: float = 5.0


def utcnow() -> datetime:
    """The current time, timezone-aware UTC."""
    return datetime.now(UTC)
