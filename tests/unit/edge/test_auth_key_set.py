"""Key sets: which keys are in one, when it is read again, and what holds while it cannot be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import RSAAlgorithm

from libs.contracts.errors import TooLargeError, UnauthorizedError, UnavailableError
from services.edge.auth.key_set import ES256, RS256, KeySet, parse_key_set
from tests.signing import ec_key, es256, hs256, jwk, key_set, rs256, rsa_key
from tests.unit.edge.verifying import ANN, verifier

pytestmark = pytest.mark.anyio
PAUSE = 10.0
HOUR = 3600.0


class Issuer:
    """Its keys can change, and it can be away; counts how often it was asked."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = keys
        self.error: Exception | None = None
        self.asked = 0
        self.now = 1000.0
        self.slow: asyncio.Event | None = None
        self.set = KeySet(self.answer, pause=PAUSE, clock=lambda: self.now)

    async def answer(self) -> bytes:
        self.asked += 1
        if self.slow:
            await self.slow.wait()
        if self.error:
            raise self.error
        return key_set(*self.keys)

    async def knows(self, kid: str | None, algorithm: str = RS256) -> bool:
        return await self.set.find(kid, algorithm) is not None


A, B, E = jwk(rsa_key("a"), "a"), jwk(rsa_key("b"), "b"), jwk(ec_key(), "e")


# --- what is in a set -----------------------------------------------------------------------------


def private() -> dict[str, Any]:
    return RSAAlgorithm.to_jwk(rsa_key("a"), as_dict=True) | {"kid": "a", "key_ops": ["verify"]}


@pytest.mark.parametrize(
    ("member", "algorithm"),
    [
        (A, RS256),
        (A | {"use": "sig", "alg": "RS256", "key_ops": ["verify"], "x5c": ["…"], "x5t": 5}, RS256),
        (private(), RS256),
        (E, ES256),
        (E | {"alg": "ES256"}, ES256),
    ],
)
def test_a_key_that_checks_signatures(member: dict[str, Any], algorithm: str) -> None:
    ((kid, key),) = parse_key_set(key_set({"kty": "oct", "k": "AAAA"}, member, 5, None, "key", {}))
    assert (kid, key.algorithm_name) == (member["kid"], algorithm)
    assert not hasattr(key.key, "sign")


@pytest.mark.parametrize(
    "member",
    [
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "a"},
        A | {"use": "enc"},
        A | {"alg": "RS512"},
        A | {"alg": "ES256"},
        A | {"alg": "none"},
        A | {"key_ops": ["sign"]},
        A | {"kid": 5},
        A | {"n": ""},
        A | {"n": "!!!"},
        A | {"n": "x" * 5000},
        A | {"n": 5},
        jwk(rsa_key("weak", 1024), "a"),
        E | {"crv": "P-384"},
        E | {"x": "AAAA"},
        E | {"y": E["x"]},
        jwk(ec_key("k", ec.SECP384R1), "e"),
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    ],
)
def test_what_is_no_key_for_us_is_skipped(member: dict[str, Any]) -> None:
    assert len(parse_key_set(key_set(member, B))) == 1
    with pytest.raises(ValueError, match="no key"):
        parse_key_set(key_set(member))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b'{"keys": {}}', b'{"keys": []}', b"<html>", b"\xff"]
)
def test_what_is_no_key_set(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse_key_set(data)


# --- which key ------------------------------------------------------------------------------------


async def test_keys_go_by_id_and_algorithm() -> None:
    issuer = Issuer(A, B, E)
    assert [await issuer.knows(kid) for kid in ("a", "b", "e", "c", "", None)] == [True, True] + [False] * 4
    assert [await issuer.knows(kid, ES256) for kid in ("e", "a", None)] == [True, False, True]


async def test_a_token_without_an_id_gets_the_only_key() -> None:
    plain = jwk(rsa_key("a"))
    verifying = verifier(keys=Issuer(plain, E).set)
    assert await verifying.principal(rs256(kid=None, key=rsa_key("a"))) == ANN
    assert await verifying.principal(es256(kid=None)) == ANN
    with pytest.raises(UnauthorizedError):
        await verifying.principal(rs256(kid="a", key=rsa_key("a")))
    with pytest.raises(UnauthorizedError):
        await verifier(keys=Issuer(plain, B).set).principal(rs256(kid=None, key=rsa_key("a")))


# --- reading again --------------------------------------------------------------------------------


async def test_known_keys_are_not_read_again() -> None:
    issuer = Issuer(A, E)
    for _ in range(5):
        assert await issuer.knows("a")
        assert await issuer.knows("e", ES256)
        issuer.now += PAUSE
    assert issuer.asked == 1


async def test_a_new_key_is_found_and_an_old_one_forgotten() -> None:
    issuer = Issuer(A)
    assert await issuer.knows("a")
    issuer.keys = (B,)
    issuer.now += PAUSE
    assert await issuer.knows("b")
    assert not await issuer.knows("a")
    assert issuer.asked == 2


async def test_unknown_keys_are_looked_for_once_in_a_while() -> None:
    issuer = Issuer(A)
    for number in range(50):
        assert not await issuer.knows(f"made up {number}")
    assert issuer.asked == 1
    issuer.keys = (A, B)
    assert not await issuer.knows("b")
    issuer.now += PAUSE
    assert await issuer.knows("b")
    assert issuer.asked == 2


async def test_a_regular_reading_finds_that_a_key_is_gone() -> None:
    issuer = Issuer(A, B)
    assert await issuer.knows("a")
    issuer.keys = (B,)
    await issuer.set.read()
    assert not await issuer.knows("a")


async def test_all_who_wait_are_served_by_one_reading() -> None:
    issuer = Issuer(A)
    issuer.slow = asyncio.Event()
    asking = [asyncio.create_task(issuer.knows(kid)) for kid in ["a", "b"] * 20]
    while not issuer.asked:
        await asyncio.sleep(0)
    issuer.slow.set()
    assert await asyncio.gather(*asking) == [True, False] * 20
    assert issuer.asked == 1


async def test_who_goes_away_takes_nobody_along() -> None:
    issuer = Issuer(A)
    issuer.slow = asyncio.Event()
    first, second = (asyncio.create_task(issuer.knows("a")) for _ in range(2))
    while not issuer.asked:
        await asyncio.sleep(0)
    first.cancel()
    issuer.slow.set()
    assert await second


# --- an issuer that is away -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [OSError("gone"), TooLargeError("too large"), ValueError("nonsense"), TimeoutError()]
)
async def test_known_keys_hold_for_an_hour_while_the_issuer_is_away(error: Exception) -> None:
    issuer = Issuer(A)
    assert await issuer.knows("a")
    issuer.error = error
    with pytest.raises(UnavailableError):
        await issuer.set.read()
    issuer.now += HOUR
    assert await issuer.knows("a")
    issuer.now += 1
    with pytest.raises(UnavailableError):
        await issuer.knows("a")
    issuer.error = None
    issuer.now += PAUSE
    assert await issuer.knows("a")


async def test_nobody_knows_whether_an_unknown_key_is_good_while_the_issuer_is_away() -> None:
    issuer = Issuer(A)
    issuer.error = OSError("gone")
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await issuer.knows("a")
    assert issuer.asked == 1
    issuer.error = None
    issuer.now += PAUSE
    assert await issuer.knows("a")
    assert not await issuer.knows("b")


async def test_a_set_that_is_spoilt_replaces_nothing() -> None:
    issuer = Issuer(A)
    assert await issuer.knows("a")
    issuer.keys = ()
    with pytest.raises(UnavailableError):
        await issuer.set.read()
    assert await issuer.knows("a")


async def test_an_issuer_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.edge.auth.key_set._PATIENCE", 0.02)
    issuer = Issuer(A)
    issuer.slow = asyncio.Event()
    with pytest.raises(UnavailableError):
        await issuer.knows("a")


async def test_a_secret_needs_no_issuer() -> None:
    issuer = Issuer(A)
    issuer.error = OSError("gone")
    assert await verifier(keys=issuer.set).principal(hs256()) == ANN
    with pytest.raises(UnavailableError):
        await verifier(keys=issuer.set).principal(rs256())
    assert issuer.asked == 1
