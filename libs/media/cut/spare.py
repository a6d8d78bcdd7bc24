"""Cutters that are started ahead: loading libav takes longer than many a cut.

A spare is the same confined process, told to read its request from a pipe with a name, where it waits.
"""

from __future__ import annotations

import math
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from uuid import uuid4

import anyio

from libs.contracts.errors import ReelbusError, TaskTimeoutError, UnavailableError
from libs.media.runner import Reader, stream
from libs.media.tools import Tools

MODULE = ("-m", "libs.media.cut")
_HOPELESS = 30.0
"""Seconds after which a spare that still does not listen is replaced."""


class Spares:
    """Spare cutters of one worker: each run of `keep` has one ready or at work. Pipes are in `folder`."""

    def __init__(self, tools: Tools, folder: Path) -> None:
        self._tools = tools
        self._folder = folder
        self._idle: list[_Spare] = []

    async def keep(self) -> None:
        """Start a spare and wait until it was used up. To be repeated."""
        spare = _Spare(self._tools, self._folder / f"{uuid4().hex}.pipe")
        self._idle.append(spare)
        try:
            await spare.live()
        finally:
            with suppress(ValueError):
                self._idle.remove(spare)

    def take(self) -> _Spare | None:
        """One that is ready, for the caller alone."""
        for spare in self._idle:
            if spare.open():
                self._idle.remove(spare)
                return spare
        return None


class _Spare:
    def __init__(self, tools: Tools, pipe: Path) -> None:
        self._observer = tools.on_exit
        self._tools = replace(tools, on_exit=self._exited)
        self._pipe = pipe
        self._fd = -1
        self._reader: Reader | None = None
        self._started = self._taken = monotonic()
        self._problem: ReelbusError | None = None
        self._released, self._gone = anyio.Event(), anyio.Event()

    async def live(self) -> None:
        """The life of the process, in the task that must end it."""
        os.mkfifo(self._pipe, 0o600)
        try:
            arguments = [*MODULE, str(self._pipe)]
            async with stream(self._tools, "python", arguments, time_limit=math.inf) as self._reader:
                await self._released.wait()
        except ReelbusError as error:
            self._problem = error
            if self._fd < 0:  # nobody else hears of it
                raise
        finally:
            self._pipe.unlink(missing_ok=True)
            self._gone.set()

    def open(self) -> bool:
        """Whether it listens, which it does once it has loaded everything."""
        if self._reader is None:  # it may be ready before whoever started it knows of it
            return False
        try:
            self._fd = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            if monotonic() - self._started > _HOPELESS:
                self._released.set()
            return False
        self._taken = monotonic()
        return True

    @asynccontextmanager
    async def working(self, request: bytes, time_limit: float) -> AsyncIterator[Reader]:
        """What it says to `request`, as `runner.stream` has it: `time_limit` is seconds from now on, and no
        process is left afterwards."""
        assert self._reader is not None
        try:
            with anyio.move_on_after(time_limit) as deadline:
                await self._ask(request)
                yield self._reader
        finally:
            self._released.set()
            with anyio.CancelScope(shield=True):
                await self._gone.wait()
        if deadline.cancelled_caught:
            raise TaskTimeoutError(f"The work took longer than its limit of {time_limit:g} s.")
        if self._problem is not None:
            raise self._problem

    async def _ask(self, request: bytes) -> None:
        try:
            while request:
                await anyio.wait_writable(self._fd)
                request = request[os.write(self._fd, request) :]
        except OSError as error:
            raise UnavailableError("The cutter ended before it was asked.") from error
        finally:
            os.close(self._fd)

    def _exited(self, program: str, seconds: float, outcome: str) -> None:
        """Only what it worked counts."""
        if self._observer and self._fd >= 0:
            self._observer(program, monotonic() - self._taken, outcome)
