"""Tokens as others make them, signed by hand, so that any header and any claim can be in them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm, get_default_algorithms

SECRET = "a secret of the tests, 32 bytes or more"
DAY = 86_400
Sign = Callable[[bytes], bytes]


@cache
def rsa_key(name: str = "a", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Another one for each name."""
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str = "a", curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    """Of a good token of ann's; `None` leaves a claim out."""
    found = {"sub": "ann", "exp": int(time.time()) + DAY} | changes
    return {name: value for name, value in found.items() if value is not None}


def compact(header: Any, payload: Any, sign: Sign) -> str:
    """`header` and `payload` are JSON, or bytes as they shall be."""
    parts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in (header, payload)]
    signed = ".".join(map(base64url, parts))
    return f"{signed}.{base64url(sign(signed.encode()))}"


def by_secret(secret: str | bytes = SECRET, digest: Any = hashlib.sha256) -> Sign:
    key = secret if isinstance(secret, bytes) else secret.encode()
    return lambda data: hmac.new(key, data, digest).digest()


def by_key(key: Any, algorithm: str) -> Sign:
    return lambda data: get_default_algorithms()[algorithm].sign(data, key)


def hs256(header: dict[str, Any] | None = None, /, **changes: Any) -> str:
    return compact({"alg": "HS256", "typ": "JWT"} | (header or {}), claims(**changes), by_secret())


def rs256(kid: str | None = "r", key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:
    header = {"alg": "RS256", "typ": "JWT"} | ({} if kid is None else {"kid": kid})
    return compact(header, claims(**changes), by_key(key or rsa_key(), "RS256"))


def es256(kid: str | None = "e", key: ec.EllipticCurvePrivateKey | None = None, **changes: Any) -> str:
    header = {"alg": "ES256", "typ": "JWT"} | ({} if kid is None else {"kid": kid})
    return compact(header, claims(**changes), by_key(key or ec_key(), "ES256"))


def jwk(key: Any, kid: str | None = None, **members: Any) -> dict[str, Any]:
    """The public JWK of a key."""
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    found = algorithm.to_jwk(key.public_key(), as_dict=True)
    found.pop("key_ops", None)
    return found | ({} if kid is None else {"kid": kid}) | members


def key_set(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


def pem(key: Any) -> bytes:
    """Of the public key."""
    data: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return data
