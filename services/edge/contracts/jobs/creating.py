"""`POST /jobs`: from what is wanted to a job."""

from __future__ import annotations

from libs.contracts.access import Principal
from libs.contracts.jobs import Job, VideoEditSpec
from services.edge.contracts.jobs.errors import about
from services.edge.contracts.jobs.inputs import NewEdit
from services.edge.sources import Sources
from services.edge.submitting import Submitting

FIELD = "input_path"


class Creating:
    def __init__(self, submitting: Submitting, sources: Sources) -> None:
        self._submitting = submitting
        self._sources = sources

    async def create(self, principal: Principal, new: NewEdit, base: str, idempotency_key: str | None) -> Job:
        """`base` as in `Sources.find`. Raises as `Submitting.run`, and `InvalidInputError` for an
        `input_path` that names no video."""

        async def spec() -> VideoEditSpec:
            with about(FIELD):
                found = await self._sources.find(new.input_path, principal.owner, base)
            return VideoEditSpec(wanted=new.wanted, source=found.stored, url=found.url, given=new.given)

        channel = f"user/{principal.user_id}"
        return await self._submitting.run(principal, idempotency_key, new.given, spec, channel=channel)
