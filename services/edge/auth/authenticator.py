"""Credentials to principals."""

from __future__ import annotations

import hmac

from libs.contracts.access import Authenticate, Principal
from services.edge.auth.api_keys import stored
from services.edge.auth.principals import ordered, refused
from services.edge.auth.repository import KeyRepository
from services.edge.auth.tokens import TokenVerifier

_NO_DIGEST = bytes(32)


class Authenticator:
    def __init__(self, keys: KeyRepository, tokens: TokenVerifier) -> None:
        self._keys = keys
        self._tokens = tokens

    async def authenticate(self, credentials: Authenticate) -> Principal:
        """Who has these credentials. Whoever shows both kinds must be the same user by both, and may do what
        both allow. Raises `UnauthorizedError`, `UnavailableError`."""
        found = []
        if credentials.token is not None:
            found.append(await self._by_token(credentials.token))
        if credentials.api_key is not None:
            found.append(await self._by_key(credentials.api_key))
        users = {each.user_id for each in found}
        if len(users) != 1:
            raise refused("two users" if users else "no credentials")
        allowed = set.intersection(*(set(each.scopes) for each in found))
        return Principal(user_id=users.pop(), scopes=ordered(allowed))

    async def _by_token(self, token: str) -> Principal:
        """API keys come as bearer tokens too; no JWT looks like one."""
        return await (self._by_key(token) if stored(token) else self._tokens.principal(token))

    async def _by_key(self, key: str) -> Principal:
        form = stored(key)
        if form is None:
            raise refused("not an API key")
        row = await self._keys.find(form.prefix)
        matches = hmac.compare_digest(row.digest if row else _NO_DIGEST, form.digest)
        if row is None or not matches:
            raise refused("no such API key")
        if row.revoked_at is not None:
            raise refused("the API key is revoked")
        await self._keys.note_use(row)
        return Principal(user_id=row.user_id, scopes=ordered(row.scopes))
