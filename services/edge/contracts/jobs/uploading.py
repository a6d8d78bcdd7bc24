"""`POST /uploads`: store the file of a form for its user."""

from __future__ import annotations

from collections.abc import AsyncIterator

from libs.contracts.media import Asset
from services.edge.contracts.jobs.errors import about
from services.edge.contracts.jobs.schemas import FAMILY
from services.edge.file_field import FILE, file_of
from services.edge.forms import parts
from services.edge.uploads import Uploader


class Uploading:
    def __init__(self, uploader: Uploader) -> None:
        self._uploader = uploader

    async def run(
        self, owner: str, body: AsyncIterator[bytes], content_type: str, length: int | None
    ) -> Asset:
        """The stored file, whatever is in it. Raises `InvalidInputError` for a form without a file,
        `TooLargeError`, `UnavailableError`; nothing is left over then."""
        self._uploader.check_length(length)
        form = parts(body, content_type, max_size=self._uploader.max_form)
        with about(FILE):
            file = await file_of(form)
            async with self._uploader.storing(file, owner=owner) as stored:
                async for _ in form:
                    pass
                return await stored.complete(family=FAMILY)
