"""Answers to GET and HEAD for stored content."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from httpx import Response as Answer
from litestar import HttpMethod, Litestar, Request, Response, route
from litestar.params import FromPath
from litestar.testing import TestClient

from services.edge.downloads import Content, content_of, serve

DATA = bytes(range(256)) * 4
SIZE = len(DATA)
Client = TestClient[Litestar]


async def _read(offset: int, length: int) -> AsyncIterator[bytes]:
    for start in range(offset, offset + length, 100):
        yield DATA[start : min(start + 100, offset + length)]


CONTENTS = {"clip": Content(SIZE, "abc", "video/mp4", _read), "empty": content_of(b"", "nil", "text/plain")}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    @route("/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def handler(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
        return serve(request, CONTENTS[name])

    with TestClient(Litestar([handler], openapi_config=None)) as client:
        yield client


def get(client: Client, name: str = "clip", method: str = "GET", **headers: str) -> Answer:
    return client.request(
        method, f"/{name}", headers={key.replace("_", "-"): value for key, value in headers.items()}
    )


def test_the_whole(client: Client) -> None:
    answer = get(client)
    assert (answer.status_code, answer.content) == (200, DATA)
    for name, value in {
        "content-type": "video/mp4",
        "content-length": str(SIZE),
        "etag": '"abc"',
        "accept-ranges": "bytes",
        "x-content-type-options": "nosniff",
    }.items():
        assert answer.headers.get_list(name) == [value]
    assert "content-range" not in answer.headers


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-319", 10, 320),
        ("bytes=1000-", 1000, SIZE),
        ("bytes=-3", SIZE - 3, SIZE),
    ],
)
def test_a_part(client: Client, wanted: str, start: int, end: int) -> None:
    answer = get(client, range=wanted)
    assert (answer.status_code, answer.content) == (206, DATA[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers.get_list("content-length") == [str(end - start)]
    assert answer.headers["etag"] == '"abc"'


def test_a_part_outside(client: Client) -> None:
    answer = get(client, range=f"bytes={SIZE}-")
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    assert answer.json()["detail"]


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "items=1-2", "bytes=9-1", "nonsense"])
def test_a_range_to_ignore_gets_the_whole(client: Client, wanted: str) -> None:
    answer = get(client, range=wanted)
    assert (answer.status_code, answer.content) == (200, DATA)


def test_numbers_without_end_are_no_crash(client: Client) -> None:
    assert get(client, range="bytes=0-" + "9" * 6_000).status_code == 206
    assert get(client, range="bytes=" + "9" * 6_000 + "-").status_code == 416


@pytest.mark.parametrize("known", ['"abc"', 'W/"abc"', '"x", "abc"', "*", '  "abc"  '])
def test_not_modified(client: Client, known: str) -> None:
    answer = get(client, if_none_match=known)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == '"abc"'


def test_not_modified_wins_over_a_range(client: Client) -> None:
    assert get(client, if_none_match='"abc"', range="bytes=0-1").status_code == 304


@pytest.mark.parametrize("known", ['"abd"', "abc", '"ABC"', ""])
def test_modified(client: Client, known: str) -> None:
    assert get(client, if_none_match=known).status_code == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [('"abc"', 206), ('W/"abc"', 200), ('"old"', 200), ("Wed, 21 Oct 2015 07:28:00 GMT", 200)],
)
def test_if_range(client: Client, condition: str, status: int) -> None:
    answer = get(client, range="bytes=0-9", if_range=condition)
    assert answer.status_code == status
    assert answer.content == (DATA[:10] if status == 206 else DATA)


def test_head_is_get_without_the_bytes(client: Client) -> None:
    answer = get(client, method="HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    whole = get(client)
    for name in ("content-length", "content-type", "etag", "accept-ranges"):
        assert answer.headers.get_list(name) == whole.headers.get_list(name)
    assert get(client, method="HEAD", if_none_match='"abc"').status_code == 304


def test_ranges_are_defined_for_get_alone(client: Client) -> None:
    answer = get(client, method="HEAD", range="bytes=0-1")
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(SIZE))
    assert get(client, method="HEAD", range=f"bytes={SIZE}-").status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_empty_content(client: Client, method: str) -> None:
    answer = get(client, "empty", method)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers.get_list("content-length") == ["0"]
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("wanted", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_empty_content_has_no_parts(client: Client, wanted: str) -> None:
    answer = get(client, "empty", range=wanted)
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */0")
