"""Bearer tokens, and the keys of previews that stand for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr, ValidationError

from libs.contracts.sessions import (
    CLOSE_SESSION,
    GET_SESSION,
    MAKE_MOTION_PHOTO,
    OPEN_SESSION,
    TAKE_THUMBNAIL,
)
from services.edge.contracts.motion_photo.tokens import ANYBODY, Tokens, parse_tokens
from services.edge.settings import EdgeSettings
from tests.unit.edge.motion import FORM, PREVIEW, SESSION, Client, Studio, client_of, refusal

ALPHA, BETA = "alpha-of-the-studio", "beta/of+the~studio=="
CALLER = Tokens([ALPHA]).caller([f"Bearer {ALPHA}"])
BODY = {"session_id": str(SESSION), "timestamp": 1}
URL = f"/preview/{SESSION}.mp4"
VIDEO = {"file": ("a.mp4", b"video", "video/mp4")}


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def client(studio: Studio) -> Iterator[Client]:
    with client_of(studio, motion_tokens=SecretStr(f"{ALPHA}, {BETA}"), motion_ip_rate=1000) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def call_all(client: Client, headers: Any) -> list[Any]:
    return [client.post("/prepare", files=VIDEO, headers=headers), *use(client, headers)]


def use(client: Client, headers: Any) -> list[Any]:
    return [
        client.post("/convert", data=FORM, headers=headers),
        client.post("/thumbnail", json=BODY, headers=headers),
        client.get(URL, headers=headers),
        client.post("/cleanup", json=BODY, headers=headers),
    ]


@pytest.mark.parametrize("token", [ALPHA, BETA])
@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
def test_a_token_is_an_owner(client: Client, studio: Studio, token: str, scheme: str) -> None:
    answers = call_all(client, {"authorization": scheme + token})
    assert [answer.status_code for answer in answers] == [200] * 5
    owner = Tokens([token]).caller([f"Bearer {token}"]).owner
    assert owner.startswith("motion:")
    assert token not in owner
    asked = [*studio.asked(OPEN_SESSION), *studio.asked(GET_SESSION), *studio.asked(MAKE_MOTION_PHOTO)]
    asked += [*studio.asked(TAKE_THUMBNAIL), *studio.asked(CLOSE_SESSION)]
    assert len(asked) == 6
    assert {each.owner for each in asked} == {owner}


WRONG: list[list[tuple[str, bytes]]] = [
    [("authorization", b"Bearer wrong")],
    [("authorization", b"Bearer " + ALPHA.encode() + b"x")],
    [("authorization", b"Bearer " + ALPHA.encode()[:-1])],
    [("authorization", b"Bearer " + ALPHA.upper().encode())],
    [("authorization", b"Bearer " + ALPHA.encode() + b" x")],
    [("authorization", b"Bearer")],
    [("authorization", b"Bearer ")],
    [("authorization", b"")],
    [("authorization", b"Bearer\t" + ALPHA.encode())],
    [("authorization", b"Basic " + ALPHA.encode())],
    [("authorization", ALPHA.encode())],
    [("authorization", b"Bearer \xe9\xff")],
    [("authorization", b"Bearer " + ALPHA.encode()), ("authorization", b"Bearer " + ALPHA.encode())],
    [("authorization", b"Bearer " + b"x" * 10_000)],
]


@pytest.mark.parametrize("headers", WRONG)
def test_a_wrong_token_is_refused_everywhere(client: Client, studio: Studio, headers: Any) -> None:
    for answer in call_all(client, headers):
        refusal(answer, 401, "INVALID_TOKEN")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert client.head("/health", headers=headers).status_code == 401
    assert studio.calls == []


def test_without_a_token(client: Client, studio: Studio) -> None:
    for answer in call_all(client, {}):
        refusal(answer, 401, "INVALID_TOKEN")
    assert studio.calls == []
    assert client.head("/health").status_code == 200
    assert client.head("/health", headers=bearer(ALPHA)).status_code == 200


@pytest.mark.parametrize("headers", [[], *WRONG])
def test_where_none_is_set_none_is_looked_at(studio: Studio, headers: Any) -> None:
    with client_of(studio) as client:
        assert client.head("/health", headers=headers).status_code == 200
        assert [answer.status_code for answer in call_all(client, headers)] == [200] * 5
    assert studio.asked(OPEN_SESSION)[0].owner == "public"


def test_a_session_is_its_tokens_own(client: Client, studio: Studio) -> None:
    studio.open, studio.owner = True, CALLER.owner
    for answer in use(client, bearer(BETA)):
        refusal(answer, 404, "INVALID_SESSION")
    assert client.post("/cleanup", json=BODY, headers=bearer(ALPHA)).status_code == 200


# --- previews -------------------------------------------------------------------------------------


@pytest.fixture
def url(client: Client) -> str:
    """The preview of a session of ALPHA."""
    answer = client.post("/prepare", files=VIDEO, headers=bearer(ALPHA))
    found: str = answer.json()["preview_url"]
    assert found.startswith(f"http://media.test:8000{URL}?key=")
    assert ALPHA not in found
    return found


def test_a_preview_needs_no_header(client: Client, url: str) -> None:
    assert client.get(url).content == PREVIEW
    assert client.head(url).status_code == 200
    assert client.get(url, headers={"range": "bytes=4-7"}).content == b"ftyp"


def test_a_wrong_header_counts_for_more_than_a_key(client: Client, url: str) -> None:
    refusal(client.get(url, headers=bearer("wrong")), 401, "INVALID_TOKEN")
    refusal(client.get(url, headers=bearer(BETA)), 404, "INVALID_SESSION")
    assert client.get(url, headers=bearer(ALPHA)).content == PREVIEW


@pytest.mark.parametrize("key", ["", "0" * 64, "é", "%00", ALPHA, "x" * 5000])
def test_a_wrong_key(client: Client, url: str, key: str) -> None:
    refusal(client.get(f"{URL}?key={key}"), 401, "INVALID_TOKEN")


def test_a_key_is_for_one_preview_of_one_token(client: Client, url: str) -> None:
    key = url.partition("?key=")[2]
    assert key == CALLER.preview_key(SESSION)
    refusal(client.get(f"/preview/{UUID(int=5)}.mp4?key={key}"), 401, "INVALID_TOKEN")
    refusal(client.post(f"/cleanup?key={key}", json=BODY), 401, "INVALID_TOKEN")
    refusal(client.get(f"{URL}?key={key[:-1]}"), 401, "INVALID_TOKEN")
    beta = Tokens([BETA]).caller([f"Bearer {BETA}"])
    refusal(client.get(f"{URL}?key={beta.preview_key(SESSION)}"), 404, "INVALID_SESSION")


def test_an_open_family_has_no_keys(studio: Studio) -> None:
    with client_of(studio) as client:
        answer = client.post("/prepare", files=VIDEO)
        assert answer.json()["preview_url"].endswith(".mp4")
        assert client.get(f"{URL}?key=any").content == PREVIEW
    assert ANYBODY.preview_key(SESSION) == ""


def test_a_preview_of_a_token_is_not_open_when_tokens_are_gone(studio: Studio) -> None:
    studio.open, studio.owner = True, CALLER.owner
    with client_of(studio) as client:
        refusal(client.get(URL), 404, "INVALID_SESSION")


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("  ", []),
        ("a", ["a"]),
        (" a , b\n", ["a", "b"]),
        ('["a,b", " c "]', ["a,b", "c"]),
        ("x" * 1000, ["x" * 1000]),
    ],
)
def test_lists_of_tokens(text: str, tokens: list[str]) -> None:
    assert parse_tokens(text) == tokens


@pytest.mark.parametrize(
    "text", [",", "a,,b", "[]", '[""]', "[1]", "[", '["a"', "a b", "é", "x" * 1001, '["a b"]']
)
def test_lists_that_make_no_sense(text: str) -> None:
    """Nobody is let in because of a slip of the pen."""
    with pytest.raises(ValueError):
        parse_tokens(text)
    with pytest.raises(ValidationError) as error:
        EdgeSettings(motion_tokens=SecretStr(text))
    assert text not in str(error.value) or len(text) < 4


def test_tokens_come_from_the_environment_and_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELBUS_MOTION_TOKENS", f'["{ALPHA}"]')
    settings = EdgeSettings()
    assert parse_tokens(settings.motion_tokens.get_secret_value()) == [ALPHA]
    assert ALPHA not in f"{settings!r} {settings.model_dump_json()}"
