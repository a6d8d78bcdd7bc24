"""Real servers for tests: each in a folder of its own on free ports, killed and started again at will."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import Signals
from typing import TypeVar

import asyncpg

from libs.chassis.database import asyncpg_url
from libs.chassis.settings import BusSettings, StorageSettings
from reelbus.stack import host, ports
from reelbus.stack.servers import POSTGRES_SETTINGS

KEY, SECRET = "tester", "tester-secret"
PATIENCE = 30.0


def free_ports(count: int) -> list[int]:
    return list(ports.assign(map(str, range(count)), {}, avoid=frozenset()).values())


def wait_for(answers: Callable[[], object], process: subprocess.Popen[bytes], what: str) -> None:
    """Until `answers` is true, whatever it raises before."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if answers():
                return
        except (OSError, RuntimeError):
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"{what} does not come up (exit code {process.poll()})")
        time.sleep(0.02)


class Server:
    """One process; `start` returns when it answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def argv(self) -> Sequence[str]:
        raise NotImplementedError

    def env(self) -> Mapping[str, str]:
        return {}

    def answers(self) -> object:
        raise NotImplementedError

    def start(self) -> None:
        wait_for(self.answers, self._spawn(), type(self).__name__)

    async def start_again(self) -> None:
        """`start` on a running loop. The guard ends a server with the thread that made it: not a pool's."""
        process = self._spawn()
        await asyncio.to_thread(wait_for, self.answers, process, type(self).__name__)

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*host.death_guard(Signals.SIGKILL), *self.argv()],
                env={**host.base_environment(), "HOME": str(self.folder), **self.env()},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        return self.process

    def kill(self) -> None:
        """As if the machine lost power."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


S = TypeVar("S", bound=Server)


@contextmanager
def up(server: S) -> Iterator[S]:
    """A server that is killed at the end."""
    try:
        server.start()
        yield server
    finally:
        server.kill()


def http_answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status < 400)
    except urllib.error.HTTPError:
        return False


class Nats(Server):
    """JetStream that loses nothing when killed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port, self.monitor = free_ports(2)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def argv(self) -> Sequence[str]:
        config = self.folder / "nats.conf"
        config.write_text(
            f"listen: 127.0.0.1:{self.port}\nhttp: 127.0.0.1:{self.monitor}\n"
            f'jetstream {{ store_dir: "{self.folder}", sync_interval: always }}\n'
        )
        return [str(host.binary("nats-server")), "-c", str(config)]

    def answers(self) -> object:
        return http_answers(f"http://127.0.0.1:{self.monitor}/healthz")

    def settings(self, **changes: float) -> BusSettings:
        """Impatient ones."""
        quick = {
            "ack_wait": 1.0,
            "max_attempts": 3,
            "max_deliver": 6,
            "backoff_base": 0.05,
            "backoff_cap": 0.2,
        }
        return BusSettings(nats_url=self.url, **(quick | changes))  # type: ignore[arg-type]  # fields of any type


class GuardedNats(Nats):
    """A server with users: the `authorization` of its configuration."""

    def __init__(self, folder: Path, authorization: str) -> None:
        super().__init__(folder)
        self.authorization = authorization

    def argv(self) -> Sequence[str]:
        argv = super().argv()
        with Path(argv[-1]).open("a") as config:
            config.write(self.authorization)
        return argv

    def reload(self, authorization: str) -> None:
        """Have the running server take other users."""
        self.authorization = authorization
        self.argv()
        assert self.process is not None
        told, log = b"Reloaded server configuration", self.folder / "log"
        before = log.read_bytes().count(told)
        self.process.send_signal(Signals.SIGHUP)
        wait_for(lambda: log.read_bytes().count(told) > before, self.process, "The new configuration")


class NatsNode(Nats):
    """One server of a cluster, which must know the routes to the others before it starts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (self.cluster,) = free_ports(1)
        self.others: Sequence[NatsNode] = ()

    def argv(self) -> Sequence[str]:
        argv = super().argv()
        routes = ", ".join(f'"nats://127.0.0.1:{each.cluster}"' for each in self.others)
        with Path(argv[-1]).open("a") as config:
            config.write(f"server_name: {self.folder.name}\n")
            config.write(f"cluster {{ name: c, listen: 127.0.0.1:{self.cluster}, routes: [{routes}] }}\n")
        return argv

    def answers(self) -> object:
        """Before the cluster has a leader a server is not healthy; nor can one be while the others are not
        there."""
        return http_answers(f"http://127.0.0.1:{self.monitor}/varz")

    def healthy(self) -> bool:
        return super().answers() is True


class Postgres(Server):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (self.port,) = free_ports(1)
        self.data = folder / "data"
        self._prefix = host.USER_NAMESPACE if os.geteuid() == 0 else ()

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://app@127.0.0.1:{self.port}/{database}"

    def argv(self) -> Sequence[str]:
        if not self.data.exists():
            init = (str(host.postgres_binary("initdb")), "-D", str(self.data), "-U", "app", "--auth=trust")
            options = ("-E", "UTF8", "--locale=C", "-N")
            subprocess.run([*self._prefix, *init, *options], check=True, stdout=subprocess.DEVNULL)
        settings = [word for name, value in POSTGRES_SETTINGS.items() for word in ("-c", f"{name}={value}")]
        guard = host.death_guard(Signals.SIGINT)  # changing the namespace clears the outer one
        program = (str(host.postgres_binary("postgres")), "-D", str(self.data), "-p", str(self.port))
        return [*self._prefix, *guard, *program, *settings]

    def answers(self) -> object:
        async def ask() -> None:
            url = asyncpg_url(self.url("postgres"))
            connection = await asyncpg.connect(url, timeout=2)
            await connection.close()

        try:
            asyncio.run(ask())
        except asyncpg.PostgresError as error:  # it is starting up
            raise RuntimeError from error
        return True

    def stop(self, signal: Signals = Signals.SIGINT) -> None:
        """Fast shutdown; SIGQUIT is one without saving anything, which needs a recovery."""
        assert self.process is not None
        self.process.send_signal(signal)
        self.process.wait()


class S3(Server):
    port: int

    def settings(self, bucket: str) -> StorageSettings:
        return StorageSettings(
            s3_endpoint=f"http://127.0.0.1:{self.port}",
            s3_access_key=KEY,
            s3_secret_key=SECRET,
            s3_bucket=bucket,
        )


class Juicefs(S3):
    """MinIO's S3 code over a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port, self._metrics = free_ports(2)

    def env(self) -> Mapping[str, str]:
        return {"MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": SECRET}

    def argv(self) -> Sequence[str]:
        program = [str(host.binary("juicefs")), "--no-agent"]
        meta = f"sqlite3://{self.folder / 'meta.db'}"
        store = ["--storage", "file", "--bucket", f"{self.folder / 'blobs'}/", "--trash-days", "0"]
        env = {**host.base_environment(), "HOME": str(self.folder)}
        subprocess.run([*program, "format", *store, meta, "media"], check=True, env=env, capture_output=True)
        keep = ["--multi-buckets", "--keep-etag", "--object-tag", "--object-meta", "--no-banner"]
        rest = ["--cache-size", "0", "--no-usage-report", "--log", str(self.folder / "gateway.log")]
        addresses = ["--metrics", f"127.0.0.1:{self._metrics}", meta, f"127.0.0.1:{self.port}"]
        return [*program, "gateway", *keep, *rest, *addresses]

    def answers(self) -> object:
        return http_answers(f"http://127.0.0.1:{self.port}/minio/health/live")


class Weed(S3):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._roles = ("s3", "master", "filer", "volume", "admin")
        chosen = free_ports(2 * len(self._roles))
        self._ports = dict(
            zip([f"{r}.port{g}" for r in self._roles for g in ("", ".grpc")], chosen, strict=True)
        )
        self.port = chosen[0]

    def env(self) -> Mapping[str, str]:
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "GOMEMLIMIT": "300MiB"}

    def argv(self) -> Sequence[str]:
        addresses = [f"-{name}={port}" for name, port in self._ports.items()]
        off = ["-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-master.volumeSizeLimitMB=64"]
        where = [f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        return [str(host.binary("weed")), "mini", *where, *addresses, *off]

    def answers(self) -> object:
        """Only a real PUT tells."""
        from minio import Minio
        from minio.error import MinioException
        from urllib3 import PoolManager, Retry
        from urllib3.exceptions import HTTPError

        http = PoolManager(timeout=2, retries=Retry(0))
        client = Minio(
            f"127.0.0.1:{self.port}", KEY, SECRET, secure=False, region="us-east-1", http_client=http
        )
        try:
            if not client.bucket_exists("ready"):
                client.make_bucket("ready")
            client.put_object("ready", "probe", _Nothing(), 0)  # type: ignore[arg-type]  # no file, but read like one
        except (MinioException, HTTPError) as error:
            raise RuntimeError("not yet") from error
        return True


class _Nothing:
    def read(self, _: int = -1) -> bytes:
        return b""
