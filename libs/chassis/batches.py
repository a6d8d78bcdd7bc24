"""Look-ups in batches: those that come while one call is out share the next one.

Each answer is read after its question came, so nobody sees an older state than somebody told him before;
still a thousand questions a second cost a few calls.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

from libs.contracts.errors import UnavailableError

G = TypeVar("G", bound=Hashable)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_CALLS = 2
"""Calls of one group that are out at once: while one is answered the next is collected."""


class Batches(Generic[G, K, V]):
    """`load(group, keys)` finds values by their keys, of which it gets `most(group)` at most; those of
    different groups never share a call."""

    def __init__(
        self, load: Callable[[G, list[K]], Awaitable[Mapping[K, V]]], most: Callable[[G], int]
    ) -> None:
        self._load = load
        self._most = most
        self._waiting: defaultdict[G, dict[K, list[asyncio.Future[V | None]]]] = defaultdict(dict)
        self._running: Counter[G] = Counter()
        self._runners: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> bool:
        """Whether nothing is asked, and nothing kept."""
        return not self._running and not self._waiting

    async def get(self, group: G, key: K) -> V | None:
        """The value of `key`, `None` when there is none. Raises what its call raised: a shared one if nobody
        was there to answer, else one of its own."""
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting[group].setdefault(key, []).append(future)
        if self._running[group] < _CALLS:
            self._running[group] += 1
            runner = asyncio.create_task(self._run(group))
            self._runners.add(runner)
            runner.add_done_callback(self._runners.discard)
        return await future

    async def _run(self, group: G) -> None:
        try:
            while waiting := self._waiting.pop(group, None):
                rest = dict(list(waiting.items())[self._most(group) :])
                if rest:
                    self._waiting[group] = rest
                await self._call(group, {key: waiting[key] for key in waiting if key not in rest})
        finally:  # at once: who asks before a callback ran would find a runner that runs no more
            self._running[group] -= 1
            if not self._running[group]:
                del self._running[group]

    async def _call(self, group: G, batch: dict[K, list[asyncio.Future[V | None]]]) -> None:
        try:
            found = await self._load(group, list(batch))
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, UnavailableError):  # one is to blame: not all
                for key, futures in batch.items():
                    await self._call(group, {key: futures})
                return
            for future in _unanswered(batch):
                future.set_exception(error)
            return
        for key, futures in batch.items():
            for future in _unanswered({key: futures}):
                future.set_result(found.get(key))


def _unanswered(batch: Mapping[K, list[asyncio.Future[V | None]]]) -> list[asyncio.Future[V | None]]:
    """Without those whose question was cancelled."""
    return [future for futures in batch.values() for future in futures if not future.done()]
