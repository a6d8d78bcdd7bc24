"""Puts a whole stack together: ports and files in, process specs out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reelbus.stack import connection, gateway, servers, services
from reelbus.stack.connection import StackConnection
from reelbus.stack.layout import Layout
from reelbus.stack.secrets import Secrets
from reelbus.stack.servers import Machine
from reelbus.stack.services import SERVICES, Service
from reelbus.stack.specs import ProcessSpec

GATEWAY = "edge"
HUB = "notify"
SERVER_PORTS = ("nats", "nats-monitor", "postgres", "s3", "s3-metrics", "caddy-health")


@dataclass(frozen=True, slots=True)
class Options:
    """What the user chose."""

    host: str = "127.0.0.1"
    port: int = 8000
    replicas: int = 1
    services: Sequence[Service] = SERVICES


def port_names(options: Options) -> list[str]:
    """Everything that needs a loopback port of its own."""
    named = [name for service in options.services for name in services.instances(service, options.replicas)]
    return [*SERVER_PORTS, *named]


def gateway_config(options: Options, ports: Mapping[str, int]) -> str:
    def upstreams(name: str) -> gateway.Upstream:
        found = [service for service in options.services if service.name == name]
        return gateway.local(
            [
                ports[instance]
                for service in found
                for instance in services.instances(service, options.replicas)
            ]
        )

    return gateway.config(
        host=options.host,
        port=options.port,
        health_port=ports["caddy-health"],
        edge=upstreams(GATEWAY),
        notify=upstreams(HUB),
    )


def specs(
    options: Options,
    layout: Layout,
    secrets: Secrets,
    ports: Mapping[str, int],
    *,
    public_url: str,
    machine: Machine,
) -> list[ProcessSpec]:
    """All processes in the order they are shown. `options.port` is the resolved public port."""
    reach: StackConnection = connection.describe(secrets, dict(ports), public_url)
    database = services.setup_command("database", "migrations", reach, machine)
    bucket = services.setup_command("bucket", "s3-setup", reach, machine)
    workers = services.processes(
        options.services, options.replicas, ports, reach, layout=layout, machine=machine
    )
    return [
        servers.nats(layout, ports, machine),
        servers.postgres(layout, secrets, ports, machine, finish=(database,)),
        servers.s3(layout, secrets, ports, machine, finish=(bucket,)),
        *workers,
        gateway.process(layout, {**ports, "caddy": options.port}, [spec.name for spec in workers], machine),
    ]
