"""Calls that the edge answers: `edge.authenticate`, `create_key`, `list_keys`, `revoke_key`."""

from __future__ import annotations

from libs.chassis.bus import Bus
from libs.contracts.access import (
    AUTHENTICATE,
    CREATE_KEY,
    LIST_KEYS,
    REVOKE_KEY,
    SCOPES,
    ApiKey,
    ApiKeys,
    Authenticate,
    CreatedKey,
    CreateKey,
    ListKeys,
    Principal,
    RevokeKey,
)
from libs.contracts.errors import InvalidInputError
from services.edge.auth.authenticator import Authenticator
from services.edge.auth.principals import is_user, ordered
from services.edge.auth.refusals import Refusals
from services.edge.auth.repository import KeyRepository, key_of

_MAX_NAME = 100


class Handlers:
    def __init__(self, authenticator: Authenticator, refusals: Refusals, keys: KeyRepository) -> None:
        self._authenticator = authenticator
        self._refusals = refusals
        self._keys = keys

    def register(self, bus: Bus) -> None:
        bus.serve(AUTHENTICATE, self.authenticate)
        bus.serve(CREATE_KEY, self.create)
        bus.serve(LIST_KEYS, self.list)
        bus.serve(REVOKE_KEY, self.revoke)

    async def authenticate(self, request: Authenticate) -> Principal:
        async with self._refusals.counted(request.client):
            return await self._authenticator.authenticate(request)

    async def create(self, request: CreateKey) -> CreatedKey:
        if not is_user(request.user_id):
            raise InvalidInputError("A user id has 1 to 200 printable characters, and no space around them.")
        if not request.scopes or not set(request.scopes) <= set(SCOPES):
            raise InvalidInputError(f"Scopes are one or more of {', '.join(SCOPES)}.")
        if len(request.name) > _MAX_NAME or not request.name.isprintable():
            raise InvalidInputError(f"A name has at most {_MAX_NAME} characters, all printable.")
        return await self._keys.create(request.user_id, ordered(request.scopes), request.name)

    async def list(self, request: ListKeys) -> ApiKeys:
        return ApiKeys(keys=[key_of(row) for row in await self._keys.list(request.user_id)])

    async def revoke(self, request: RevokeKey) -> ApiKey:
        return key_of(await self._keys.revoke(request.key_id))
