"""Credentials in headers, the form of keys, and what a principal may do."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import pytest
from litestar import Request

from libs.contracts.access import Authenticate, Principal
from libs.contracts.errors import ForbiddenError, UnauthorizedError
from services.edge.auth.api_keys import new_key, stored
from services.edge.auth.credentials import credentials_of
from services.edge.auth.principals import require

AUTHORIZATION, KEY = "Authorization", "X-API-Key"


def read(*headers: tuple[str, str]) -> Authenticate:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": "http", "headers": raw, "method": "GET", "path": "/"}
    return credentials_of(Request(cast("Any", scope)))


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], Authenticate()),
        ([(AUTHORIZATION, "Bearer a.b.c")], Authenticate(token="a.b.c")),
        ([(AUTHORIZATION, "bearer   a.b.c ")], Authenticate(token="a.b.c")),
        ([(KEY, "rb_x")], Authenticate(api_key="rb_x")),
        ([(KEY, "")], Authenticate(api_key="")),
        ([(KEY, "rb_x"), (AUTHORIZATION, "Bearer t")], Authenticate(token="t", api_key="rb_x")),
    ],
)
def test_headers(headers: list[tuple[str, str]], found: Authenticate) -> None:
    assert read(*headers) == found


@pytest.mark.parametrize(
    "headers",
    [
        [(AUTHORIZATION, "")],
        [(AUTHORIZATION, "Bearer")],
        [(AUTHORIZATION, "Bearer ")],
        [(AUTHORIZATION, "a.b.c")],
        [(AUTHORIZATION, "Basic YTpi")],
        [(AUTHORIZATION, "Basic YTpi"), (KEY, "rb_x")],
        [(AUTHORIZATION, "Bearer a b")],
        [(AUTHORIZATION, "Bearer a, Bearer b")],
        [(AUTHORIZATION, "Bearer \xe9")],
        [(AUTHORIZATION, "Bearer a"), (AUTHORIZATION, "Bearer a")],
        [(KEY, "rb_x"), (KEY, "rb_x")],
    ],
)
def test_headers_that_make_no_sense(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(UnauthorizedError, match=r"^Invalid or missing authentication token$"):
        read(*headers)


def test_keys_differ_and_are_found_by_their_beginning() -> None:
    keys = [new_key() for _ in range(1000)]
    forms = [stored(key) for key in keys]
    assert len({form.prefix for form in forms if form}) == 1000
    for key, form in zip(keys, forms, strict=True):
        assert form is not None
        assert (len(key), key[:11], form.digest) == (55, form.prefix, hashlib.sha256(key.encode()).digest())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: "",
        lambda key: key[:-1],
        lambda key: key + "A",
        lambda key: key + "\n",
        lambda key: " " + key,
        lambda key: key.upper(),
        lambda key: "xx" + key[2:],
        lambda key: key.replace("_", "-"),
        lambda key: key[:20] + "ä" + key[21:],
        lambda key: key[:4] + "٣" + key[5:],
        lambda key: key[:20] + "\x00" + key[21:],
    ],
)
def test_what_has_not_the_form_of_a_key(spoil: Any) -> None:
    assert stored(spoil("rb_abcdefg1_" + "A" * 43)) is None


@pytest.mark.parametrize("scopes", [[], ["read"], ["write"], ["read", "write"]])
@pytest.mark.parametrize("scope", ["read", "write"])
def test_scopes_are_needed(scopes: list[str], scope: str) -> None:
    principal = Principal(user_id="ann", scopes=scopes)
    if scope in scopes:
        require(principal, scope)
    else:
        with pytest.raises(ForbiddenError, match=r"^Insufficient permissions$"):
            require(principal, scope)
