"""Owns the processes of a stack: starts them as their needs allow, stops them in reverse."""

import logging
import signal
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import anyio
from anyio.abc import TaskGroup, TaskStatus

from reelbus.stack import logs
from reelbus.stack.backoff import RestartPolicy
from reelbus.stack.errors import StartError
from reelbus.stack.process import Child
from reelbus.stack.spawner import Spawner
from reelbus.stack.specs import ProcessSpec
from reelbus.stack.state import Phase, ProcessState, ProcessStatus

logger = logging.getLogger(__name__)

START_TIMEOUT = 120.0
SWEEP_INTERVAL = 10.0
CULPRIT_LINES = 20

Publish = Callable[[Phase, Sequence[ProcessStatus]], None]


class Supervisor:
    """Knows nothing of particular programs. `publish` hears of every change, synchronously."""

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        log_of: Callable[[str], Path],
        publish: Publish,
        spawner: Spawner,
        *,
        policy: RestartPolicy | None = None,
        start_timeout: float = START_TIMEOUT,
    ) -> None:
        self._log_of = log_of
        self._publish = publish
        self._start_timeout = start_timeout
        self._spawner = spawner
        self._phase = Phase.STARTING
        self._stop = anyio.Event()
        self._failure: StartError | None = None
        chosen = policy or RestartPolicy()
        self._children = [Child(spec, self._spawner, log_of, self._changed, chosen) for spec in specs]
        self._usable = {spec.name: anyio.Event() for spec in specs}

    async def run(self) -> None:
        """Returns when everything was stopped on SIGINT, SIGTERM or SIGHUP.

        Raises:
            StartError: some process could not get ready; everything is stopped again.
        """
        async with anyio.create_task_group() as tasks:
            await tasks.start(self._listen_to_signals)
            tasks.start_soon(self._sweep_regularly)
            try:
                await self._start(tasks)
                await self._stop.wait()
            finally:
                with anyio.CancelScope(shield=True):
                    await self._stop_all()
                tasks.cancel_scope.cancel()
        self._enter(Phase.FAILED if self._failure else Phase.STOPPED)
        if self._failure:
            raise self._failure

    async def _start(self, tasks: TaskGroup) -> None:
        began = time.monotonic()
        self._enter(Phase.STARTING)
        for child in self._children:
            tasks.start_soon(self._bring_up, child, tasks)
        tasks.start_soon(self._give_up_late)
        for usable in self._usable.values():
            await self._unless_stopped(usable)
        if not self._stop.is_set():
            self._enter(Phase.READY)
            logger.info("stack ready", extra={"seconds": round(time.monotonic() - began, 2)})

    async def _unless_stopped(self, event: anyio.Event) -> None:
        async with anyio.create_task_group() as race:

            async def wait(other: anyio.Event) -> None:
                await other.wait()
                race.cancel_scope.cancel()

            race.start_soon(wait, event)
            race.start_soon(wait, self._stop)

    async def _bring_up(self, child: Child, tasks: TaskGroup) -> None:
        for need in child.spec.needs:
            await self._usable[need].wait()
        if self._stop.is_set():
            return
        tasks.start_soon(child.run)
        tasks.start_soon(self._watch_start, child)
        await child.first_ready.wait()
        for command in child.spec.finish:
            if code := await child.run_command(command):
                self._fail(f"{command.log} failed with exit code {code}.", command.log)
                return
        self._usable[child.spec.name].set()

    async def _watch_start(self, child: Child) -> None:
        await child.gave_up.wait()
        self._fail(f"{child.spec.name} does not start: {child.status.detail}.", child.spec.name)

    async def _give_up_late(self) -> None:
        await anyio.sleep(self._start_timeout)
        late = [child.status for child in self._children if not self._usable[child.spec.name].is_set()]
        begun = [status for status in late if status.state is not ProcessState.WAITING]
        if begun:
            names = ", ".join(status.name for status in begun)
            self._fail(f"Not ready after {self._start_timeout:g} s: {names}.", begun[0].name)

    def _fail(self, problem: str, log: str) -> None:
        if self._stop.is_set() or self._phase is not Phase.STARTING:
            return
        path = self._log_of(log)
        last = "\n".join(f"  {line}" for line in logs.tail(path, CULPRIT_LINES))
        self._failure = StartError(f"{problem} The end of {path}:\n{last}")
        logger.error("stack failed to start", extra={"problem": problem})
        self._stop.set()

    async def _stop_all(self) -> None:
        self._enter(Phase.STOPPING)
        by_rank = sorted(self._children, key=lambda child: -child.spec.rank)
        for _, group in groupby(by_rank, key=lambda child: child.spec.rank):
            async with anyio.create_task_group() as tasks:
                for child in group:
                    tasks.start_soon(child.stop)
        await self._spawner.sweep()

    async def _listen_to_signals(self, *, task_status: TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as received:
            task_status.started()
            async for number in received:
                logger.info("signal received", extra={"signal": number.name})
                if self._stop.is_set():
                    for child in self._children:
                        child.hurry()
                self._stop.set()

    async def _sweep_regularly(self) -> None:
        while True:
            await anyio.sleep(SWEEP_INTERVAL)
            await self._spawner.sweep()

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._changed()

    def _changed(self) -> None:
        self._publish(self._phase, [child.status for child in self._children])
