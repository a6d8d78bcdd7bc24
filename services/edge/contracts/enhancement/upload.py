"""`POST /upload`: read the form, store the file, start both processes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import UUID

from libs.chassis.bus import Bus
from libs.contracts.errors import InvalidInputError, UnavailableError
from libs.contracts.jobs import EnhanceSpec, ExtractMetadataSpec
from libs.contracts.media import PUBLIC_OWNER
from libs.contracts.rpc import SUBMIT_JOBS, Submission, SubmitJobs
from services.edge.contracts.enhancement.files import ENHANCE, EXTRACT, job_key
from services.edge.contracts.enhancement.schemas import FAMILY
from services.edge.forms import Part, parts
from services.edge.uploads import StoredUpload, Uploader

_SUBMIT_TRIES = 3
_MAX_CLIENT_ID = 200
_VIDEO = re.compile(r"video/[\w.+-]{1,100}", re.ASCII | re.IGNORECASE)


class UploadFlow:
    def __init__(self, bus: Bus, uploader: Uploader) -> None:
        self._bus = bus
        self._uploader = uploader

    async def run(
        self, body: AsyncIterator[bytes], content_type: str, length: int | None, client_id: str | None
    ) -> UUID:
        """The id of the stored file, whose processes are under way. Raises `InvalidInputError` for a form
        without a video, `TooLargeError`, `UnavailableError`; nothing is left over then."""
        self._uploader.check_length(length)
        form = parts(body, content_type, max_size=self._uploader.max_form)
        async for part in form:
            if part.name == "client_id" and part.filename is None:
                client_id = await part.text()
            elif part.name == "file":
                return await self._store(part, form, client_id)
        raise InvalidInputError("The form has no part named file.")

    async def _store(self, part: Part, rest: AsyncIterator[Part], client_id: str | None) -> UUID:
        if not _VIDEO.fullmatch(part.content_type):
            raise InvalidInputError("File must be a video")
        _check_client_id(client_id)
        async with self._uploader.storing(part, owner=PUBLIC_OWNER) as stored:
            async for field in rest:
                if field.name == "client_id" and field.filename is None:
                    client_id = await field.text()
            _check_client_id(client_id)
            await self._start(stored, client_id or None)
            return stored.asset_id

    async def _start(self, stored: StoredUpload, channel: str | None) -> None:
        asset = await stored.complete(family=FAMILY, channel=channel)
        request = SubmitJobs(
            owner=PUBLIC_OWNER,
            family=FAMILY,
            channel=channel,
            submissions=[
                Submission(key=job_key(ENHANCE, asset.asset_id), spec=EnhanceSpec(asset_id=asset.asset_id)),
                Submission(
                    key=job_key(EXTRACT, asset.asset_id), spec=ExtractMetadataSpec(asset_id=asset.asset_id)
                ),
            ],
        )
        for left in reversed(range(_SUBMIT_TRIES)):
            try:  # submitting a known key again is harmless
                await self._bus.call(SUBMIT_JOBS, request)
            except UnavailableError:
                if not left:
                    raise
            else:
                return


def _check_client_id(client_id: str | None) -> None:
    if client_id is None:
        return
    if len(client_id) > _MAX_CLIENT_ID:
        raise InvalidInputError(f"The client_id is longer than {_MAX_CLIENT_ID} characters.")
    if not client_id.isprintable():
        raise InvalidInputError("The client_id holds characters that cannot be printed.")
