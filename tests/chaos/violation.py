"""A promise that was broken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """`kind` is what was promised: `lost`, `output`, `duplicate`, `order`, `socket`, `cancel`, `left over`,
    `answer`, `restart`, `trouble` or `chaos`; `what` says how it was broken."""

    kind: str
    what: str
