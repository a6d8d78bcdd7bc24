"""Asking a process whether it is well. Small and dependency-free: they run all the time."""

from functools import partial

import anyio

from reelbus.stack.specs import Probe

TIMEOUT = 5.0
STATUS_LINE_LIMIT = 4096


class NotReadyError(Exception):
    """The process does not answer as it should; the text is the reason."""


class RefusedError(NotReadyError):
    """Nothing listens on the port: not yet, or not any more."""


def http(port: int, path: str, *, host: str = "127.0.0.1") -> Probe:
    """Good when GET `path` answers 200."""
    return partial(_http, host, port, path)


def tcp(port: int, *, host: str = "127.0.0.1") -> Probe:
    """Good when a connection is accepted."""
    return partial(_tcp, host, port)


def postgres(port: int, user: str, password: str) -> Probe:
    """Good when a login to the maintenance database succeeds."""
    return partial(_postgres, port, user, password)


async def _tcp(host: str, port: int) -> None:
    try:
        with anyio.fail_after(TIMEOUT):
            async with await anyio.connect_tcp(host, port):
                return
    except TimeoutError as error:
        raise NotReadyError(f"no connection to port {port}") from error
    except OSError as error:
        raise RefusedError(f"no connection to port {port}") from error


async def _http(host: str, port: int, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    head = b""
    try:
        with anyio.fail_after(TIMEOUT):
            async with await anyio.connect_tcp(host, port) as stream:
                await stream.send(request.encode())
                while b"\r\n" not in head and len(head) < STATUS_LINE_LIMIT:
                    head += await stream.receive()
    except TimeoutError as error:
        raise NotReadyError(f"no answer from {path} within {TIMEOUT:g} s") from error
    except OSError as error:
        raise RefusedError(f"no connection to port {port}") from error
    except (anyio.EndOfStream, anyio.BrokenResourceError) as error:
        raise NotReadyError(f"no connection to port {port}") from error
    status = head.split(b"\r\n", 1)[0].split(b" ")[1:2]
    if status != [b"200"]:
        raise NotReadyError(f"{path} answers {b''.join(status).decode(errors='replace') or 'nonsense'}")


async def _postgres(port: int, user: str, password: str) -> None:
    import asyncpg

    try:
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=port,
            user=user,
            password=password,
            database="postgres",
            ssl=False,
            timeout=TIMEOUT,
        )
        await connection.close(timeout=TIMEOUT)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise NotReadyError(f"no login: {error}") from error
