"""How fast a body comes."""

from __future__ import annotations

from libs.contracts.errors import UnavailableError


class Pace:
    """Adds up bytes and the seconds that were spent waiting for them; the reader's own time does not count."""

    def __init__(self, least_rate: float, window: float) -> None:
        self._least_rate = least_rate
        self._window = window
        self._size = 0
        self._waited = 0.0

    def came(self, size: int, waited: float) -> None:
        """Raises `UnavailableError` at the end of a window that brought too little."""
        self._size += size
        self._waited += waited
        if self._waited < self._window:
            return
        if self._size < self._least_rate * self._waited:
            raise UnavailableError("The server of the URL sends too slowly.")
        self._size, self._waited = 0, 0.0
