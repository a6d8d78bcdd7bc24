"""What the claims of a token say: whose it is, for how long, for whom, and what for."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.errors import UnauthorizedError
from services.edge.auth.tokens import LEEWAY
from tests.signing import DAY, by_secret, claims, compact, es256, hs256, rs256
from tests.unit.edge.verifying import ANN, refuses, soon, verifier

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": 0},
        {"exp": -1},
        {"exp": int(soon(-LEEWAY - 5))},
        {"exp": str(int(soon(300)))},
        {"exp": "never"},
        {"exp": True},
        {"exp": [int(soon(300))]},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"nbf": int(soon(DAY))},
        {"nbf": "0"},
        {"nbf": True},
        {"iat": int(soon(DAY))},
        {"iat": {}},
        {"sub": None},
        {"sub": ""},
        {"sub": " "},
        {"sub": " ann"},
        {"sub": "ann\n"},
        {"sub": "ann\x00"},
        {"sub": "\u200eann"},
        {"sub": "\ud800"},
        {"sub": "x" * 201},
        {"sub": 7},
        {"sub": ["ann"]},
        {"sub": {"id": "ann"}},
        {"scope": 1},
        {"scope": ["read", 1]},
        {"scopes": {"read": True}},
        {"jti": 5},
    ],
)
async def test_a_claim_that_makes_no_sense(changes: dict[str, Any]) -> None:
    await refuses(hs256(**changes))
    await refuses(rs256(**changes))


async def test_a_scope_that_is_null() -> None:
    await refuses(compact({"alg": "HS256"}, claims() | {"scope": None}, by_secret()))


@pytest.mark.parametrize("sub", ["x" * 200, "auth0|5f7c", "Zoë Ünal", "用户", "a/b:c@d", "0"])
async def test_users(sub: str) -> None:
    principal = await verifier().principal(hs256(sub=sub))
    assert (principal.user_id, principal.owner) == (sub, f"user:{sub}")


@pytest.mark.parametrize(
    ("changes", "scopes"),
    [
        ({}, ["read", "write"]),
        ({"scope": "read"}, ["read"]),
        ({"scope": "write  openid read read"}, ["read", "write"]),
        ({"scope": ""}, []),
        ({"scope": "openid profile"}, []),
        ({"scope": "READ"}, []),
        ({"scope": ["write"]}, ["write"]),
        ({"scopes": ["read"]}, ["read"]),
        ({"scopes": []}, []),
        ({"scopes": "read write"}, ["read", "write"]),
        ({"scope": "read", "scopes": ["read", "write"]}, ["read"]),
        ({"scope": "read", "scopes": ["write"]}, []),
    ],
)
async def test_scopes(changes: dict[str, Any], scopes: list[str]) -> None:
    assert (await verifier().principal(hs256(**changes))).scopes == scopes


@pytest.mark.parametrize(
    ("token", "accepted"),
    [
        (hs256(aud="reelbus", iss="me"), True),
        (es256(aud=["others", "reelbus"], iss="me"), True),
        (hs256(iss="me"), False),
        (hs256(aud="others", iss="me"), False),
        (hs256(aud=["others"], iss="me"), False),
        (hs256(aud=[], iss="me"), False),
        (hs256(aud="reelbus2", iss="me"), False),
        (hs256(aud={"reelbus": 1}, iss="me"), False),
        (hs256(aud=["reelbus", 5], iss="me"), False),
        (hs256(aud="reelbus"), False),
        (hs256(aud="reelbus", iss="you"), False),
        (hs256(aud="reelbus", iss=["me"]), False),
        (hs256(aud="reelbus", iss=""), False),
    ],
)
async def test_whom_a_token_is_for_and_who_made_it(token: str, accepted: bool) -> None:
    strict = verifier("reelbus", "me")
    if accepted:
        assert await strict.principal(token) == ANN
    else:
        await refuses(token, strict)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "alg",
    "kid",
    "typ",
    "crit",
    "b64",
    "exp",
    "sub",
    "nbf",
    "iat",
    "aud",
    "iss",
    "jti",
    "scope",
    "scopes",
]


@given(
    st.dictionaries(st.sampled_from(NAMES[:5]), json_values),
    st.dictionaries(st.sampled_from(NAMES[5:]), json_values),
)
async def test_a_signed_token_of_any_content_is_refused_or_names_a_user(header: Any, changes: Any) -> None:
    token = compact({"alg": "HS256"} | header, changes, by_secret())
    try:
        principal = await verifier(audience=None).principal(token)
    except UnauthorizedError:
        return
    assert principal.user_id == changes["sub"]
    assert changes["exp"] > time.time() - LEEWAY
