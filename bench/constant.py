"""What a status request could cost at the least: `python -m bench.constant PORT` serves a constant route
with the server of the services (uvicorn, uvloop, httptools) and a bare Litestar."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import uvicorn
from litestar import Litestar, get

from reelbus.stack.ports import assign

PATH = "/status"


@get(PATH)
async def status() -> dict[str, str]:
    return {"status": "ok"}


@contextmanager
def serving() -> Iterator[int]:
    """The port of a server that runs while the block does."""
    port = assign(["constant"], {}, avoid=frozenset())["constant"]
    child = subprocess.Popen([sys.executable, "-m", "bench.constant", str(port)])
    try:
        _await(port, child)
        yield port
    finally:
        child.terminate()
        child.wait()


def _await(port: int, child: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", PATH)
            connection.getresponse().read()
        except OSError:
            if child.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("The constant route does not answer.")


if __name__ == "__main__":
    app = Litestar([status], openapi_config=None, logging_config=None)
    uvicorn.run(
        app, port=int(sys.argv[1]), lifespan="off", log_config=None, access_log=False, server_header=False
    )
