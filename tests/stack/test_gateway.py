"""Routing, streaming and the configuration of the public port."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar.connection import ASGIConnection

from libs.chassis.proxies import Proxies
from reelbus.stack import gateway, host
from services.edge.contracts.jobs import errors as jobs
from services.edge.contracts.motion_photo import errors as motion_photo
from services.edge.contracts.videocraft import errors as videocraft
from tests.stack.harness import Stack, listener, wait_until


def write(path: Path, *, address: str = "127.0.0.1", edge: tuple[int, ...], notify: tuple[int, ...]) -> str:
    text = gateway.config(
        host=address, port=8000, health_port=8001, edge=gateway.local(edge), notify=gateway.local(notify)
    )
    path.write_text(text)
    return text


def test_both_know_the_same_paths() -> None:
    """The gateway answers for an edge that is away, in the envelope of the family."""
    assert gateway.MOTION_PHOTO == motion_photo.PREFIXES
    assert gateway.JOBS == jobs.PREFIXES
    assert gateway.VIDEOCRAFT == videocraft.PREFIXES


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1"])
@pytest.mark.parametrize(("edge", "notify"), [((9001,), (9002,)), ((9001, 9003), (9002, 9004))])
def test_caddy_accepts_the_configuration(
    tmp_path: Path, address: str, edge: tuple[int, ...], notify: tuple[int, ...]
) -> None:
    write(tmp_path / "Caddyfile", address=address, edge=edge, notify=notify)
    done = subprocess.run(
        [host.binary("caddy"), "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr


def test_configuration_streams_and_retries(tmp_path: Path) -> None:
    text = write(tmp_path / "Caddyfile", edge=(9001,), notify=(9002,))
    assert text.count("flush_interval -1") == 2
    assert text.count("lb_try_duration 10s") == 2
    assert "request_buffers" not in text
    assert "health_uri" not in text
    assert text.index("handle /ws/*") < text.index("127.0.0.1:9002") < text.index("127.0.0.1:9001")


def test_configuration_checks_the_health_of_several_replicas(tmp_path: Path) -> None:
    text = write(tmp_path / "Caddyfile", edge=(9001, 9003), notify=(9002,))
    assert "reverse_proxy 127.0.0.1:9001 127.0.0.1:9003 {" in text
    assert text.count("health_uri /serving") == 1


def test_routes(shared: Stack) -> None:
    assert httpx.get(f"{shared.url}/ws/anna").json()["name"] == "notify"
    for path in ("/", "/jobs", "/wsx", "/metrics"):
        answer = httpx.get(f"{shared.url}{path}").json()
        assert (answer["name"], answer["path"]) == ("edge", path)


def test_upload_reaches_the_edge_while_it_is_sent(shared: Stack) -> None:
    seen = shared.data / "switches" / "first-byte"
    seen.unlink(missing_ok=True)
    head = "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as client:
        client.sendall(head.encode() + b"x")
        wait_until(seen.exists)
        client.sendall(b"x" * 199_999)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert b'"size": 200000' in answer


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[str]:
    """A gateway behind which nothing listens, and which does not try for long; it logs all to `caddy.log`."""
    text = write(tmp_path / "Caddyfile", edge=(1,), notify=(1,)).replace("lb_try_duration 10s", "")
    with running(tmp_path, text.replace("level INFO", "level DEBUG")) as url:
        yield url


@contextmanager
def running(folder: Path, text: str) -> Iterator[str]:
    """A Caddy with this configuration, on ports of its own; it logs to `caddy.log`."""
    with listener() as one, listener() as other:
        port, health = one.getsockname()[1], other.getsockname()[1]
    (folder / "Caddyfile").write_text(text.replace(":8000", f":{port}").replace(":8001", f":{health}"))
    config = str(folder / "Caddyfile")
    command = [str(host.binary("caddy")), "run", "--adapter", "caddyfile", "--config", config]
    with (
        (folder / "caddy.log").open("wb") as log,
        subprocess.Popen(command, env={"HOME": str(folder)}, stderr=log) as caddy,
    ):
        try:
            wait_until(lambda: _connects(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            caddy.terminate()


def test_replicas_are_found_by_their_name(shared: Stack, tmp_path: Path) -> None:
    """As in containers, where a name has as many addresses as there are replicas."""
    text = gateway.compose_config()
    for name in ("edge", "notify"):
        port = shared.processes()[name]["port"]
        assert text.count(f"dynamic a {name} 8080 {{") == 1
        text = text.replace(f"dynamic a {name} 8080 {{", f"dynamic a localhost {port} {{")
    with running(tmp_path, text) as url:
        assert httpx.get(f"{url}/jobs").json()["name"] == "edge"
        assert httpx.get(f"{url}/ws/anna").json()["name"] == "notify"


@contextmanager
def echo() -> Iterator[int]:
    """A service that answers who was there before it, on this port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.headers["X-Forwarded-For"].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def counted(chain: str, hops: int | None) -> str:
    """Whom a service counts that trusts all who are on this machine, its gateway and clients alike."""
    scope = {"type": "http", "client": ("127.0.0.1", 5), "headers": [(b"x-forwarded-for", chain.encode())]}
    return Proxies(["127.0.0.0/8"], hops=hops).client(ASGIConnection(cast("Any", scope)))


def test_a_lie_goes_no_further_than_there_are_proxies(tmp_path: Path) -> None:
    """Through the gateway of Compose, alone and behind another proxy, which it believes."""
    lie = {"X-Forwarded-For": "198.51.100.1"}
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.mkdir()
    outer.mkdir()
    with echo() as port:
        text = gateway.compose_config().replace("dynamic a edge 8080 {", f"dynamic a localhost {port} {{")
        with running(inner, text) as url:
            alone = httpx.get(url, headers=lie).text
            head = "{\n\tadmin off\n\tauto_https off\n}\n"
            with running(outer, f"{head}http://:8000 {{\n\treverse_proxy {url}\n}}\n") as first:
                behind = httpx.get(first, headers=lie).text
    assert alone == "198.51.100.1, 127.0.0.1"
    assert (counted(alone, None), counted(alone, 1)) == ("198.51.100.1", "127.0.0.1")
    assert behind == "127.0.0.1, 127.0.0.1"
    assert counted(behind, 2) == "127.0.0.1"


def test_credentials_are_not_logged(lonely: str, tmp_path: Path) -> None:
    """Of a request that fails, the log tells what it was, but not who could prove to be whom."""
    secret = "a-secret-of-somebody"
    headers = {
        "Authorization": f"Bearer {secret}",
        "X-API-Key": secret,
        "Sec-WebSocket-Protocol": f"bearer, {secret}",
        "Cookie": secret,
        "Referer": f"http://x/?token={secret}",
    }
    answer = httpx.get(f"{lonely}/ws/ann?token={secret}&key={secret}&other=seen", headers=headers)
    assert answer.status_code == 503
    log = tmp_path / "caddy.log"
    wait_until(lambda: "other=seen" in log.read_text())
    assert secret not in log.read_text()


def test_each_family_is_told_in_its_own_words_that_nobody_answers(lonely: str) -> None:
    plain = httpx.get(f"{lonely}/video/view/all")
    named = httpx.get(f"{lonely}/jobs/x")
    coded = [httpx.get(f"{lonely}{path}") for path in ("/prepare", "/preview/x.mp4")]
    traced = [httpx.get(f"{lonely}{path}") for path in ("/api/v1/jobs", "/health", "/ready")]
    assert {answer.status_code for answer in (plain, named, *coded, *traced)} == {503}
    assert {answer.headers["retry-after"] for answer in (plain, named, *coded, *traced)} == {"3"}
    words = "The service does not answer; try again."
    assert plain.json() == {"detail": words}
    assert named.json() == {"error": "Service Unavailable", "message": words}
    for answer in coded:
        told = answer.json()
        assert (told.pop("detail"), told.pop("error_code")) == (words, "SERVICE_UNAVAILABLE")
        assert datetime.fromisoformat(told.pop("timestamp")).utcoffset() is not None
        assert told == {}
    for answer in traced:
        told = answer.json()
        assert (told.pop("error"), told.pop("code")) == (words, "SERVICE_UNAVAILABLE")
        assert datetime.fromisoformat(told.pop("timestamp")).utcoffset() is not None
        assert told.pop("request_id") == answer.headers["x-request-id"]
        assert told == {}


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
