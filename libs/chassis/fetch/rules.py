"""What a download may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FetchRules:
    """Bounds of one download. Times are seconds, sizes bytes, rates bytes a second.

    `connect_limit` is for resolving, connecting and TLS of each hop; `idle_limit` for the head of an answer
    and for the next byte of a body; `total_limit` for everything, what the reader takes included. A body
    must bring `least_rate` over each `rate_window` seconds spent waiting for it.
    """

    max_size: int
    schemes: frozenset[str] = frozenset({"https"})
    ports: frozenset[int] = frozenset({80, 443})
    max_redirects: int = 5
    connect_limit: float = 10.0
    idle_limit: float = 20.0
    total_limit: float = 900.0
    least_rate: float = 16_384.0
    rate_window: float = 20.0
