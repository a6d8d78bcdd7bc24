"""Calls about movies.

Serves `GET_MAKING`, `LIST_MAKINGS`, `REMOVE_RESULT` and `COUNT_JOBS`.
"""

from __future__ import annotations

from libs.chassis.bus import Bus
from libs.contracts.errors import InvalidInputError
from libs.contracts.movies import COUNT_JOBS, GET_MAKING, LIST_MAKINGS, REMOVE_RESULT, ListMakings, Makings
from services.jobs.movies.counts import Counts
from services.jobs.movies.makings import MovieStore
from services.jobs.movies.removal import Removal

_MAX_PAGE = 100


class MovieHandlers:
    def __init__(self, bus: Bus, movies: MovieStore, removal: Removal, counts: Counts) -> None:
        self._bus = bus
        self._movies = movies
        self._removal = removal
        self._counts = counts

    def register(self) -> None:
        self._bus.serve(GET_MAKING, self._movies.get)
        self._bus.serve(LIST_MAKINGS, self.page)
        self._bus.serve(REMOVE_RESULT, self._removal.remove)
        self._bus.serve(COUNT_JOBS, self._counts.count)

    async def page(self, request: ListMakings) -> Makings:
        if not 1 <= request.limit <= _MAX_PAGE or request.offset < 0:
            raise InvalidInputError(f"A page holds 1 to {_MAX_PAGE} jobs and begins at 0 or later.")
        return await self._movies.page(request)
