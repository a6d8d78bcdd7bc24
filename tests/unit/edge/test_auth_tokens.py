"""Which tokens prove a user, and which do not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from services.edge.auth.tokens import LEEWAY
from tests.signing import (
    SECRET,
    base64url,
    by_key,
    by_secret,
    claims,
    compact,
    ec_key,
    es256,
    hs256,
    jwk,
    pem,
    rs256,
    rsa_key,
)
from tests.unit.edge.verifying import ANN, published, refuses, soon, verifier

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "make",
    [
        hs256,
        rs256,
        es256,
        lambda: hs256({"kid": "whatever"}),
        lambda: hs256({"typ": "at+jwt"}),
        lambda: compact({"alg": "HS256"}, claims(), by_secret()),
        lambda: rs256(kid=None),
        lambda: hs256(exp=soon(300.5)),
        lambda: hs256(exp=int(soon(-LEEWAY + 10))),
        lambda: hs256(nbf=int(soon(LEEWAY - 10)), iat=int(soon(LEEWAY - 10))),
        lambda: hs256(aud="others", iss="https://issuer.example", jti="1", admin=True),
    ],
)
async def test_a_good_token(make: Callable[[], str]) -> None:
    """Made when it is used: a whole run of the tests takes longer than a token lasts."""
    assert await verifier().principal(make()) == ANN


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d",
        hs256() + "=",
        hs256() + ".",
        hs256() + "\n",
        hs256()[:-2],
        hs256().replace(".", " ."),
        hs256().rpartition(".")[0],
        hs256().rpartition(".")[0] + ".",
        "ё" + hs256(),
        hs256(filler="x" * 8192),
        f"{base64url(b'[]')}.{base64url(b'{}')}.AAAA",
        f"{base64url(b'{' * 3000)}.{base64url(b'{}')}.AAAA",
        f"{base64url(b'[' * 3000)}.{base64url(b'{}')}.AAAA",
        compact(b'{"alg":"HS256","alg":"none"}', claims(), by_secret()),
        compact({"alg": "HS256"}, [], by_secret()),
        compact({"alg": "HS256"}, b"ann", by_secret()),
        compact({"alg": "HS256"}, hs256().encode(), by_secret()),
    ],
)
async def test_what_is_no_token(token: str) -> None:
    await refuses(token)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 0, True, [], {}, ["HS256"]])
@pytest.mark.parametrize("signature", [b"", b"x", by_secret()(b"")])
async def test_a_token_that_nobody_signed(algorithm: Any, signature: bytes) -> None:
    token = compact({"alg": algorithm, "typ": "JWT"}, claims(), lambda _: signature)
    await refuses(token)
    await refuses(token.rpartition(".")[0] + ".")
    await refuses(compact({"alg": algorithm}, claims(), by_secret()))


@pytest.mark.parametrize("kid", ["r", "e", None])
@pytest.mark.parametrize("key", [rsa_key(), ec_key()])
async def test_what_is_public_is_no_secret(kid: str | None, key: Any) -> None:
    """HS256 with what everybody may read of a public key."""
    header = {"alg": "HS256"} | ({"kid": kid} if kid else {})
    public = [pem(key), pem(key).strip(), json.dumps(jwk(key, kid)).encode(), await published()]
    for known in public:
        await refuses(compact(header, claims(), by_secret(known)))
        await refuses(compact(header, claims(), by_secret(known)), verifier(secret=""))


@pytest.mark.parametrize(
    "token",
    [
        compact({"alg": "HS512"}, claims(), by_secret(digest=hashlib.sha512)),
        compact({"alg": "HS384"}, claims(), by_secret(digest=hashlib.sha384)),
        compact({"alg": "RS512", "kid": "r"}, claims(), by_key(rsa_key(), "RS512")),
        compact({"alg": "PS256", "kid": "r"}, claims(), by_key(rsa_key(), "PS256")),
        compact({"alg": "hs256"}, claims(), by_secret()),
        compact({"alg": "RS256", "kid": "r"}, claims(), by_secret()),
        compact({"alg": "RS256", "kid": "e"}, claims(), by_key(ec_key(), "ES256")),
        compact({"alg": "ES256", "kid": "r"}, claims(), by_key(ec_key(), "ES256")),
        compact({"alg": "ES256", "kid": "e"}, claims(), lambda _: bytes(64)),
        compact({"alg": "ES256", "kid": "e"}, claims(), lambda _: b"x"),
        compact({}, claims(), by_secret()),
        rs256(key=rsa_key("b")),
        es256(key=ec_key("b")),
        rs256(kid="unknown"),
        hs256()[:-1] + ("A" if hs256()[-1] != "A" else "B"),
        compact({"alg": "HS256"}, claims(), by_secret("")),
        compact({"alg": "HS256"}, claims(), by_secret(SECRET + " ")),
    ],
)
async def test_a_token_that_others_signed(token: str) -> None:
    await refuses(token)


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../dev/null"},
        {"kid": "x' UNION SELECT 'secret"},
        {"kid": ""},
        {"kid": None},
        {"kid": ["r"]},
        {"kid": 1},
        {"jwk": jwk(rsa_key("b"), "b"), "kid": "b"},
        {"jku": "http://127.0.0.1:1/keys", "kid": "b"},
        {"x5u": "http://127.0.0.1:1/cert", "kid": "b"},
        {"crit": ["exp"], "kid": "r"},
        {"crit": [], "kid": "r"},
        {"b64": False, "crit": ["b64"], "kid": "r"},
        {"typ": "logout+jwt", "kid": "r"},
        {"typ": ["JWT"], "kid": "r"},
    ],
)
async def test_a_header_that_wants_too_much(header: dict[str, Any]) -> None:
    key = rsa_key() if header["kid"] == "r" else rsa_key("b")
    await refuses(compact({"alg": "RS256"} | header, claims(), by_key(key, "RS256")))


@pytest.mark.parametrize(
    "token", [hs256(), rs256(), es256(), compact({"alg": "HS256"}, claims(), by_secret(""))]
)
async def test_nothing_is_accepted_where_nothing_is_set(token: str) -> None:
    await refuses(token, verifier(secret="", keys=None))


async def test_a_short_secret_works() -> None:
    token = compact({"alg": "HS256"}, claims(), by_secret("short"))
    assert await verifier(secret="short").principal(token) == ANN


async def test_another_curve_is_no_es256() -> None:
    key = ec_key("k", ec.SECP384R1)
    token = compact({"alg": "ES256", "kid": "e"}, claims(), by_key(key, "ES384"))
    await refuses(token)


@given(
    st.one_of(st.text(max_size=60), st.binary(max_size=60).map(base64url)),
    st.binary(max_size=80),
    st.binary(),
)
async def test_noise(text: str, header: bytes, payload: bytes) -> None:
    await refuses(text)
    await refuses(f"{base64url(header)}.{base64url(payload)}.{base64url(header)}")
