"""Edges beside a running stack, with settings of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import httpx

from reelbus.stack.connection import load
from reelbus.stack.layout import Layout
from reelbus.stack.services import environment
from tests.stack.harness import Stack, listener, wait_until


@contextmanager
def edges(stack: Stack, count: int, env: dict[str, str]) -> Iterator[Sequence[str]]:
    """The addresses of `count` more edges of the stack; they end with the block."""
    with ExitStack() as opened:
        begun = [opened.enter_context(_edge(stack, f"edge-extra-{number}", env)) for number in range(count)]
        for ready, _ in begun:
            wait_until(ready, 30)
        yield [url for _, url in begun]


@contextmanager
def _edge(stack: Stack, name: str, env: dict[str, str]) -> Iterator[tuple[Callable[[], bool], str]]:
    """Whether it is ready, and its address."""
    with listener() as taken:
        port: int = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    plain = {key: value for key, value in os.environ.items() if not key.startswith("REELBUS_")}
    told = environment(
        name, port, load(stack.data), Layout.at(stack.data), {**plain, **env, "REELBUS_PUBLIC_URL": url}
    )
    log = stack.data / "logs" / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.edge"],
            cwd=stack.workshop,
            env=told,
            stdout=output,
            stderr=output,
        )
    try:
        yield (lambda: _ready(process, url, log.read_text)), url
    finally:
        process.terminate()
        process.wait(15)


def _ready(process: subprocess.Popen[bytes], url: str, said: Callable[[], str]) -> bool:
    assert process.poll() is None, said()
    try:
        return httpx.get(f"{url}/ready").status_code == 200
    except httpx.TransportError:
        return False
