"""One supervised child: started, watched, restarted, ended."""

import logging
import random
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import anyio
import psutil
from anyio.abc import Process

from reelbus.stack.backoff import RestartPolicy
from reelbus.stack.probes import NotReadyError, RefusedError
from reelbus.stack.spawner import Spawner, kill_group
from reelbus.stack.specs import Command, Probe, ProcessSpec
from reelbus.stack.state import ProcessState, ProcessStatus

logger = logging.getLogger(__name__)

# Seconds between probes: of a process that starts, of one that is ready, of one that was and is not.
STARTING_INTERVAL = 0.1
READY_INTERVAL = 2.0
UNREADY_INTERVAL = 0.5
# A process whose liveness fails this long without a break is killed. Before its first answer it has longer,
# and so has one that listens no more: somebody told it to end, and it finishes what it has.
DEAD_AFTER = 10.0
LEAVING_AFTER = 90.0
DEAF_AFTER = 60.0


class Child:
    """`first_ready` is set once for ever; `gave_up` when the process could not start at all."""

    def __init__(
        self,
        spec: ProcessSpec,
        spawner: Spawner,
        log_of: Callable[[str], Path],
        changed: Callable[[], None],
        policy: RestartPolicy,
    ) -> None:
        self.spec = spec
        self.status = ProcessStatus(name=spec.name, port=spec.port, since=time.time())
        self.first_ready = anyio.Event()
        self.gave_up = anyio.Event()
        self._spawner = spawner
        self._log_of = log_of
        self._changed = changed
        self._policy = policy
        self._stopping = anyio.Event()
        self._hurry = anyio.Event()
        self._done = anyio.Event()
        self._started = False
        self._ready_since: float | None = None
        self._rng = random.Random()  # noqa: S311  (no secret)

    async def run(self) -> None:
        """Keep the process running until `stop`, or until it gives up on a process that was never ready."""
        self._started = True
        try:
            await self._live()
        finally:
            self._done.set()

    async def _live(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            ready_for = await self._one_life()
            if self._stopping.is_set():
                break
            failures = 1 if ready_for >= self._policy.forgive_after else failures + 1
            if failures >= self._policy.give_up_after and not self.first_ready.is_set():
                self._set(ProcessState.FAILED, self.status.detail)
                self.gave_up.set()
                break
            await self._back_off(failures)

    async def stop(self) -> None:
        """Returns when the process is gone. Safe at any time, also before `run`."""
        self._stopping.set()
        if self._started:
            await self._done.wait()
        self._set(ProcessState.STOPPED)

    def hurry(self) -> None:
        """Do not wait for the grace period."""
        self._hurry.set()

    async def _back_off(self, failures: int) -> None:
        delay = self._policy.delay(failures, self._rng)
        logger.warning(
            "process restarts",
            extra={
                "child": self.spec.name,
                "detail": self.status.detail,
                "failures": failures,
                "delay": delay,
            },
        )
        self._set(ProcessState.BACKOFF, self.status.detail)
        with anyio.move_on_after(delay):
            await self._stopping.wait()
            return
        self.status.restarts += 1

    async def _one_life(self) -> float:
        """From start to end; returns how many seconds it had been ready."""
        self._ready_since = None
        self._set(ProcessState.STARTING)
        process = await self._start()
        if process is None:
            return 0.0
        with suppress(psutil.NoSuchProcess):
            self.status.born = psutil.Process(process.pid).create_time()
        self._set(ProcessState.STARTING, pid=process.pid)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._watch, process)
                tasks.start_soon(self._end_on_request, process)
                await process.wait()
                tasks.cancel_scope.cancel()
        finally:
            code = await self._spawner.bury(process)
        self.status.detail = f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return 0.0 if self._ready_since is None else time.monotonic() - self._ready_since

    async def _start(self) -> Process | None:
        """Raises nothing: a failed start is a failed life, its reason in `status.detail`."""
        try:
            for command in self.spec.prepare:
                if code := await self.run_command(command):
                    self.status.detail = f"preparing it failed with exit code {code}"
                    return None
            log = self._log_of(self.spec.name)
            return await self._spawner.start(self.spec.argv, self.spec.env, log, self.spec.run_as)
        except OSError as error:
            self.status.detail = f"cannot be started: {error}"
            return None

    async def run_command(self, command: Command) -> int:
        """The exit code; 0 without running when what it produces is already there."""
        if command.produces is not None and command.produces.exists():
            return 0
        if command.staging is not None:
            shutil.rmtree(command.staging, ignore_errors=True)
        code = await self._spawner.run(command.argv, command.env, self._log_of(command.log), command.run_as)
        if code == 0 and command.staging is not None and command.produces is not None:
            command.staging.rename(command.produces)
        return code

    async def _end_on_request(self, process: Process) -> None:
        await self._stopping.wait()
        self._set(ProcessState.STOPPING)
        with suppress(ProcessLookupError):
            process.send_signal(self.spec.stop_signal)
        with anyio.move_on_after(self.spec.grace):
            await self._hurry.wait()
        logger.warning("process killed", extra={"child": self.spec.name, "grace": self.spec.grace})
        kill_group(process.pid)

    async def _watch(self, process: Process) -> None:
        born = time.monotonic()
        dead_since: float | None = None
        seen_alive = False
        while not self._stopping.is_set():
            asked = time.monotonic()
            problem = await _problem(self.spec.ready)
            self._note(problem)
            trouble = problem and await _problem(self.spec.live)
            alive = trouble is None
            seen_alive = seen_alive or alive
            dead_since = None if alive else (dead_since or asked)
            limit = _patience(trouble) if seen_alive else DEAF_AFTER
            if dead_since is not None and time.monotonic() - dead_since > limit:
                logger.error("process does not live", extra={"child": self.spec.name, "detail": str(problem)})
                kill_group(process.pid)
                return
            await anyio.sleep(self._interval(problem, time.monotonic() - born))

    def _interval(self, problem: NotReadyError | None, age: float) -> float:
        if problem is None:
            return READY_INTERVAL
        starting = self._ready_since is None and age < DEAF_AFTER
        return STARTING_INTERVAL if starting else UNREADY_INTERVAL

    def _note(self, problem: NotReadyError | None) -> None:
        if self._stopping.is_set():
            return
        if problem is None:
            if self._ready_since is None:
                self._ready_since = time.monotonic()
            self._set(ProcessState.READY)
            self.first_ready.set()
        else:
            was_ready = self._ready_since is not None
            self._set(ProcessState.UNREADY if was_ready else ProcessState.STARTING, str(problem))

    def _set(self, state: ProcessState, detail: str = "", pid: int | None = None) -> None:
        alive = state in (
            ProcessState.STARTING,
            ProcessState.READY,
            ProcessState.UNREADY,
            ProcessState.STOPPING,
        )
        pid = (pid or self.status.pid) if alive else None
        if (state, detail, pid) == (self.status.state, self.status.detail, self.status.pid):
            return
        if state is not self.status.state:
            self.status.since = time.time()
        self.status.state, self.status.detail, self.status.pid = state, detail, pid
        self._changed()


async def _problem(probe: Probe) -> NotReadyError | None:
    try:
        await probe()
    except NotReadyError as reason:
        return reason
    return None


def _patience(trouble: NotReadyError | None) -> float:
    """Seconds for which a process that was alive may have this trouble."""
    return LEAVING_AFTER if isinstance(trouble, RefusedError) else DEAD_AFTER
