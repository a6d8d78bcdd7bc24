"""Who is calling: principals, and what proves who they are."""

from __future__ import annotations

from libs.contracts.base import Message, Method

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


AUTHENTICATE = Method("rpc.edge.authenticate", Authenticate, Principal)
