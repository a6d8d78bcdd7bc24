"""Which pages may call the Motion Photo family, as browsers ask; through the gateway."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.integration.conftest import WEB_APP
from tests.integration.motion import UNKNOWN, Studio, preview_path
from tests.integration.pages import Site
from tests.stack.harness import Stack

STRANGER = "https://elsewhere.example"


def preflight(stack: Stack, path: str, origin: str, method: str = "POST") -> httpx.Response:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,x-anything",
    }
    return httpx.options(f"{stack.url}{path}", headers=asked)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/prepare", "POST"),
        ("/convert", "POST"),
        ("/thumbnail", "POST"),
        ("/cleanup", "POST"),
        ("/health", "HEAD"),
        (preview_path(UNKNOWN), "GET"),
    ],
)
def test_a_preflight_of_a_page_that_may(stack: Stack, site: Site, path: str, method: str) -> None:
    for origin in (WEB_APP, site.origin):
        answer = preflight(stack, path, origin, method)
        assert answer.status_code in (200, 204)
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert method in answer.headers["access-control-allow-methods"]
        allowed = answer.headers["access-control-allow-headers"].lower()
        assert "*" not in allowed, "means nothing when credentials are sent"
        assert {"authorization", "content-type", "x-anything"} <= {
            each.strip() for each in allowed.split(",")
        }
        assert "origin" in answer.headers["vary"].lower()


def test_a_preflight_of_a_page_that_may_not(stack: Stack) -> None:
    assert "access-control-allow-origin" not in preflight(stack, "/prepare", STRANGER).headers


def test_answers_and_refusals_can_be_read_by_the_page(stack: Stack, tmp_path: Path) -> None:
    studio = Studio(stack, Origin=WEB_APP)
    text = tmp_path / "no.mp4"
    text.write_text("no video")
    for answer in (
        studio.http.head("/health"),
        studio.try_cleanup(UNKNOWN),
        studio.try_prepare(text),
        studio.http.get("/prepare"),
        studio.http.get(preview_path(UNKNOWN)),
    ):
        assert answer.headers["access-control-allow-origin"] == WEB_APP
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "origin" in answer.headers["vary"].lower()
        exposed = answer.headers["access-control-expose-headers"].lower()
        for name in ("content-disposition", "content-range", "retry-after"):
            assert name in exposed


def test_answers_to_a_page_that_may_not_cannot_be_read(stack: Stack) -> None:
    answer = Studio(stack, Origin=STRANGER).http.get("/health")
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    assert "origin" in answer.headers["vary"].lower()


def test_the_open_families_are_open_to_all_pages(stack: Stack) -> None:
    for origin in (WEB_APP, STRANGER):
        answer = preflight(stack, "/upload", origin)
        assert answer.headers["access-control-allow-origin"] in ("*", origin)
        told = httpx.get(f"{stack.url}/video/nothing", headers={"Origin": origin})
        assert told.headers["access-control-allow-origin"] in ("*", origin)
