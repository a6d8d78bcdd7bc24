"""Which pages may call which family, as the Fetch standard has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from libs.chassis.pages import Pages
from tests.unit.edge.motion import ORIGIN, SESSION, Client, Studio, client_of

STRANGER = "https://elsewhere.example"
PREVIEW = f"/preview/{SESSION}.mp4"
MOTION = ["/prepare", "/convert", "/thumbnail", "/cleanup", "/health", PREVIEW, "/prepare/nothing"]
OPEN = ["/upload", "/video/upload", "/video/view/all", "/nothing"]


@pytest.fixture
def client() -> Iterator[Client]:
    with client_of(Studio(), motion_ip_rate=1000) as client:
        yield client


def preflight(client: Client, path: str, origin: str, method: str = "POST", headers: str = "") -> Any:
    asked = {"origin": origin, "access-control-request-method": method}
    if headers:
        asked["access-control-request-headers"] = headers
    return client.options(path, headers=asked)


def about_cors(answer: Any) -> set[str]:
    return {name for name in answer.headers if name.startswith("access-control-")}


def varies(answer: Any) -> set[str]:
    return {each.strip() for value in answer.headers.get_list("vary") for each in value.split(",")}


@pytest.mark.parametrize("path", MOTION)
def test_a_preflight_for_motion_photo(client: Client, path: str) -> None:
    answer = preflight(client, path, ORIGIN, headers="authorization,Content-Type, x-any")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert {"GET", "POST", "OPTIONS", "HEAD"} <= set(
        answer.headers["access-control-allow-methods"].split(", ")
    )
    assert answer.headers["access-control-allow-headers"] == "authorization,Content-Type, x-any"
    assert int(answer.headers["access-control-max-age"]) > 0
    assert "Origin" in varies(answer)


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("origin", [ORIGIN, STRANGER, "null"])
def test_a_preflight_for_an_open_family(client: Client, path: str, origin: str) -> None:
    answer = preflight(client, path, origin, "PUT", "content-type")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "content-type"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", MOTION)
@pytest.mark.parametrize(
    "origin",
    [STRANGER, "null", "", f"{ORIGIN}.evil.example", f"{ORIGIN}0", "https://localhost:5173", "http://localhost",
     f"{ORIGIN}/", f"{ORIGIN}, {ORIGIN}", ORIGIN.upper(), "*", "\xe9"],
)  # fmt: skip
def test_a_preflight_of_a_page_that_may_not(client: Client, path: str, origin: str) -> None:
    answer = preflight(client, path, origin.encode("latin-1"))  # type: ignore[arg-type]  # httpx takes bytes
    assert about_cors(answer) == set()
    assert "Origin" in varies(answer)


@pytest.mark.parametrize("headers", ["a" * 5000, "x\x0b", "a(b)", "a: b"])
def test_headers_that_make_no_sense_are_not_told_back(client: Client, headers: str) -> None:
    answer = preflight(client, "/prepare", ORIGIN, headers=headers)
    assert answer.status_code == 204
    assert "access-control-allow-headers" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/health", 200),
        ("GET", "/health", 200),
        ("POST", "/cleanup", 400),
        ("GET", "/prepare", 405),
        ("GET", "/prepare/nothing", 404),
        ("GET", PREVIEW, 404),
        ("POST", "/prepare", 400),
    ],
)
def test_answers_of_motion_photo_can_be_read(client: Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path, headers={"origin": ORIGIN})
    assert answer.status_code == status
    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert answer.headers["access-control-allow-credentials"] == "true"
    exposed = set(answer.headers["access-control-expose-headers"].split(", "))
    assert {"Content-Disposition", "Content-Range", "Content-Length", "ETag", "Retry-After"} <= exposed
    assert "Origin" in varies(answer)


def test_answers_to_a_page_that_may_not(client: Client) -> None:
    for headers in ({"origin": STRANGER}, {}):
        answer = client.get("/health", headers=headers)
        assert (answer.status_code, about_cors(answer)) == (200, set())
        assert "Origin" in varies(answer)  # or a cache would hand it to a page that may


@pytest.mark.parametrize("path", OPEN)
def test_answers_of_open_families_can_be_read(client: Client, path: str) -> None:
    answer = client.get(path, headers={"origin": STRANGER})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    assert about_cors(client.get(path)) == set()


def test_options_that_are_no_preflight_go_to_the_route(client: Client) -> None:
    answer = client.options("/prepare", headers={"origin": ORIGIN})
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (204, {"OPTIONS", "POST"})
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_origins_are_settings() -> None:
    settings: dict[str, Any] = {"cors_origins": ["https://a.example"], "motion_origins": ["*"]}
    with client_of(Studio(), **settings) as client:
        assert about_cors(preflight(client, "/upload", STRANGER)) == set()
        allowed = preflight(client, "/upload", "https://a.example")
        assert allowed.headers["access-control-allow-origin"] == "https://a.example"
        anybody = preflight(client, "/prepare", STRANGER)
        assert anybody.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in anybody.headers  # not with all


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        (["https://*.example.com"], "https://a.b.example.com", True),
        (["https://*.example.com"], "https://example.com", False),
        (["https://*.example.com"], "https://a.example.com.evil.test", False),
        (["https://*.example.com"], "https://evil.test/.example.com", False),
        (["http://localhost:*"], "http://localhost:5173", True),
        (["http://localhost:*"], "http://localhostx:1", False),
        (["https://a.example/"], "https://a.example", True),
        (["https://aXexample"], "https://a.example", False),
        (["https://a.example"], "https://aXexample", False),
        (["null"], "null", True),
        ([], "", False),
        ([], STRANGER, False),
    ],
)
def test_named_origins(origins: list[str], origin: str, allowed: bool) -> None:
    assert (Pages(origins).allowed(origin) == origin) is allowed
