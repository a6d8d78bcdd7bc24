"""Making, listing and revoking API keys: for operators, who reach the database. Nobody can over the bus,
where every worker would have to be trusted not to make itself a key for somebody else."""

from __future__ import annotations

from uuid import UUID

from libs.contracts.access import SCOPES
from libs.contracts.errors import InvalidInputError
from services.edge.auth.api_keys import ApiKey, CreatedKey
from services.edge.auth.principals import is_user, ordered
from services.edge.auth.repository import KeyRepository, key_of

_MAX_NAME = 100


class Administration:
    """Of the keys in `keys`. All raise `UnavailableError` while the database does not answer."""

    def __init__(self, keys: KeyRepository) -> None:
        self._keys = keys

    async def create(self, user_id: str, scopes: list[str], name: str = "") -> CreatedKey:
        """A new key of `user_id`, told this once. Raises `InvalidInputError`."""
        if not is_user(user_id):
            raise InvalidInputError("A user id has 1 to 200 printable characters, and no space around them.")
        if not scopes or not set(scopes) <= set(SCOPES):
            raise InvalidInputError(f"Scopes are one or more of {', '.join(SCOPES)}.")
        if len(name) > _MAX_NAME or not name.isprintable():
            raise InvalidInputError(f"A name has at most {_MAX_NAME} characters, all printable.")
        return await self._keys.create(user_id, ordered(scopes), name)

    async def list(self, user_id: str | None = None) -> list[ApiKey]:
        """Those of a user, or of everybody, revoked ones too, newest first, 500 at most."""
        return [key_of(row) for row in await self._keys.list(user_id)]

    async def revoke(self, key_id: UUID) -> ApiKey:
        """The key, which opens nothing from now on. Raises `NotFoundError`."""
        return key_of(await self._keys.revoke(key_id))
