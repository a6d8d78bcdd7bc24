"""JSON Web Tokens (RFC 7519) of users: HS256 by a secret, RS256 and ES256 by a key set.

The algorithm of a token only picks among the keys that there are, each of which is bound to one algorithm; no
key and no address that a token brings along is looked at (RFC 8725).
"""

from __future__ import annotations

import base64
import logging
import re
import warnings
from typing import Any

import jwt
import msgspec
from jwt.warnings import InsecureKeyLengthWarning
from msgspec import UNSET, UnsetType

from libs.contracts.access import SCOPES, Principal
from services.edge.auth.key_set import ES256, RS256, KeySet
from services.edge.auth.principals import is_user, ordered, refused

log = logging.getLogger(__name__)

HS256 = "HS256"
LEEWAY = 30.0
"""Seconds that clocks may differ."""

_MAX_TOKEN = 8192
_SECRET_BYTES = 32
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_TYPES = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})

Scope = str | list[str] | UnsetType
"""Space-separated (RFC 8693), or a list."""


class _Claims(msgspec.Struct):
    sub: str
    exp: int | float
    nbf: int | float | UnsetType = UNSET
    iat: int | float | UnsetType = UNSET
    scope: Scope = UNSET
    scopes: Scope = UNSET


class TokenVerifier:
    """Without `secret` there are no HS256 tokens, without `keys` no others. `audience` and `issuer` are
    checked where they are given."""

    def __init__(
        self, *, secret: str = "", keys: KeySet | None = None, audience: str | None, issuer: str | None
    ) -> None:
        self._secret = secret_key(secret) if secret else None
        self._keys = keys
        self._audience = audience
        self._issuer = issuer
        self._options: Any = {"require": ["exp", "sub"], "verify_aud": audience is not None}
        self._warn(secret)

    async def principal(self, token: str) -> Principal:
        """The user whom `token` proves. Raises `UnauthorizedError`, and `UnavailableError` while the keys
        cannot be read."""
        header = _header(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        key = await self._key(algorithm, kid)
        if key is None:
            raise refused("no such key")
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options=self._options,
            )
        except jwt.PyJWTError as error:
            raise refused(str(error)) from error
        return _principal(claims)

    async def _key(self, algorithm: object, kid: str | None) -> jwt.PyJWK | None:
        if algorithm == HS256:
            return self._secret
        if algorithm in (RS256, ES256) and self._keys is not None:
            return await self._keys.find(kid, str(algorithm))
        return None

    def _warn(self, secret: str) -> None:
        if 0 < len(secret.encode()) < _SECRET_BYTES:
            warnings.simplefilter("ignore", InsecureKeyLengthWarning)  # at each token
            log.warning("the JWT secret is short enough to be guessed", extra={"least_bytes": _SECRET_BYTES})
        if self._keys is not None and self._audience is None:
            log.warning(
                "tokens that were made for others are accepted", extra={"unset": "REELBUS_JWT_AUDIENCE"}
            )


def secret_key(secret: str) -> jwt.PyJWK:
    """Raises `ValueError` for what is a public key or a certificate instead of a secret."""
    encoded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
    key = jwt.PyJWK({"kty": "oct", "k": encoded}, HS256)
    try:
        key.Algorithm.prepare_key(key.key)
    except jwt.InvalidKeyError as error:
        raise ValueError("must be a secret, neither a JWK nor a public key nor a certificate") from error
    return key


def _header(token: str) -> dict[str, Any]:
    if len(token) > _MAX_TOKEN or not _COMPACT.fullmatch(token):
        raise refused("not a token")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise refused(str(error)) from error
    if str(header.get("typ", "JWT")).lower() not in _TYPES:
        raise refused("the token is of another type")
    return header


def _principal(claims: dict[str, Any]) -> Principal:
    try:
        found = msgspec.convert(claims, _Claims, strict=True)
    except msgspec.ValidationError as error:
        raise refused(str(error)) from error
    if not is_user(found.sub):
        raise refused("the subject is not a user id")
    return Principal(user_id=found.sub, scopes=_scopes(found))


def _scopes(claims: _Claims) -> list[str]:
    """Everything, unless a claim limits it; two claims both do."""
    granted = set(SCOPES)
    for claim in (claims.scope, claims.scopes):
        if claim is not UNSET:
            granted &= set(claim.split(" ") if isinstance(claim, str) else claim)
    return ordered(granted)
