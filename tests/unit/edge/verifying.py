"""A verifier of tokens over the keys of `signing`, and an authenticator over API keys in memory."""

from __future__ import annotations

import time
from typing import Any, cast
from uuid import uuid4

import pytest

from libs.contracts.access import Principal
from libs.contracts.base import utcnow
from libs.contracts.errors import UnauthorizedError
from services.edge.auth.api_keys import new_key, stored
from services.edge.auth.authenticator import Authenticator
from services.edge.auth.key_set import KeySet
from services.edge.auth.repository import KeyRepository
from services.edge.auth.tokens import TokenVerifier
from services.edge.models import ApiKeyRow
from tests.signing import SECRET, ec_key, jwk, key_set, rsa_key

ANN = Principal(user_id="ann", scopes=["read", "write"])


async def published() -> bytes:
    return key_set(jwk(rsa_key(), "r"), jwk(ec_key(), "e"))


def verifier(audience: str | None = None, issuer: str | None = None, **changes: Any) -> TokenVerifier:
    parts: dict[str, Any] = {"secret": SECRET, "keys": KeySet(published, pause=1e6)}
    return TokenVerifier(**(parts | changes), audience=audience, issuer=issuer)


async def refuses(token: str, verifying: TokenVerifier | None = None) -> None:
    with pytest.raises(UnauthorizedError) as error:
        await (verifying or verifier()).principal(token)
    assert (error.value.message, error.value.details) == ("Invalid or missing authentication token", {})


def soon(seconds: float) -> float:
    return time.time() + seconds


class Keys:
    """A `KeyRepository` that is a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, ApiKeyRow] = {}

    def make(self, user_id: str, *scopes: str, revoked: bool = False) -> str:
        """A key with these scopes; with both when there are none."""
        secret = new_key()
        form = stored(secret)
        assert form is not None
        self.rows[form.prefix] = ApiKeyRow(
            key_id=uuid4(),
            user_id=user_id,
            scopes=list(scopes or ("read", "write")),
            name="",
            prefix=form.prefix,
            digest=form.digest,
            created_at=utcnow(),
            revoked_at=utcnow() if revoked else None,
        )
        return secret

    async def find(self, prefix: str) -> ApiKeyRow | None:
        return self.rows.get(prefix)

    async def note_use(self, row: ApiKeyRow) -> None:
        row.last_used_at = utcnow()


def authenticator(keys: Keys) -> Authenticator:
    """Knows those keys, and the tokens of `verifier`."""
    return Authenticator(cast("KeyRepository", keys), verifier())
