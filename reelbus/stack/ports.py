"""Picking TCP ports that are free and stay free."""

import errno
import random
import socket
from collections.abc import Iterable, Mapping

from reelbus.stack.errors import PortTakenError, StackError

# Below the ephemeral ranges of Linux (32768) and macOS (49152): an outgoing connection can never sit on the
# port of a server that is just being restarted.
RANGE = range(20_000, 32_000)
ATTEMPTS = 200


def bind_error(host: str, port: int) -> OSError | None:
    """Why nobody could listen there now, or None when it is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
            sock.listen(1)
        except OSError as error:
            return error
    return None


def assign(names: Iterable[str], previous: Mapping[str, int], *, avoid: frozenset[int]) -> dict[str, int]:
    """One free loopback port per name, the previous one where it is still free."""
    taken = set(avoid)
    chosen: dict[str, int] = {}
    for name in names:
        port = previous.get(name)
        if port is None or port in taken or bind_error("127.0.0.1", port):
            port = _free("127.0.0.1", taken)
        chosen[name] = port
        taken.add(port)
    return chosen


def public(host: str, port: int, previous: int | None = None) -> int:
    """The public port to use; 0 asks for any free one, the previous one if it still is.

    Raises:
        PortTakenError: in plain words, naming the port.
    """
    if port == 0:
        if previous is not None and bind_error(host, previous) is None:
            return previous
        return _free(host, set())
    error = bind_error(host, port)
    if error is None:
        return port
    if error.errno == errno.EADDRINUSE:
        raise PortTakenError(
            f"Port {port} is taken by another program. Choose another one: reelbus up --port {port + 1}"
        )
    if error.errno == errno.EACCES:
        raise PortTakenError(
            f"This user may not listen on port {port}. Choose one above 1023: reelbus up --port 8000"
        )
    raise PortTakenError(f"Cannot listen on {host} port {port}: {error.strerror}. Change --host or --port.")


def _free(host: str, taken: set[int]) -> int:
    for _ in range(ATTEMPTS):
        port = random.choice(RANGE)  # noqa: S311  (no secret)
        if port not in taken and bind_error(host, port) is None:
            return port
    raise StackError(f"No free port found between {RANGE.start} and {RANGE.stop} on {host}.")
