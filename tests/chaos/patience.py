"""How long a crowd waits: as long as something comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable


class Patience:
    """Over when nothing has come for `stalled` seconds, or after `limit` seconds, whatever comes."""

    def __init__(self, *, stalled: float, limit: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._stalled = stalled
        self._clock = clock
        self._last = clock()
        self._deadline = self._last + limit

    def renew(self) -> None:
        """Something has come."""
        self._last = self._clock()

    @property
    def over(self) -> bool:
        return self._clock() > min(self._last + self._stalled, self._deadline)
