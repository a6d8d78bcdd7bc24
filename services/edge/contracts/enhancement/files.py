"""Result files of the enhancement contract: from public names to content."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath
from uuid import UUID

import msgspec

from libs.chassis.bus import Bus
from libs.chassis.storage import Storage
from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import Job, JobState
from libs.contracts.media import PUBLIC_OWNER, Asset, Metadata
from libs.contracts.rpc import GET_ASSET, GetAsset
from libs.contracts.tasks import MetadataResult, RenderResult
from services.edge.contracts.enhancement.schemas import metadata_document
from services.edge.downloads import Content, content_of
from services.edge.job_loader import JobLoader
from services.edge.stored import stored_content

ENHANCE, EXTRACT = "enhance", "extract_metadata"
_MAX_METADATA = 16 << 20
_ENHANCED = re.compile(r"(?:enhanced_)?([0-9A-Fa-f-]{36})(?:\.([A-Za-z0-9]{1,10}))?", re.ASCII)
_METADATA = re.compile(r"([0-9A-Fa-f-]{36})(?:_metadata)?\.json", re.ASCII)


def job_key(process: str, file_id: UUID) -> str:
    """Under which key the job of a file's process was submitted."""
    return f"{process}/{file_id}"


def file_id_of(text: str) -> UUID:
    """Raises `NotFoundError` for what is no file id: nothing is stored under it."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("File not found") from None


class ResultFiles:
    def __init__(self, bus: Bus, storage: Storage, jobs: JobLoader) -> None:
        self._bus = bus
        self._storage = storage
        self._jobs = jobs

    async def enhanced(self, name: str) -> Content:
        """The file of `result`."""
        found = await self.result(name)
        return await stored_content(self._storage, found.artifact)

    async def result(self, name: str) -> RenderResult:
        """`enhanced_{file_id}.{ext}` or `{file_id}`. The extension is the result's own or that of the
        uploaded file. Raises `NotFoundError`."""
        found = _ENHANCED.fullmatch(name)
        if found is None:
            raise NotFoundError("File not found")
        file_id = file_id_of(found[1])
        job = await self._finished(ENHANCE, file_id)
        assert isinstance(job.result, RenderResult)
        extension = (found[2] or "").lower()
        if extension and extension != PurePosixPath(job.result.artifact.key).suffix[1:]:
            asset = await self._asset(file_id)
            if extension != PurePosixPath(asset.name).suffix[1:].lower():
                raise NotFoundError("File not found")
        return job.result

    async def metadata(self, name: str) -> Content:
        """`{file_id}_metadata.json` or `{file_id}.json`."""
        found = _METADATA.fullmatch(name)
        if found is None:
            raise NotFoundError("File not found")
        file_id = file_id_of(found[1])
        job = await self._finished(EXTRACT, file_id)
        assert isinstance(job.result, MetadataResult)
        asset = await self._asset(file_id)
        stored = await self._storage.get_bytes(job.result.artifact.key, max_size=_MAX_METADATA)
        document = metadata_document(file_id, asset.name, msgspec.json.decode(stored, type=Metadata))
        data = msgspec.json.format(msgspec.json.encode(document), indent=2)
        return content_of(data, hashlib.sha256(data).hexdigest()[:32], "application/json")

    async def _finished(self, process: str, file_id: UUID) -> Job:
        job = await self._jobs.get(PUBLIC_OWNER, job_key(process, file_id))
        if job.state is not JobState.COMPLETED:
            raise NotFoundError(f"There is no result yet: the process is {job.state.value}.")
        return job

    async def _asset(self, file_id: UUID) -> Asset:
        asset: Asset = await self._bus.call(GET_ASSET, GetAsset(asset_id=file_id, owner=PUBLIC_OWNER))
        return asset
