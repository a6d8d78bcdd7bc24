"""`POST /api/v1/generate-video`: from a request to a job."""

from __future__ import annotations

import asyncio
from typing import Any

from libs.chassis.codec import encode
from libs.chassis.fetch import HTTP
from libs.contracts.access import Principal
from libs.contracts.errors import InvalidInputError
from libs.contracts.jobs import ComposeSpec, Job
from services.edge.contracts.videocraft.errors import invalid
from services.edge.contracts.videocraft.inputs import Draft, draft_of, finished, source_path
from services.edge.sources import Sources
from services.edge.submitting import Submitting

_LOOKUPS = 16
_MAX_SPEC = 640_000
"""Bytes of what is submitted: a message has at most 1 MB, and a job is told about with its steps."""


class Creating:
    def __init__(self, submitting: Submitting, sources: Sources) -> None:
        self._submitting = submitting
        self._sources = sources

    async def create(
        self, principal: Principal, given: dict[str, Any], base: str, idempotency_key: str | None
    ) -> Job:
        """`base` as in `Sources.find`. Raises as `Submitting.run`, and `InvalidInputError` with all problems
        of what is `given`."""
        draft = draft_of(given)

        async def spec() -> ComposeSpec:
            return await self._spec(draft, principal.owner, base)

        return await self._submitting.run(principal, idempotency_key, given, spec)

    async def _spec(self, draft: Draft, owner: str, base: str) -> ComposeSpec:
        found, problems = await self._look_up(draft, owner, base)
        problems = draft.problems | problems
        if problems:
            raise invalid(problems)
        spec = ComposeSpec(movie=finished(draft.movie, found), given=draft.given)
        if len(encode(spec)) > _MAX_SPEC:
            raise invalid({"body": "The movie and what its sources are made of take too much room"})
        return spec

    async def _look_up(
        self, draft: Draft, owner: str, base: str
    ) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        """What each element's source is, by its path, and problems; the same thing is looked up once."""
        room = asyncio.Semaphore(_LOOKUPS)

        async def find(kind: str, src: str) -> dict[str, Any] | InvalidInputError:
            async with room:
                try:
                    found = await self._sources.find(src, owner, base, kind=kind, schemes=HTTP)
                except InvalidInputError as error:
                    return error
            return {"source": found.stored, "url": found.url}

        wanted = list(dict.fromkeys(draft.sources.values()))
        answers = await asyncio.gather(*(find(*each) for each in wanted))
        by_source = dict(zip(wanted, answers, strict=True))
        found, problems = {}, {}
        for path, each in draft.sources.items():
            answer = by_source[each]
            if isinstance(answer, InvalidInputError):
                problems[source_path(path)] = answer.message
            else:
                found[path] = answer
        return found, problems
