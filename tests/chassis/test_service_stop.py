"""How a process with an API stops: nobody who asks it gets no answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from reelbus.stack import host
from tests.chassis.servers import GuardedNats, free_ports, up
from tests.stack.harness import wait_until

Tiny = tuple[httpx.Client, "subprocess.Popen[bytes]", Path]
_END = 30.0


@contextmanager
def tiny(folder: Path, **settings: str) -> Iterator[Tiny]:
    """A client of a running service, its process, and what holds `/slow`."""
    (port,), hold = free_ports(1), folder / "hold"
    hold.touch()
    env = {
        **host.base_environment(),
        "REELBUS_HTTP_PORT": str(port),
        "REELBUS_HOLD": str(hold),
        **{f"REELBUS_{name.upper()}": value for name, value in settings.items()},
    }
    process = subprocess.Popen([sys.executable, "-m", "tests.chassis.tiny"], env=env)
    with process, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_END) as client:
        try:
            wait_until(lambda: _status(client, "/serving") == 200, _END)
            yield client, process, hold
        finally:
            process.kill()


def _begun(hold: Path) -> Path:
    return hold.with_suffix(".begun")


def _status(client: httpx.Client, path: str) -> int | None:
    try:
        return client.get(path).status_code
    except httpx.TransportError:
        return None


@pytest.fixture
def slow() -> Iterator[Callable[[httpx.Client], Callable[[], httpx.Response]]]:
    """Begins a slow request; what is returned waits for its answer."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda client: pool.submit(httpx.get, f"{client.base_url}/slow", timeout=_END).result


def test_it_goes_on_answering_until_gateways_know(tmp_path: Path) -> None:
    with tiny(tmp_path, shutdown_delay="60") as (client, process, _):
        process.terminate()
        wait_until(lambda: _status(client, "/serving") == 503, _END)
        assert [_status(client, path) for path in ("/live", "/ready", "/serving")] == [200, 503, 503]
        answer = client.get("/jobs")
        assert (answer.json(), answer.headers["connection"]) == ("done", "close")
        assert process.poll() is None


@pytest.mark.parametrize("delay", ["0", "0.5"])
def test_what_is_under_way_is_finished(
    tmp_path: Path, slow: Callable[[httpx.Client], Callable[[], httpx.Response]], delay: str
) -> None:
    with tiny(tmp_path, shutdown_delay=delay, shutdown_grace="60") as (client, process, hold):
        answer = slow(client)
        wait_until(_begun(hold).exists, _END)
        process.terminate()
        wait_until(lambda: _status(client, "/live") is None, _END)
        assert process.poll() is None
        hold.unlink()
        assert (answer().json(), answer().headers["connection"]) == ("done", "close")
        assert process.wait(_END) == 0


def test_a_thread_that_computes_does_not_hold_it(tmp_path: Path) -> None:
    with tiny(tmp_path, shutdown_delay="0", computes="1") as (_client, process, _hold):
        process.terminate()
        assert process.wait(_END) == 0


def test_it_ends_when_nats_does_not_know_it_any_more(tmp_path: Path) -> None:
    """A new process reads the new secrets; the old one would never connect again."""
    with up(GuardedNats(tmp_path / "nats", _users("old"))) as server:
        url = server.url.replace("//", "//tiny:old-secret-of-tiny@")
        with tiny(tmp_path, shutdown_delay="0", listens="1", nats_url=url) as (client, process, _hold):
            assert _status(client, "/ready") == 200
            server.reload(_users("old"))
            assert _status(client, "/ready") == 200
            server.reload(_users("new"))
            assert process.wait(_END) == 1


def _users(password: str) -> str:
    return f'authorization {{ users = [{{ user: tiny, password: "{password}-secret-of-tiny" }}] }}\n'


def test_it_does_not_wait_for_ever(
    tmp_path: Path, slow: Callable[[httpx.Client], Callable[[], httpx.Response]]
) -> None:
    with tiny(tmp_path, shutdown_delay="0", shutdown_grace="1") as (client, process, hold):
        answer = slow(client)
        wait_until(_begun(hold).exists, _END)
        process.terminate()
        assert process.wait(_END) == 0
        assert (answer().status_code, answer().headers["retry-after"]) == (503, "2")
