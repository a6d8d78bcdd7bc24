"""The enhancement contract, endpoint by endpoint, as a client in the wild meets it."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.integration.client import ENHANCE, EXTRACT, User, unique_copy
from tests.stack.harness import Stack, wait_until

UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


@pytest.fixture(scope="module")
def done(user: User, small_bunny: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file whose processes are both completed."""
    file_id = user.upload(unique_copy(small_bunny, tmp_path_factory.mktemp("done")))
    user.wait_for(file_id, ENHANCE)
    user.wait_for(file_id, EXTRACT)
    return file_id


def test_upload_answers_an_id(user: User, small_bunny: Path) -> None:
    answer = user.try_upload(small_bunny)
    assert answer.status_code == 200
    assert set(answer.json()) == {"file_id", "message"}
    assert UUID.fullmatch(answer.json()["file_id"])
    assert answer.json()["message"] == "Video uploaded successfully"


def test_the_client_id_may_be_in_the_query_or_after_the_file(user: User, small_bunny: Path) -> None:
    for place in ("query", "after"):
        client_id = uuid4().hex
        body = small_bunny.read_bytes()
        with user.socket(client_id) as socket:
            if place == "query":
                answer = user.http.post(
                    f"/upload?client_id={client_id}", files={"file": ("a.mp4", body, "video/mp4")}
                )
            else:
                answer = user.http.post(
                    "/upload",
                    files=[("file", ("a.mp4", body, "video/mp4")), ("client_id", (None, client_id))],
                )
            file_id = answer.json()["file_id"]
            socket.wait_ends(file_id)


def test_status_of_a_fresh_upload_is_never_404(user: User, small_bunny: Path, tmp_path: Path) -> None:
    file_id = user.upload(unique_copy(small_bunny, tmp_path))
    for process in (ENHANCE, EXTRACT):
        assert user.status(file_id, process)["status"] in ("pending", "processing", "completed")


@pytest.mark.parametrize("path", ["video-enhancement-status", "metadata-extraction-status"])
@pytest.mark.parametrize("file_id", [str(uuid4()), "nonsense", "%00"])
def test_unknown_files_are_404(user: User, path: str, file_id: str) -> None:
    answer = user.http.get(f"/internal/{path}/{file_id}")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "File not found"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no/such/path", 404),
        ("GET", "/internal/video-enhancement-status/..%2f..%2fetc", 404),
        ("DELETE", "/upload", 405),
        ("GET", "/upload", 405),
        ("PUT", "/metadata/x", 405),
    ],
)
def test_the_envelope_is_everywhere(user: User, method: str, path: str, status: int) -> None:
    answer = user.http.request(method, path)
    assert answer.status_code == status
    assert list(answer.json()) == ["detail"]


def test_names_and_aliases_of_the_enhanced_video(user: User, done: str) -> None:
    full = user.http.get(f"/processed_videos/enhanced_{done}.mp4")
    assert full.status_code == 200
    assert full.content[4:8] == b"ftyp"
    assert user.http.get(f"/processed_videos/{done}").content == full.content
    assert user.http.get(f"/processed_videos/enhanced_{done}.avi").status_code == 404


def test_names_and_aliases_of_the_metadata(user: User, done: str) -> None:
    full = user.http.get(f"/processed_videos/metadata/{done}_metadata.json")
    assert full.headers["content-type"] == "application/json"
    assert full.json()["file_id"] == done
    assert user.http.get(f"/metadata/{done}.json").json() == full.json()
    assert user.http.get(f"/metadata/{done}.xml").status_code == 404


@pytest.mark.parametrize("name", ["processed_videos/{}", "metadata/{}.json"])
def test_ranges_conditions_and_head(user: User, done: str, name: str) -> None:
    path = "/" + name.format(done)
    full = user.http.get(path)
    size = len(full.content)
    head = user.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for header in ("etag", "content-length", "content-type", "accept-ranges"):
        assert head.headers[header] == full.headers[header]
    part = user.http.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, full.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{size}"
    assert user.http.get(path, headers={"Range": "bytes=-5"}).content == full.content[-5:]
    assert user.http.get(path, headers={"Range": f"bytes={size - 3}-"}).content == full.content[-3:]
    beyond = user.http.get(path, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    same = user.http.get(path, headers={"If-None-Match": full.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    stale = user.http.get(path, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (stale.status_code, len(stale.content)) == (200, size)


def test_results_that_are_not_there_yet_say_so(user: User, small_bunny: Path, tmp_path: Path) -> None:
    file_id = user.upload(unique_copy(small_bunny, tmp_path, loops=1))
    answer = user.http.get(f"/processed_videos/{file_id}")
    assert answer.status_code == 404
    assert re.fullmatch(
        r"There is no result yet: the process is (pending|processing)\.", answer.json()["detail"]
    )


def test_browsers_of_other_origins_may_call(user: User) -> None:
    origin = {"Origin": "http://localhost:3000"}
    asked = user.http.options("/upload", headers={**origin, "Access-Control-Request-Method": "POST"})
    assert asked.status_code in (200, 204)
    assert asked.headers["access-control-allow-origin"] in ("*", origin["Origin"])
    answer = user.http.get("/internal/video-enhancement-status/x", headers=origin)
    assert answer.headers["access-control-allow-origin"] in ("*", origin["Origin"])


def test_unknown_texts_are_echoed(user: User) -> None:
    with user.socket("echo") as socket:
        socket.send("good morning")
        wait_until(lambda: len(socket.messages) == 2)
        assert socket.messages[1]["type"] == "message"
        assert socket.messages[1]["content"] == "Received: good morning"


def test_echoes_are_short(user: User) -> None:
    with user.socket("echo") as socket:
        for _ in range(200):
            socket.send("x" * 15_000)
        socket.send("last")
        wait_until(lambda: len(socket.messages) > 8)
        echoes = [message for message in socket.messages if message["type"] == "message"]
        assert all(len(echo["content"]) <= 1010 for echo in echoes)


def test_sockets_refuse_floods_and_endless_names(stack: Stack) -> None:
    base = stack.url.replace("http", "ws", 1)
    with connect(f"{base}/ws/flood") as socket:
        socket.recv()
        socket.send("x" * 200_000)
        with pytest.raises(ConnectionClosed):
            socket.recv()
    with connect(f"{base}/ws/{'n' * 300}") as socket, pytest.raises(ConnectionClosed):
        socket.recv()


def test_the_api_documents_itself_without_a_cdn(user: User) -> None:
    page = user.http.get("/schema")
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sources
    assert all(source.startswith(("/", "data:")) for source in sources), sources
    for source in sources:
        if source.startswith("/"):
            assert user.http.get(source).status_code == 200
    document = user.http.get("/schema/openapi.json").json()
    assert {"/upload", "/internal/video-enhancement-status/{file_id}"} <= set(document["paths"])


def test_health_is_on_the_public_port(user: User) -> None:
    assert user.http.get("/live").json() == {"status": "ok"}
    ready = user.http.get("/ready").json()
    assert ready == {"status": "ok", "checks": {"bus": "ok", "storage": "ok"}}


def test_two_clients_do_not_hear_each_other(user: User, small_bunny: Path, tmp_path: Path) -> None:
    mine, other = uuid4().hex, uuid4().hex
    with user.socket(mine) as own, user.socket(other) as stranger:
        file_id = user.upload(unique_copy(small_bunny, tmp_path), client_id=mine)
        own.wait_ends(file_id)
        assert [message["type"] for message in stranger.messages] == ["connection"]


def test_every_replica_serves_the_same(user: User, stack: Stack, done: str) -> None:
    """Asked directly, not through the gateway."""
    for name in ("edge", "edge-2"):
        url = f"http://127.0.0.1:{stack.process(name)['port']}/internal/video-enhancement-status/{done}"
        assert httpx.get(url).json()["status"] == "completed"
