"""Every service as its own process, told everything by environment variables."""

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from signal import Signals

from reelbus.stack import probes
from reelbus.stack.connection import StackConnection
from reelbus.stack.layout import Layout
from reelbus.stack.servers import Machine
from reelbus.stack.specs import Command, ProcessSpec

SERVERS = ("nats", "postgres", "s3")


@dataclass(frozen=True, slots=True)
class Service:
    """A package `services.<name>`; higher ranks stop earlier, equal ones together."""

    name: str
    rank: int


SERVICES = (
    Service("ingest", 10),
    Service("jobs", 11),
    Service("transcode", 12),
    Service("analyze", 12),
    Service("sessions", 12),
    Service("speech", 12),
    Service("notify", 13),
    Service("edge", 14),
)


def instances(service: Service, replicas: int) -> tuple[str, ...]:
    """Process names: `edge`, `edge-2`, `edge-3`, …"""
    return (service.name, *(f"{service.name}-{number}" for number in range(2, replicas + 1)))


def environment(
    name: str, port: int, reach: Mapping[str, str], layout: Layout, caller: Mapping[str, str]
) -> dict[str, str]:
    """The caller's environment, so that users can tune services, below what the stack decides: how to `reach`
    its servers among it. A stack stops as a whole, and nobody is left to go to: it does not wait as long."""
    return {
        **caller,
        **reach,
        "REELBUS_PUBLIC_URL": caller.get("REELBUS_PUBLIC_URL", reach["REELBUS_PUBLIC_URL"]),
        "REELBUS_SHUTDOWN_DELAY": caller.get("REELBUS_SHUTDOWN_DELAY", "0"),
        "REELBUS_SHUTDOWN_GRACE": caller.get("REELBUS_SHUTDOWN_GRACE", "5"),
        "REELBUS_HTTP_HOST": "127.0.0.1",
        "REELBUS_HTTP_PORT": str(port),
        "REELBUS_SCRATCH_DIR": str(layout.scratch / name),
        "REELBUS_SERVICE_INSTANCE": name,
        "REELBUS_DATA": str(layout.root),
    }


def processes(
    services: Iterable[Service],
    replicas: int,
    ports: Mapping[str, int],
    connection: StackConnection,
    *,
    layout: Layout,
    machine: Machine,
) -> list[ProcessSpec]:
    return [
        ProcessSpec(
            name=name,
            argv=(*machine.guard[Signals.SIGKILL], sys.executable, "-m", f"services.{service.name}"),
            env=environment(name, ports[name], connection.environ(service.name), layout, os.environ),
            port=ports[name],
            rank=service.rank,
            ready=probes.http(ports[name], "/ready"),
            live=probes.http(ports[name], "/live"),
            needs=SERVERS,
        )
        for service in services
        for name in instances(service, replicas)
    ]


def setup_command(step: str, log: str, connection: StackConnection, machine: Machine) -> Command:
    """A step of `reelbus.stack.setup` in its own process: its imports would stay in the supervisor."""
    return Command(
        log=log,
        argv=(*machine.guard[Signals.SIGKILL], sys.executable, "-m", "reelbus.stack.setup", step),
        env={**os.environ, **connection.environ()},
    )
