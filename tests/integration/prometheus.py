"""A real Prometheus that watches a stack as the one of a deployment does."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from reelbus.stack.services import SERVICES
from tests.deploy.promql import RULES
from tests.programs import program
from tests.stack.harness import NO_TLS, Stack, wait_until

NAMES = [service.name for service in SERVICES]


class Prometheus:
    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=20, verify=NO_TLS)

    def ask(self, path: str, **query: str) -> Any:
        answer = self._http.get(path, params=query).json()
        assert answer["status"] == "success", f"{query}: {answer.get('error')}"
        return answer["data"]

    def query(self, expr: str) -> list[Any]:
        found: list[Any] = self.ask("/query", query=expr)["result"]
        return found

    def ready(self) -> bool:
        try:
            self.query("up")
        except (httpx.HTTPError, ValueError):
            return False
        return True


def targets(stack: Stack) -> dict[str, list[str]]:
    """Addresses of the processes of every service."""
    found: dict[str, list[str]] = {name: [] for name in NAMES}
    for name, process in stack.processes().items():
        service = name.rstrip("-0123456789")
        if service in found:
            found[service].append(f"127.0.0.1:{process['port']}")
    return found


@contextmanager
def watching(stack: Stack, folder: Path) -> Iterator[Prometheus]:
    """Scrapes every second, with the rules of the deployment."""
    config = folder / "prometheus.yml"
    jobs = [{"targets": where, "labels": {"component": name}} for name, where in targets(stack).items()]
    text = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES / "*.yaml")],
        "scrape_configs": [{"job_name": "reelbus", "static_configs": jobs}],
    }
    config.write_text(json.dumps(text))  # JSON is YAML
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        wait_until(prometheus.ready, 30)
        yield prometheus
    finally:
        process.terminate()
        process.wait(20)
