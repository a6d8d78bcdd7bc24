"""What operators' commands share: a plain connection to the NATS of a stack, typed calls over it, tables."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from libs.contracts.base import Message, Method, utcnow
from libs.contracts.errors import ReelbusError
from reelbus.stack.errors import StackError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from libs.chassis.settings import Fragment

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Data directory of the stack; wins over addresses in variables and files."),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url", envvar="REELBUS_DATABASE_URL", help="PostgreSQL with credentials, e.g. in a pod."
    ),
]
NatsUrl = Annotated[
    str | None,
    typer.Option("--nats-url", envvar="REELBUS_NATS_URL", help="NATS with credentials, e.g. in a pod."),
]
DefaultData = Annotated[Path, typer.Option(envvar="REELBUS_DATA", hidden=True)]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
DEFAULT_DATA = Path(".reelbus")

T = TypeVar("T")
M = TypeVar("M", bound=Message)


def address(data: Path | None, nats_url: str | None, default_data: Path) -> str:
    """Which NATS is meant: that of the stack in `data`, else `nats_url`, else that of a secret file, else
    that of the default stack."""
    if data is None:
        from libs.chassis.settings import BusSettings

        if url := nats_url or told(BusSettings(), "nats_url"):
            return url
    from reelbus.stack import connection

    return connection.load(data or default_data).nats_url


def database_address(data: Path | None, database_url: str | None, default_data: Path) -> str:
    """Which PostgreSQL is meant, as `address`."""
    if data is None:
        from libs.chassis.settings import DatabaseSettings

        if url := database_url or told(DatabaseSettings(), "database_url"):
            return url
    from reelbus.stack import connection

    return connection.load(data or default_data).database_url


def told(settings: Fragment, name: str) -> str:
    """A secret that the environment or a file gives; empty where neither does."""
    secret: SecretStr = getattr(settings, name)
    return secret.get_secret_value() if name in settings.model_fields_set else ""


def run(url: str, work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
    """What `work` returns, given a connection (`nats.aio.client.Client`). Raises `StackError`."""

    async def connected() -> T:
        async with connecting(url) as client:
            return await work(client)

    return asyncio.run(connected())


@asynccontextmanager
async def connecting(url: str) -> AsyncIterator[Any]:
    """A connection that gives up soon. Raises `StackError` in plain words."""
    import nats.errors
    from nats.aio.client import Client

    async def ignore(_: Exception) -> None:
        """Told by what `connect` raises."""

    shown = re.sub(r"//[^@/]*@", "//", url)
    client = Client()
    try:
        await client.connect(
            url,
            name="reelbus",
            allow_reconnect=False,
            connect_timeout=3,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=ignore,
        )
    except (nats.errors.Error, OSError, TimeoutError, ValueError) as error:
        refused = "authorization" in str(error).lower()
        fault = "refuses these credentials" if refused else "does not answer"
        raise StackError(f"NATS at {shown} {fault}.") from error
    try:
        yield client
    except (nats.errors.Error, ReelbusError) as error:
        raise StackError(str(error) or "NATS does not answer.") from error
    finally:
        await client.close()


async def call(client: Any, method: Method[M], request: M) -> Any:
    """The `Ok` value of a remote call. Raises `StackError` with the words of the other side."""
    import msgspec
    import nats.errors

    from libs.contracts.rpc import RpcError, reply_type

    service = method.subject.split(".")[1]
    try:
        answer = await client.request(method.subject, msgspec.json.encode(request), timeout=method.timeout)
    except nats.errors.NoRespondersError as error:
        raise StackError(f"The {service} service is not running.") from error
    except nats.errors.TimeoutError as error:
        raise StackError(f"The {service} service does not answer.") from error
    try:
        reply = msgspec.json.decode(answer.data, type=reply_type(method))
    except msgspec.DecodeError as error:
        raise StackError(f"The {service} service speaks another version: {error}") from error
    if isinstance(reply, RpcError):
        raise StackError(reply.message)
    return reply.value


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Aligned columns; the last one is never cut nor wrapped, so that it can be searched."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in (head, *rows))
    return "\n".join(lines)


def age(time: datetime | None) -> str:
    """How long ago, in the largest unit that fits: `42 s`, `3 min`, `5 h`, `2 d`."""
    if time is None:
        return "?"
    seconds = max(0, int((utcnow() - time).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
