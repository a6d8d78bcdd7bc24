"""Runs a stack in this process: takes the lock, readies the data directory, supervises until told to stop."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import psutil
from pythonjsonlogger.json import JsonFormatter

from reelbus.stack import blueprint, gateway, lock, logs, ports, secrets, servers, state
from reelbus.stack.blueprint import Options
from reelbus.stack.errors import StackError
from reelbus.stack.host import NOBODY, PostgresMode
from reelbus.stack.layout import SETUID_HOME, Layout
from reelbus.stack.servers import Machine
from reelbus.stack.spawner import Spawner, become_subreaper
from reelbus.stack.specs import ProcessSpec
from reelbus.stack.state import Phase, ProcessStatus, StackState
from reelbus.stack.supervisor import START_TIMEOUT, Supervisor

logger = logging.getLogger(__name__)

SUPERVISOR_LOG = "supervisor"
LEFTOVER_PATIENCE = 10.0

Show = Callable[[StackState], None]


def run_stack(layout: Layout, options: Options, show: Show, start_timeout: float = START_TIMEOUT) -> None:
    """Blocks until the stack was stopped by a signal; `show` hears of every change.

    Raises:
        StackError: it could not start; the reason is also in the state file.
    """
    layout.create()
    with lock.hold(layout.lock):
        _log_to(layout.log(SUPERVISOR_LOG))
        previous = state.load(layout.state)
        end_leftovers(previous.processes)
        current = StackState(phase=Phase.STARTING, supervisor=os.getpid(), host=options.host)
        current.ports = previous.ports
        try:
            specs = _prepare(layout, options, previous, current)
            anyio.run(_supervise, layout, specs, current, show, start_timeout)
        except StackError as error:
            current.phase, current.error = Phase.FAILED, str(error)
            state.save(layout.state, current)
            raise


def end_leftovers(processes: Sequence[ProcessStatus]) -> None:
    """End what survived a killed supervisor where the system has no parent-death signal."""
    alive = [process for status in processes if (process := _same_process(status)) is not None]
    for process in alive:
        process.terminate()
    _, stubborn = psutil.wait_procs(alive, timeout=LEFTOVER_PATIENCE)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=LEFTOVER_PATIENCE)


def _same_process(status: ProcessStatus) -> psutil.Process | None:
    if status.pid is None or status.born is None:
        return None
    try:
        process = psutil.Process(status.pid)
        return process if process.create_time() == status.born else None
    except psutil.Error:
        return None


async def _supervise(
    layout: Layout, specs: Sequence[ProcessSpec], current: StackState, show: Show, start_timeout: float
) -> None:
    def publish(phase: Phase, processes: Sequence[ProcessStatus]) -> None:
        current.phase, current.processes = phase, list(processes)
        state.save(layout.state, current)
        show(current)

    spawner = Spawner(adopts=become_subreaper())
    await Supervisor(specs, layout.log, publish, spawner, start_timeout=start_timeout).run()


def _prepare(
    layout: Layout, options: Options, previous: StackState, current: StackState
) -> list[ProcessSpec]:
    """Decide ports, write configuration; `current` learns the ports."""
    public = ports.public(options.host, options.port, previous.public_port or None)
    chosen = replace(options, port=public)
    current.public_port = public
    current.ports = ports.assign(blueprint.port_names(chosen), previous.ports, avoid=frozenset({public}))
    keys = secrets.load_or_create(layout.secrets)
    machine = Machine.detect()
    for path in layout.logs.glob("*.log"):
        logs.rotate(path)
    layout.clear_scratch()
    for service in blueprint.port_names(chosen):
        if service not in blueprint.SERVER_PORTS:
            (layout.scratch / service).mkdir()
    secrets.write_private(servers.nats_config_path(layout), servers.nats_config(layout, keys, current.ports))
    gateway.config_path(layout).write_text(blueprint.gateway_config(chosen, current.ports))
    _prepare_postgres(servers.postgres_home(layout, machine.postgres_mode), machine.postgres_mode, keys)
    return blueprint.specs(
        chosen, layout, keys, current.ports, public_url=current.public_url, machine=machine
    )


def _prepare_postgres(home: Path, mode: PostgresMode, keys: secrets.Secrets) -> None:
    password = home / "password"
    if mode is PostgresMode.SETUID:
        SETUID_HOME.mkdir(mode=0o711, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        os.chown(home, NOBODY, NOBODY)
    secrets.write_private(password, keys.postgres_password)
    if mode is PostgresMode.SETUID:
        os.chown(password, NOBODY, NOBODY)


def _log_to(path: Path) -> None:
    """One JSON object a line: time, level, message and the fields given with it."""
    logs.rotate(path)
    handler = logging.FileHandler(path)
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
