"""How fast a body comes, and in which pieces."""

from __future__ import annotations

from libs.chassis.fetch.answers import bad_answer
from libs.chassis.fetch.urls import away

_FREE_PIECES = 1000
_MEAN_PIECE = 512


class Pace:
    """Adds up bytes and the seconds spent waiting for them; the reader's own time does not count."""

    def __init__(self, least_rate: float, window: float) -> None:
        self._least_rate = least_rate
        self._window = window
        self._size = 0
        self._waited = 0.0
        self._pieces_left = float(_FREE_PIECES)

    def came(self, size: int, waited: float) -> None:
        """Another piece. Raises `UnavailableError` at the end of a window that brought too little, and
        `InvalidInputError` for pieces so small (chunks of one byte, say) that they cost more than they
        bring."""
        self._pieces_left += size / _MEAN_PIECE - 1
        if self._pieces_left < 0:
            raise bad_answer("The server of the URL sends the file in crumbs.")
        self._size += size
        self._waited += waited
        if self._waited < self._window:
            return
        if self._size < self._least_rate * self._waited:
            raise away("The server of the URL sends too slowly.")
        self._size, self._waited = 0, 0.0
