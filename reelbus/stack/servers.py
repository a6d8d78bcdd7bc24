"""The three servers below the services: NATS, PostgreSQL and S3 (the juicefs gateway: MinIO's code)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from reelbus.stack import bus_users, host, probes
from reelbus.stack.connection import USER
from reelbus.stack.host import NOBODY, PostgresMode
from reelbus.stack.layout import Layout
from reelbus.stack.secrets import Secrets
from reelbus.stack.specs import Command, ProcessSpec

POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """What the specs need to know of the machine; `guard` prefixes an argv, see `host.death_guard`."""

    nats_server: Path
    juicefs: Path
    initdb: Path
    postgres: Path
    postgres_mode: PostgresMode
    guard: Mapping[Signals, tuple[str, ...]]
    env: Mapping[str, str]

    @classmethod
    def detect(cls) -> "Machine":
        return cls(
            nats_server=host.binary("nats-server"),
            juicefs=host.binary("juicefs"),
            initdb=host.postgres_binary("initdb"),
            postgres=host.postgres_binary("postgres"),
            postgres_mode=host.postgres_mode(),
            guard={signal: host.death_guard(signal) for signal in (Signals.SIGKILL, Signals.SIGINT)},
            env=host.base_environment(),
        )


def nats_config(layout: Layout, secrets: Secrets, ports: Mapping[str, int]) -> str:
    """`sync_interval: always` loses no acknowledged message when the machine dies."""
    return f"""\
server_name: reelbus
listen: "127.0.0.1:{ports["nats"]}"
http: "127.0.0.1:{ports["nats-monitor"]}"
jetstream {{
  store_dir: {json.dumps(str(layout.nats), ensure_ascii=False)}
  sync_interval: always
}}
{bus_users.authorization(bus_users.passwords(secrets))}"""


def nats_config_path(layout: Layout) -> Path:
    return layout.nats / "nats.conf"


def nats(layout: Layout, ports: Mapping[str, int], machine: Machine) -> ProcessSpec:
    healthy = probes.http(ports["nats-monitor"], "/healthz")
    return ProcessSpec(
        name="nats",
        argv=(*machine.guard[Signals.SIGKILL], str(machine.nats_server), "-c", str(nats_config_path(layout))),
        env={**machine.env, "HOME": str(layout.nats)},
        port=ports["nats"],
        rank=1,
        ready=healthy,
        live=probes.tcp(ports["nats-monitor"]),
    )


def postgres_home(layout: Layout, mode: PostgresMode) -> Path:
    return layout.setuid_postgres if mode is PostgresMode.SETUID else layout.postgres


def postgres(
    layout: Layout, secrets: Secrets, ports: Mapping[str, int], machine: Machine, finish: tuple[Command, ...]
) -> ProcessSpec:
    """SIGINT is PostgreSQL's fast shutdown; it also ends the server when the supervisor dies."""
    home = postgres_home(layout, machine.postgres_mode)
    prefix = host.USER_NAMESPACE if machine.postgres_mode is PostgresMode.USER_NAMESPACE else ()
    run_as = NOBODY if machine.postgres_mode is PostgresMode.SETUID else None
    settings = [word for key, value in POSTGRES_SETTINGS.items() for word in ("-c", f"{key}={value}")]
    command = (str(machine.postgres), "-D", str(home / "data"), "-p", str(ports["postgres"]), *settings)
    env = {**machine.env, "HOME": str(home)}
    return ProcessSpec(
        name="postgres",
        argv=(*prefix, *machine.guard[Signals.SIGINT], *command),
        env=env,
        port=ports["postgres"],
        rank=0,
        ready=probes.postgres(ports["postgres"], USER, secrets.postgres_password),
        live=probes.tcp(ports["postgres"]),
        prepare=(_initdb(home, machine, prefix, env, run_as),),
        finish=finish,
        stop_signal=Signals.SIGINT,
        grace=20.0,
        run_as=run_as,
    )


def _initdb(
    home: Path, machine: Machine, prefix: tuple[str, ...], env: Mapping[str, str], run_as: int | None
) -> Command:
    staging = home / "data.new"
    options = ("--auth=scram-sha-256", f"--pwfile={home / 'password'}", "-E", "UTF8", "--locale=C")
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions")
    return Command(
        log="postgres",
        argv=(
            *prefix,
            *machine.guard[Signals.SIGKILL],
            str(machine.initdb),
            "-D",
            str(staging),
            "-U",
            USER,
            *options,
            *locale,
        ),
        env=env,
        produces=home / "data",
        staging=staging,
        run_as=run_as,
    )


def s3(
    layout: Layout, secrets: Secrets, ports: Mapping[str, int], machine: Machine, finish: tuple[Command, ...]
) -> ProcessSpec:
    """Metadata in SQLite, blobs in files. `format` is idempotent and quick, so it runs before each start."""
    meta = f"sqlite3://{layout.s3 / 'meta.db'}"
    env = {**machine.env, "HOME": str(layout.s3)}
    form = (
        "format",
        "--storage",
        "file",
        "--bucket",
        f"{layout.s3 / 'blobs'}/",
        "--trash-days",
        "0",
        meta,
        "media",
    )
    keep = (
        "--multi-buckets",
        "--keep-etag",
        "--object-tag",
        "--object-meta",
        "--no-banner",
        "--no-usage-report",
    )
    cache = ("--cache-size", "0", "--cache-dir", str(layout.s3 / "cache"))
    files = ("--log", str(layout.log("s3")), "--metrics", f"127.0.0.1:{ports['s3-metrics']}")
    program = (str(machine.juicefs), "--no-agent")
    guard = machine.guard[Signals.SIGKILL]
    healthy = probes.http(ports["s3"], "/minio/health/live")
    return ProcessSpec(
        name="s3",
        argv=(
            *guard,
            *program,
            *("gateway", *keep, *cache, *files, meta, f"127.0.0.1:{ports['s3']}"),
        ),
        env={**env, "MINIO_ROOT_USER": secrets.s3_access_key, "MINIO_ROOT_PASSWORD": secrets.s3_secret_key},
        port=ports["s3"],
        rank=2,
        ready=healthy,
        live=healthy,
        prepare=(Command(log="s3", argv=(*guard, *program, *form), env=env),),
        finish=finish,
    )
