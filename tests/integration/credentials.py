"""Every kind of credentials that callers of the jobs contract may show, good and bad, each made once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.api_keys import api_key
from tests.integration.client import Operator
from tests.signing import DAY, SECRET, by_secret, claims, compact, hs256, jwk, key_set, pem, rs256, rsa_key

AUDIENCE, ISSUER = "reelbus-tests", "https://issuer.test"
"""What tokens must say in the stack of the integration tests."""

_OURS: dict[str, Any] = {"aud": AUDIENCE, "iss": ISSUER}


def issuer(folder: Path) -> dict[str, str]:
    """Settings of edges that trust the tokens below; the key set is a file in `folder`."""
    published = folder / "jwks.json"
    published.write_bytes(key_set(jwk(rsa_key(), "r")))
    return {
        "REELBUS_JWT_SECRET": SECRET,
        "REELBUS_JWT_JWKS": str(published),
        "REELBUS_JWT_AUDIENCE": AUDIENCE,
        "REELBUS_JWT_ISSUER": ISSUER,
    }


@dataclass(frozen=True)
class Shown:
    """A JWT, an API key, both, or nothing."""

    token: str | None = None
    key: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        bearer = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return bearer | ({} if self.key is None else {"X-API-Key": self.key})

    @property
    def all(self) -> list[str]:
        return [each for each in (self.token, self.key) if each is not None]


def tokens() -> Iterator[tuple[str, str]]:
    """By kind. Those that are good are Ann's, if they do not say Bob's."""
    now = int(time.time())
    yield "jwt", hs256(**_OURS)
    yield "jwt rs256", rs256(**_OURS)
    yield "jwt that reads", hs256(**_OURS, scope="read")
    yield "jwt that writes", hs256(**_OURS, scope="write")
    yield "jwt with other scopes", hs256(**_OURS, scope="openid profile")
    yield "bob's jwt", hs256(**_OURS, sub="bob")
    yield "garbage bearer", "x.y.z"
    yield "expired jwt", hs256(**_OURS, exp=now - DAY)
    yield "jwt without an end", hs256(**_OURS, exp=None)
    yield "jwt of tomorrow", hs256(**_OURS, nbf=now + DAY, exp=now + 2 * DAY)
    yield "jwt for others", hs256(aud="others", iss=ISSUER)
    yield "jwt by others", hs256(aud=AUDIENCE, iss="https://others.test")
    yield "jwt unsigned", compact({"alg": "none", "typ": "JWT"}, claims(**_OURS), lambda _: b"")
    yield (
        "jwt by public key",
        compact({"alg": "HS256", "typ": "JWT", "kid": "r"}, claims(**_OURS), by_secret(pem(rsa_key()))),
    )
    yield "jwt rs256 of no key", rs256("unknown", **_OURS)
    yield "jwt rs256 of another key", rs256("r", rsa_key("another"), **_OURS)


def keys(operator: Operator) -> Iterator[tuple[str, str]]:
    """As `tokens`."""

    stack = operator.stack
    made = stack.run("keys", "create", "--user", "ann", "--scopes", "read,write", "--name", "old").stdout
    listed = json.loads(stack.run("keys", "list", "--user", "ann", "--json").stdout)
    (old,) = [each["key_id"] for each in listed if each["name"] == "old"]
    stack.run("keys", "revoke", old)
    yield "key", api_key(stack, "ann", "read", "write")
    yield "key that reads", api_key(stack, "ann", "read")
    yield "key that writes", api_key(stack, "ann", "write")
    yield "bob's key", api_key(stack, "bob", "read", "write")
    yield "garbage key", "rb_none"
    yield "revoked key", made.splitlines()[-1]


def every_kind(operator: Operator) -> dict[str, Shown]:
    """All there are; pairs are named by what they are of."""
    token, key = dict(tokens()), dict(keys(operator))
    pairs = [
        ("jwt", "key"),
        ("jwt", "key that reads"),
        ("jwt that writes", "key that reads"),
        ("jwt", "bob's key"),
        ("garbage bearer", "key"),
        ("jwt", "revoked key"),
    ]
    return {
        "none": Shown(),
        **{name: Shown(token=each) for name, each in token.items()},
        **{name: Shown(key=each) for name, each in key.items()},
        **{f"{one} + {other}": Shown(token[one], key[other]) for one, other in pairs},
    }
