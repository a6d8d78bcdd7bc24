"""The embedded servers and the gateway, without services: `python -m deploy.images.servers DATA`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.images.names import ROOT, ImageError
from reelbus.stack import connection, state
from reelbus.stack.blueprint import Options
from reelbus.stack.connection import StackConnection
from reelbus.stack.launch import run_stack
from reelbus.stack.layout import Layout
from reelbus.stack.state import Phase

PATIENCE = 120.0


@contextmanager
def servers(data: Path) -> Iterator[tuple[StackConnection, dict[str, int]]]:
    """How to reach them, and ports that are free for services, where the gateway looks for them. `data` is
    gone afterwards: results that are known would be given without work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.images.servers", str(data)], cwd=ROOT, stdin=subprocess.DEVNULL
    )
    try:
        ports = _ports(Layout.at(data), process)
        yield connection.load(data), ports
    finally:
        process.terminate()
        process.wait(PATIENCE)
        for folder in (data, Layout.at(data).setuid_postgres):
            shutil.rmtree(folder, ignore_errors=True)


def _ports(layout: Layout, process: subprocess.Popen[bytes]) -> dict[str, int]:
    """Waits until all is ready. Raises `ImageError`."""
    deadline = time.monotonic() + PATIENCE
    while (current := state.load(layout.state)).phase is not Phase.READY:
        if process.poll() is not None or time.monotonic() > deadline:
            raise ImageError(f"The servers do not start: {current.error or layout.logs}")
        time.sleep(0.1)
    return current.ports


def main() -> None:
    options = Options(port=0, elsewhere=True)
    run_stack(Layout.at(Path(sys.argv[1])), options, lambda _: None, PATIENCE)


if __name__ == "__main__":
    main()
