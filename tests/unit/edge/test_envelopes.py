"""Every family answers its own envelope, where it has a route and where it has none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from litestar.testing import TestClient

from libs.chassis.health import Health, Shell
from libs.contracts import errors
from libs.contracts.sessions import CLOSE_SESSION
from services.edge.app import main
from services.edge.paths import ByPrefix
from tests.unit.edge.motion import SESSION, Client, Studio, client_of, refusal

BODY = {"session_id": str(SESSION)}


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def client(studio: Studio) -> Iterator[Client]:
    with client_of(studio, whole=True, motion_ip_rate=1000) as client:
        yield client


@pytest.mark.parametrize("path", ["/prepare", "/convert", "/thumbnail", "/cleanup"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods_of_motion_photo(client: Client, path: str, method: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]
    if method != "HEAD":
        refusal(answer, 405, "METHOD_NOT_ALLOWED")


def test_other_methods_of_what_can_be_read(client: Client) -> None:
    refusal(client.post(f"/preview/{SESSION}.mp4"), 405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "path",
    ["/prepare/x", "/prepare//x", "/convert/", "/convert/a/b", "/preview", "/preview/", "/preview/a/b.mp4",
     "/cleanup/%00", "/thumbnail/会话"],
)  # fmt: skip
def test_unknown_paths_of_motion_photo(client: Client, path: str) -> None:
    answer = client.get(path)
    if path == "/convert/":  # one slash more is the same path
        refusal(answer, 405, "METHOD_NOT_ALLOWED")
    else:
        refusal(answer, 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/prepared", "/preparex/y", "/x/prepare", "/healthy", "/PREPARE", "/video/nothing",
     "/video/upload/x", "/internal/x", "/processed_videos", "/api/v2/x"],
)  # fmt: skip
def test_unknown_paths_of_others(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, set(answer.json())) == (404, {"detail"})


@pytest.mark.parametrize(
    "path", ["/upload", "/video/upload", "/video/process/trim", "/video/process/execute"]
)
def test_other_methods_of_others(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, set(answer.json())) == (405, {"detail"})


@pytest.mark.parametrize("host", ["a b", "a/b"])
def test_a_hostile_host(client: Client, host: str) -> None:
    refusal(client.post("/cleanup", json=BODY, headers={"host": host}), 400, "INVALID_REQUEST")
    answer = client.get("/video/view/all", headers={"host": host})
    assert (answer.status_code, set(answer.json())) == (400, {"detail"})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.InvalidInputError("x"), 400, "INVALID_REQUEST"),
        (errors.InvalidInputError("x", error_code="INVALID_TIME_RANGE"), 400, "INVALID_TIME_RANGE"),
        (errors.OutOfRangeError("x"), 422, "INVALID_PARAMETER"),
        (errors.OutOfRangeError("x", error_code="INVALID_TIME_RANGE"), 422, "INVALID_TIME_RANGE"),
        (errors.UnauthorizedError("x"), 401, "INVALID_TOKEN"),
        (errors.TooManyRequestsError("x", retry_after=5), 429, "RATE_LIMITED"),
        (errors.NotFoundError("x"), 404, "INVALID_SESSION"),
        (errors.ConflictError("x"), 409, "INVALID_REQUEST"),
        (errors.TooLargeError("x"), 413, "FILE_TOO_LARGE"),
        (errors.UnavailableError("x"), 503, "SERVICE_UNAVAILABLE"),
        (errors.MediaError("x"), 500, "PROCESSING_FAILED"),
        (errors.TaskTimeoutError("x"), 500, "PROCESSING_FAILED"),
        (errors.InternalError("x"), 500, "INTERNAL_ERROR"),
        (errors.CancelledTaskError("x"), 500, "INTERNAL_ERROR"),
    ],
)
def test_the_table_of_errors(
    client: Client, studio: Studio, error: errors.ReelbusError, status: int, code: str
) -> None:
    studio.fail(CLOSE_SESSION, error)
    answer = client.post("/cleanup", json=BODY)
    assert refusal(answer, status, code) == "x"
    told = datetime.strptime(answer.json()["timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - told).total_seconds()) < 60
    assert answer.headers.get("retry-after") == {429: "5", 503: "3"}.get(status)
    assert answer.headers.get("www-authenticate") == {401: "Bearer"}.get(status)


def test_a_defect_of_ours_tells_nothing(client: Client, studio: Studio) -> None:
    studio.fail(CLOSE_SESSION, ValueError("secret"))
    words = refusal(client.post("/cleanup", json=BODY), 500, "INTERNAL_ERROR")
    assert words == "Something went wrong on the server."


def test_prefixes() -> None:
    families = ByPrefix("none", {"/api/v1": "five", "/api": "four", "/x": "one"})
    for path, family in {
        "": "none", "/": "none", "/api": "four", "/api/": "four", "/api/v2": "four", "/api/v1": "five",
        "/api/v1/jobs": "five", "//api//v1/": "five", "/api/v11": "four", "/apis": "none", "/y/x": "none",
        "x": "one",
    }.items():  # fmt: skip
        assert families.of(path) == family, path


def test_what_is_in_the_document(client: Client) -> None:
    found: dict[str, Any] = client.get("/schema/openapi.json").json()
    for path in ("/prepare", "/convert", "/thumbnail", "/cleanup"):
        operation = found["paths"][path]["post"]
        assert operation["requestBody"]["required"]
        assert {"200", "400", "401", "429", "500", "503"} <= set(operation["responses"])
    assert {"get", "head"} <= set(found["paths"]["/health"])


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/jobs", ["error", "message"]), ("/uploads/x", ["error", "message"]), ("/upload", ["detail"]),
     ("/prepare", ["detail", "error_code", "timestamp"]),
     ("/api/v1/jobs", ["code", "error", "request_id", "timestamp"])],
)  # fmt: skip
def test_an_edge_without_an_application_answers_as_its_families_do(
    monkeypatch: pytest.MonkeyPatch, path: str, fields: list[str]
) -> None:
    """A process that starts listens before it knows the way to anything."""
    ran: dict[str, Any] = {}
    monkeypatch.setattr("services.edge.app.run", lambda *_, **options: ran.update(options))
    main()
    app = Shell(Health(), ran["absent"])
    answer = TestClient(app=app).get(path)  # type: ignore[type-var]  # any ASGI application will do
    assert (answer.status_code, sorted(answer.json())) == (503, fields)
    assert answer.headers["retry-after"]
    if "message" in fields:
        assert answer.json()["error"] == "Service Unavailable"
