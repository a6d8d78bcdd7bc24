"""The pure parts: argv, environment, ports, back-off, state."""

import random
import sys
from pathlib import Path
from signal import Signals

import pytest

from reelbus.stack import blueprint, bus_users, ports, secrets, servers, services, state
from reelbus.stack.backoff import RestartPolicy
from reelbus.stack.blueprint import Options
from reelbus.stack.connection import describe
from reelbus.stack.host import NOBODY, USER_NAMESPACE, PostgresMode
from reelbus.stack.layout import Layout
from reelbus.stack.secrets import Secrets
from reelbus.stack.servers import Machine
from reelbus.stack.specs import ProcessSpec
from tests.stack.harness import listener

LAYOUT = Layout(Path("/data"))
SECRETS = Secrets(nats_password="n", postgres_password="p", s3_secret_key="s", signing_secret="x")


def machine(mode: PostgresMode = PostgresMode.DIRECT, *, guard: bool = False) -> Machine:
    signals = (Signals.SIGKILL, Signals.SIGINT)
    return Machine(
        nats_server=Path("/bin/nats-server"),
        juicefs=Path("/bin/juicefs"),
        initdb=Path("/bin/initdb"),
        postgres=Path("/bin/postgres"),
        postgres_mode=mode,
        guard={number: ("guard", number.name) if guard else () for number in signals},
        env={"PATH": "/bin"},
    )


def build(options: Options, of: Machine) -> dict[str, ProcessSpec]:
    numbers = {name: 20_000 + index for index, name in enumerate(blueprint.port_names(options))}
    made = blueprint.specs(options, LAYOUT, SECRETS, numbers, public_url="http://x", machine=of)
    return {spec.name: spec for spec in made}


def test_nats() -> None:
    text = servers.nats_config(LAYOUT, SECRETS, {"nats": 1, "nats-monitor": 2})
    assert 'listen: "127.0.0.1:1"' in text
    assert 'http: "127.0.0.1:2"' in text
    assert "sync_interval: always" in text
    assert 'password: "n"' in text
    assert build(Options(), machine(guard=True))["nats"].argv == (
        *("guard", "SIGKILL", "/bin/nats-server", "-c", "/data/nats/nats.conf"),
    )


def test_postgres_direct() -> None:
    spec = build(Options(), machine())["postgres"]
    assert " ".join(spec.argv) == (
        "/bin/postgres -D /data/postgres/data -p 20002 -c listen_addresses=127.0.0.1"
        " -c unix_socket_directories= -c max_connections=200 -c shared_buffers=64MB -c timezone=UTC"
    )
    assert spec.stop_signal is Signals.SIGINT
    assert " ".join(spec.prepare[0].argv) == (
        "/bin/initdb -D /data/postgres/data.new -U reelbus --auth=scram-sha-256"
        " --pwfile=/data/postgres/password -E UTF8 --locale=C --locale-provider=builtin"
        " --builtin-locale=C.UTF-8 --no-sync --no-instructions"
    )


def test_postgres_as_root_asks_for_the_death_signal_inside_the_namespace() -> None:
    argv = build(Options(), machine(PostgresMode.USER_NAMESPACE, guard=True))["postgres"].argv
    assert argv[:7] == (*USER_NAMESPACE, "guard", "SIGINT", "/bin/postgres")


def test_postgres_as_another_user_lives_outside_the_private_directory() -> None:
    spec = build(Options(), machine(PostgresMode.SETUID))["postgres"]
    assert spec.run_as == spec.prepare[0].run_as == NOBODY
    assert not any(word.startswith("/data") for word in spec.argv)


def test_s3() -> None:
    spec = build(Options(), machine())["s3"]
    assert " ".join(spec.prepare[0].argv) == (
        "/bin/juicefs --no-agent format --storage file --bucket /data/s3/blobs/ --trash-days 0"
        " sqlite3:///data/s3/meta.db media"
    )
    assert " ".join(spec.argv) == (
        "/bin/juicefs --no-agent gateway --multi-buckets --keep-etag --object-tag --object-meta --no-banner"
        " --no-usage-report --cache-size 0 --cache-dir /data/s3/cache --log /data/logs/s3.log"
        " --metrics 127.0.0.1:20004 sqlite3:///data/s3/meta.db 127.0.0.1:20003"
    )
    assert (spec.env["MINIO_ROOT_USER"], spec.env["MINIO_ROOT_PASSWORD"]) == ("reelbus", "s")


def test_replicas_multiply_services_alone() -> None:
    names = list(build(Options(replicas=2), machine()))
    assert names == [
        *("nats", "postgres", "s3", "ingest", "ingest-2", "jobs", "jobs-2", "transcode", "transcode-2"),
        *("analyze", "analyze-2", "sessions", "sessions-2", "speech", "speech-2"),
        *("notify", "notify-2", "edge", "edge-2", "caddy"),
    ]


def test_stop_order() -> None:
    ranks = {name: spec.rank for name, spec in build(Options(), machine()).items()}
    order = ["caddy", "edge", "notify", "transcode", "jobs", "ingest", "s3", "nats", "postgres"]
    assert sorted(order, key=lambda name: -ranks[name]) == order
    assert ranks["speech"] == ranks["analyze"] == ranks["transcode"]


def test_needs() -> None:
    made = build(Options(), machine())
    assert made["edge"].needs == ("nats", "postgres", "s3")
    assert made["caddy"].needs == tuple(service.name for service in services.SERVICES)
    assert made["edge"].argv == (sys.executable, "-m", "services.edge")


def test_service_environment() -> None:
    reach = describe(SECRETS, {"nats": 1, "postgres": 2, "s3": 3}, "http://127.0.0.1:8000")
    caller = {"REELBUS_TUNED": "yes", "REELBUS_NATS_URL": "elsewhere", "HOME": "/home/anna"}
    assert services.environment("jobs-2", 4, reach.environ("jobs"), LAYOUT, caller) == {
        "HOME": "/home/anna",
        "REELBUS_TUNED": "yes",
        "REELBUS_NATS_URL": f"nats://jobs:{bus_users.passwords(SECRETS)['jobs']}@127.0.0.1:1",
        "REELBUS_DATABASE_URL": "postgresql+asyncpg://reelbus:p@127.0.0.1:2/reelbus",
        "REELBUS_SHUTDOWN_DELAY": "0",
        "REELBUS_SHUTDOWN_GRACE": "5",
        "REELBUS_S3_ENDPOINT": "http://127.0.0.1:3",
        "REELBUS_S3_ACCESS_KEY": "reelbus",
        "REELBUS_S3_SECRET_KEY": "s",
        "REELBUS_S3_BUCKET": "media",
        "REELBUS_PUBLIC_URL": "http://127.0.0.1:8000",
        "REELBUS_SIGNING_SECRET": "x",
        "REELBUS_HTTP_HOST": "127.0.0.1",
        "REELBUS_HTTP_PORT": "4",
        "REELBUS_SCRATCH_DIR": "/data/scratch/jobs-2",
        "REELBUS_SERVICE_INSTANCE": "jobs-2",
        "REELBUS_DATA": "/data",
    }
    behind_a_proxy = {"REELBUS_PUBLIC_URL": "https://media.example"}
    env = services.environment("edge", 4, reach.environ("edge"), LAYOUT, behind_a_proxy)
    assert env["REELBUS_PUBLIC_URL"] == "https://media.example"


def test_secrets_of_an_earlier_version_are_kept(tmp_path: Path) -> None:
    """What it did not know is made once."""
    path = tmp_path / "secrets.json"
    path.write_text('{"nats_password":"n","postgres_password":"p","s3_secret_key":"s","s3_access_key":"a"}')
    made = secrets.load_or_create(path)
    assert (made.nats_password, made.s3_access_key) == ("n", "a")
    assert len(made.signing_secret) >= 32
    assert len(made.nats_services_key) >= 32
    assert secrets.load(path) == secrets.load_or_create(path) == made


def test_back_off_doubles_to_a_cap() -> None:
    plain = RestartPolicy(jitter=0)
    rng = random.Random(1)
    assert [plain.delay(failures, rng) for failures in (1, 2, 3, 4)] == [0.2, 0.4, 0.8, 1.6]
    assert plain.delay(1000, rng) == plain.cap
    jittered = [RestartPolicy().delay(3, rng) for _ in range(50)]
    assert all(0.6 <= delay <= 1.0 for delay in jittered)
    assert len(set(jittered)) > 1


def test_ports_are_reused_unless_taken() -> None:
    first = ports.assign(["a", "b"], {}, avoid=frozenset())
    assert ports.assign(["a", "b"], first, avoid=frozenset()) == first
    assert len(set(first.values())) == 2
    with listener() as taken:
        moved = ports.assign(["a", "b"], {**first, "a": taken.getsockname()[1]}, avoid=frozenset())
    assert moved["b"] == first["b"]
    assert moved["a"] in ports.RANGE
    avoided = ports.assign(["a"], first, avoid=frozenset({first["a"]}))
    assert avoided["a"] != first["a"]


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80")],
)
def test_public_url(host: str, url: str) -> None:
    assert state.StackState(host=host, public_port=80).public_url == url


def test_state_survives_the_file(tmp_path: Path) -> None:
    process = state.ProcessStatus("edge", 1, pid=2, state=state.ProcessState.BACKOFF, restarts=3)
    kept = state.StackState(phase=state.Phase.READY, ports={"edge": 1}, processes=[process])
    state.save(tmp_path / "state.json", kept)
    assert state.load(tmp_path / "state.json") == kept
    assert not kept.healthy


def test_broken_state_is_a_fresh_one(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"phase": "dancing"')
    assert state.load(tmp_path / "state.json") == state.StackState()
