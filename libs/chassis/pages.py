"""Pages of other origins: which of them may call."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import Field

from libs.chassis.settings import Fragment

_ANY = "*"


class Pages:
    """Pages of which `origins` may call: all (`*`), or those named, where `*` stands for any part of a host
    or port. With `credentials` named ones may send them; all cannot."""

    def __init__(self, origins: Sequence[str], *, credentials: bool = False) -> None:
        self.all = _ANY in origins
        self.credentials = credentials and not self.all
        named = "|".join(re.escape(each.rstrip("/")).replace(r"\*", "[A-Za-z0-9.-]*") for each in origins)
        self._named = re.compile(named)

    def allowed(self, origin: str) -> str | None:
        """What `Access-Control-Allow-Origin` is for a page of `origin`, if anything."""
        if self.all:
            return _ANY
        return origin if origin and self._named.fullmatch(origin) else None


class PageSettings(Fragment):
    """Whose pages may call."""

    cors_origins: list[str] = Field(
        ["*"],
        description="Origins whose pages may call all families but Motion Photo, and open WebSockets (JSON"
        " list; `null` are pages in files).",
    )
