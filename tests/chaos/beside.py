"""Work beside the crowd's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Self


class Beside:
    """Runs `_work`, in a thread of its own, while the block runs. `_done` tells it to end; what it raised is
    raised at the end of the block."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self._running = self._pool.submit(self._work)
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._pool.shutdown()
        self._running.result()

    def _work(self) -> None:
        raise NotImplementedError
