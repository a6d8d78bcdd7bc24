"""Who is calling: principals, and the API keys that name them."""

from __future__ import annotations

from uuid import UUID

from msgspec import field

from libs.contracts.base import Message, Method, Timestamp

READ, WRITE = SCOPES = ("read", "write")
OPEN_FAMILIES = ("enhancement", "motion-photo", "video-editor")
"""Contract families whose documents know no users."""


class Principal(Message, frozen=True, kw_only=True):
    """A caller who has proved who he is. What he makes belongs to `owner`; `scopes` say what he may do."""

    user_id: str
    scopes: list[str]

    @property
    def owner(self) -> str:
        return f"user:{self.user_id}"


class Authenticate(Message, frozen=True, kw_only=True):
    """Credentials as they came: a JWT, an API key, or both. Refusals are counted by the address of the
    `client`, if it is told."""

    token: str | None = None
    api_key: str | None = None
    client: str | None = None


class CreateKey(Message, frozen=True, kw_only=True):
    user_id: str
    scopes: list[str] = field(default_factory=lambda: [READ, WRITE])
    name: str = ""


class ApiKey(Message, frozen=True, kw_only=True):
    """A key as it is stored; `prefix` is its public beginning."""

    key_id: UUID
    user_id: str
    scopes: list[str]
    name: str
    prefix: str
    created_at: Timestamp
    last_used_at: Timestamp | None = None
    revoked_at: Timestamp | None = None


class CreatedKey(Message, frozen=True, kw_only=True):
    """`secret` is the whole key, told this once."""

    key: ApiKey
    secret: str


class ListKeys(Message, frozen=True, kw_only=True):
    """Of `user_id`, or of everybody."""

    user_id: str | None = None


class ApiKeys(Message, frozen=True, kw_only=True):
    keys: list[ApiKey]


class RevokeKey(Message, frozen=True, kw_only=True):
    key_id: UUID


AUTHENTICATE = Method("rpc.edge.authenticate", Authenticate, Principal)
CREATE_KEY = Method("rpc.edge.create_key", CreateKey, CreatedKey)
LIST_KEYS = Method("rpc.edge.list_keys", ListKeys, ApiKeys)
REVOKE_KEY = Method("rpc.edge.revoke_key", RevokeKey, ApiKey)
