"""Services beside a running stack, with settings of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from reelbus.stack.connection import load
from reelbus.stack.layout import Layout
from reelbus.stack.services import environment
from tests.stack.harness import NO_TLS, Stack, listener, wait_until


@dataclass(frozen=True)
class Beside:
    """A process of a service, and the address that it listens to."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.url}/ready", verify=NO_TLS).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def edges(stack: Stack, count: int, env: dict[str, str]) -> Iterator[Sequence[str]]:
    """The addresses of `count` more edges of the stack; they end with the block."""
    with ExitStack() as opened:
        begun = [opened.enter_context(beside(stack, "edge", str(number), env)) for number in range(count)]
        for each in begun:
            wait_until(each.ready, 30)
        yield [each.url for each in begun]


@contextmanager
def beside(
    stack: Stack, service: str, name: str, env: dict[str, str], *, s3_endpoint: str | None = None
) -> Iterator[Beside]:
    """One more process of `service`, which reaches storage at `s3_endpoint`; not ready yet. It ends with the
    block."""
    with listener() as taken:
        port: int = taken.getsockname()[1]
    url, name = f"http://127.0.0.1:{port}", f"{service}-extra-{name}"
    connection = load(stack.data)
    if s3_endpoint is not None:
        connection = replace(connection, s3_endpoint=s3_endpoint)
    plain = {key: value for key, value in os.environ.items() if not key.startswith("REELBUS_")}
    public = {"REELBUS_PUBLIC_URL": url} if service == "edge" else {}
    told = environment(
        name, port, connection.environ(service), Layout.at(stack.data), {**plain, **env, **public}
    )
    log = stack.data / "logs" / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", f"services.{service}"],
            cwd=stack.workshop,
            env=told,
            stdout=output,
            stderr=output,
        )
    try:
        yield Beside(process, url, log)
    finally:
        process.terminate()
        process.wait(15)
