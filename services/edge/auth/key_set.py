"""Public keys that tokens are checked with: a JSON Web Key Set (RFC 7517), kept and read again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import msgspec
from jwt import PyJWK, PyJWTError

from libs.contracts.errors import ReelbusError, UnavailableError
from services.edge.auth.source import Source

log = logging.getLogger(__name__)

RS256, ES256 = "RS256", "ES256"
_RSA_BITS = range(2048, 8192 + 1)
_MAX_KEYS = 100
_MAX_NUMBER = 2048
_PATIENCE = 3.0
_STALE = 3600.0
"""Seconds that keys are believed when they can not be read again."""


class _Jwk(msgspec.Struct):
    """The public members of a key. Private ones are not looked at."""

    kty: str
    kid: str | None = None
    use: str = "sig"
    key_ops: tuple[str, ...] = ("verify",)
    alg: str | None = None
    n: str = ""
    e: str = ""
    crv: str = ""
    x: str = ""
    y: str = ""


class _JwkSet(msgspec.Struct):
    keys: list[msgspec.Raw]


Keys = list[tuple[str | None, PyJWK]]
"""Keys with their ids (`kid`); each is bound to the one algorithm that it is for."""


def parse_key_set(data: bytes) -> Keys:
    """The keys in `data` that check RS256 or ES256 signatures; others are skipped. Raises `ValueError` when
    there is none."""
    try:
        found = msgspec.json.decode(data, type=_JwkSet).keys
    except msgspec.DecodeError as error:
        raise ValueError(f"not a key set: {error}") from error
    keys = [key for raw in found[:_MAX_KEYS] if (key := _parse_key(raw))]
    if not keys:
        raise ValueError("no key for RS256 or ES256 in the key set")
    return keys


def _parse_key(raw: msgspec.Raw) -> tuple[str | None, PyJWK] | None:
    try:
        jwk = msgspec.json.decode(raw, type=_Jwk)
    except msgspec.DecodeError:
        return None
    algorithm = RS256 if jwk.kty == "RSA" else ES256 if (jwk.kty, jwk.crv) == ("EC", "P-256") else None
    wanted = jwk.use == "sig" and "verify" in jwk.key_ops and jwk.alg in (None, algorithm)
    if algorithm is None or not wanted or len(jwk.n) > _MAX_NUMBER:
        return None
    members = ("kty", "n", "e") if algorithm == RS256 else ("kty", "crv", "x", "y")
    try:
        key = PyJWK({name: getattr(jwk, name) for name in members}, algorithm)
    except (PyJWTError, ValueError):
        return None
    return (jwk.kid, key) if algorithm == ES256 or key.key.key_size in _RSA_BITS else None


class KeySet:
    """The keys of `source`. They are read again when a token names an unknown one, `pause` seconds after the
    last reading at the earliest, and whenever `read` is called."""

    def __init__(self, source: Source, *, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._pause = pause
        self._clock = clock
        self._keys: Keys = []
        self._read_at = self._tried_at = float("-inf")
        self._failed = False
        self._lock = asyncio.Lock()

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """The key `kid` for `algorithm`; a token that names none gets the only one. Raises `UnavailableError`
        while the answer cannot be known."""
        if (key := self._known(kid, algorithm)) is None:
            await self._look_again(kid, algorithm)
            key = self._known(kid, algorithm)
        if key is None and (self._failed or not self._fresh):
            raise UnavailableError("The keys that tokens are checked with cannot be read.")
        return key

    async def read(self) -> None:
        """Read the keys now. Raises `UnavailableError`; the known ones stay then."""
        async with self._lock:
            await self._read()

    @property
    def _fresh(self) -> bool:
        return self._clock() - self._read_at <= _STALE

    def _known(self, kid: str | None, algorithm: str) -> PyJWK | None:
        if not self._fresh:
            return None
        fitting = [key for id_, key in self._keys if key.algorithm_name == algorithm and kid in (None, id_)]
        return fitting[0] if len(fitting) == 1 else None

    async def _look_again(self, kid: str | None, algorithm: str) -> None:
        """All who wait are served by one reading."""
        async with self._lock:
            early = self._clock() - self._tried_at < self._pause
            if early or self._known(kid, algorithm) is not None:
                return
            try:
                await self._read()
            except UnavailableError as error:
                log.warning("key set not read", extra={"error": error.message})

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                self._keys = parse_key_set(await self._source())
        except (OSError, ValueError, ReelbusError) as error:
            self._failed, self._tried_at = True, self._clock()
            reason = str(error) or type(error).__name__
            raise UnavailableError(
                f"The keys that tokens are checked with cannot be read: {reason}"
            ) from error
        self._failed, self._tried_at = False, self._clock()
        self._read_at = self._tried_at
