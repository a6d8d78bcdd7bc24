"""Families that are not open to everybody any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr, ValidationError

from services.edge.settings import EdgeSettings
from tests.unit.edge.motion import FORM, PREVIEW, SESSION, Studio, motion_edge, refusal
from tests.unit.edge.office import Client, bearer
from tests.unit.edge.verifying import Keys

SIGNING = SecretStr("s" * 32)
OPEN = ["enhancement", "motion-photo", "video-editor"]
VIDEO = {"file": ("a.mp4", b"video", "video/mp4")}
Call = tuple[str, str, dict[str, Any]]
CALLS: dict[str, list[Call]] = {
    "enhancement": [
        ("GET", "/internal/video-enhancement-status/00000000-0000-0000-0000-000000000001", {}),
        ("HEAD", "/processed_videos/enhanced_x.mp4", {}),
        ("POST", "/upload", {"files": VIDEO}),
    ],
    "video-editor": [
        ("GET", "/video/view/all", {}),
        ("GET", "/storage/origin/x.mp4", {}),
        ("PUT", "/video/upload", {"files": {"files": VIDEO["file"]}}),
        ("POST", "/video/process/execute", {"json": {"request_code": "x"}}),
    ],
    "motion-photo": [
        ("POST", "/prepare", {"files": VIDEO}),
        ("POST", "/convert", {"data": FORM}),
        ("POST", "/thumbnail", {"json": {"session_id": str(SESSION), "timestamp": 1}}),
        ("POST", "/cleanup", {"json": {"session_id": str(SESSION)}}),
        ("GET", f"/preview/{SESSION}.mp4", {}),
    ],
}
EVERY = [(family, call) for family, calls in CALLS.items() for call in calls]


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def keys() -> Keys:
    return Keys()


def client_of(studio: Studio, keys: Keys, opened: list[str], **settings: Any) -> Client:
    given = {"open_families": opened, "signing_secret": SIGNING, "motion_ip_rate": 1000}
    found: dict[str, Any] = given | settings
    return Client(motion_edge(studio, keys, **found).app, base_url="http://media.test:8000")


@pytest.fixture
def client(studio: Studio, keys: Keys) -> Iterator[Client]:
    with client_of(studio, keys, []) as client:
        yield client


@pytest.mark.parametrize(("family", "call"), EVERY)
def test_nobody_comes_in_without_credentials(client: Client, studio: Studio, family: str, call: Call) -> None:
    method, path, body = call
    for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"X-API-Key": "rb_none"}):
        answer = client.request(method, path, headers=headers, **body)
        assert answer.status_code == 401
        if family == "motion-photo":
            refusal(answer, 401, "INVALID_TOKEN")
        elif method != "HEAD":
            assert set(answer.json()) == {"detail"}
    assert studio.calls == []


@pytest.mark.parametrize(("family", "call"), EVERY)
def test_users_come_in(client: Client, keys: Keys, family: str, call: Call) -> None:
    method, path, body = call
    for headers in (bearer(), {"X-API-Key": keys.make("ann")}):
        answer = client.request(method, path, headers=headers, **body)
        assert answer.status_code not in (401, 403, 429), answer.text
    reading = method in ("GET", "HEAD")
    answer = client.request(method, path, headers=bearer(scope="read"), **body)
    assert (answer.status_code == 403) is not reading
    answer = client.request(method, path, headers=bearer(scope="write"), **body)
    assert (answer.status_code == 403) is reading


@pytest.mark.parametrize("closed", OPEN)
def test_the_others_stay_open(studio: Studio, keys: Keys, closed: str) -> None:
    with client_of(studio, keys, [each for each in OPEN if each != closed]) as client:
        for family, (method, path, body) in EVERY:
            refused = client.request(method, path, **body).status_code == 401
            assert refused is (family == closed), (method, path)


def test_writing_too_often(studio: Studio, keys: Keys) -> None:
    with client_of(studio, keys, [], jobs_rate=1) as client:
        body = {"request_code": "x"}
        first, second = (client.post("/video/process/execute", headers=bearer(), json=body) for _ in range(2))
        assert (first.status_code, second.status_code) == (400, 429)
        assert second.headers["retry-after"] == "17"


def test_a_preview_has_a_key_of_its_user(client: Client, studio: Studio, keys: Keys) -> None:
    prepared = client.post("/prepare", files=VIDEO, headers=bearer("ann"))
    assert prepared.status_code == 200, prepared.text
    assert studio.owner == "user:ann"
    url = urlsplit(prepared.json()["preview_url"])
    shown = client.get(f"{url.path}?{url.query}")
    assert (shown.status_code, shown.content) == (200, PREVIEW)
    assert client.get(url.path, headers={"X-API-Key": keys.make("ann", "read")}).status_code == 200
    refusal(client.get(url.path, headers=bearer("bob")), 404, "INVALID_SESSION")
    hint, _, signature = url.query.removeprefix("key=").partition(".")
    others = (f"{hint}.{signature[:-1]}", f"Ym9i.{signature}", f"é.{signature}", f"_w.{signature}")
    for key in (signature, f"{hint}.", "x", *others):
        refusal(client.get(url.path, params={"key": key}), 401, "INVALID_TOKEN")
    other = url.path.replace("1234", "4321", 1)
    refusal(client.get(f"{other}?{url.query}"), 401, "INVALID_TOKEN")


def test_tokens_of_the_family_still_hold(studio: Studio, keys: Keys) -> None:
    with client_of(studio, keys, [], motion_tokens=SecretStr("alpha")) as client:
        token = {"Authorization": "Bearer alpha"}
        prepared = client.post("/prepare", files=VIDEO, headers=token)
        assert prepared.status_code == 200
        assert studio.owner.startswith("motion:")
        url = urlsplit(prepared.json()["preview_url"])
        assert client.get(f"{url.path}?{url.query}").status_code == 200
        assert client.post("/prepare", files=VIDEO, headers=bearer()).status_code == 200
        refusal(client.post("/prepare", files=VIDEO), 401, "INVALID_TOKEN")


def test_whether_it_works_may_be_asked_by_everybody(client: Client) -> None:
    assert client.head("/health").status_code == 200
    assert client.head("/health", headers=bearer()).status_code == 200
    for headers in ({"Authorization": "Bearer x"}, {"X-API-Key": "rb_x"}):
        assert client.head("/health", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("text", "families"),
    [
        ("", []),
        ("[]", []),
        ("enhancement", OPEN[:1]),
        (" motion-photo , video-editor", OPEN[1:]),
        ('["enhancement"]', OPEN[:1]),
    ],
)
def test_the_setting(monkeypatch: pytest.MonkeyPatch, text: str, families: list[str]) -> None:
    monkeypatch.setenv("REELBUS_OPEN_FAMILIES", text)
    monkeypatch.setenv("REELBUS_SIGNING_SECRET", SIGNING.get_secret_value())
    assert EdgeSettings().open_families == families


@pytest.mark.parametrize("text", ["jobs", "enhancement,", "[1]", "["])
def test_settings_that_make_no_sense(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("REELBUS_OPEN_FAMILIES", text)
    with pytest.raises(ValidationError):
        EdgeSettings()


@pytest.mark.parametrize("secret", ["", "short"])
def test_previews_need_a_secret(secret: str) -> None:
    with pytest.raises(ValidationError):
        EdgeSettings(open_families=[], signing_secret=SecretStr(secret))
    assert EdgeSettings().open_families == OPEN
