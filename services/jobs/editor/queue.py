"""Edits that wait to be executed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.base import utcnow
from libs.contracts.editor import Edit, EncodeEdit, QueuedEdit, QueueEdit
from libs.contracts.errors import InvalidInputError
from libs.contracts.rpc import EncodingTrial, TryEncoding
from libs.media.edit import Clip
from services.jobs.editor.checks import check_request, inputs_of
from services.jobs.editor.clips import Made, made_of
from services.jobs.editor.locks import lock_queue
from services.jobs.editor.store import EditState, VideoState, check_available, inputs_by_id
from services.jobs.models import EditRow, VideoRow
from services.jobs.repository import Repository

MAX_PENDING = 200
MAX_ALL = 20_000
"""Edits that wait in all queues of an owner."""
MAX_BYTES = 8_000_000
"""Of all tasks of a queue."""
TryCodecs = Callable[[TryEncoding], Awaitable[EncodingTrial]]


class Queue:
    """`try_encoding` raises `InvalidInputError`, in words for the user, when no such file can be written."""

    def __init__(self, repository: Repository, try_encoding: TryCodecs) -> None:
        self._repository = repository
        self._try_encoding = try_encoding

    async def add(self, request: QueueEdit) -> QueuedEdit:
        """Raises `InvalidInputError` when the contract forbids the edit, `NotFoundError` for an input that is
        neither there nor the result of an edit that waits in the same queue."""
        check_request(request)
        edit, owner, code = request.edit, request.owner, request.request_code
        ids = inputs_of(edit)
        async with self._repository.transaction() as session:
            await _check_room(session, request, 0)  # before anything dear
            inputs = await inputs_by_id(session, owner, code, ids)
        chosen = [inputs[video_id] for video_id in ids]
        made = made_of(edit, chosen, await self._trial(edit, chosen[0].clip))
        async with self._repository.transaction() as session:
            await lock_queue(session, owner, code)
            await _check_room(session, request, made.size)
            if any(each.artifact is None for each in chosen):  # they may have been executed meanwhile
                await check_available(session, owner, code, ids)
            return await _insert(session, request, made, chosen[0].stem)

    async def _trial(self, edit: Edit, clip: Clip) -> EncodingTrial | None:
        if not isinstance(edit, EncodeEdit):
            return None
        return await self._try_encoding(
            TryEncoding(
                video_codec=edit.video_codec,
                audio_codec=edit.audio_codec if clip.info.audio else None,
                width=edit.width,
                height=edit.height,
                frame_rate=edit.frame_rate,
                container=clip.extension,
            )
        )


async def _check_room(session: AsyncSession, request: QueueEdit, more: int) -> None:
    """Raises `InvalidInputError` when the queue has no room for a task of `more` bytes, or all queues of the
    owner together are full."""
    query = sa_select(func.count(), func.coalesce(func.sum(EditRow.size), 0)).where(
        col(EditRow.owner) == request.owner,
        col(EditRow.request_code) == request.request_code,
        col(EditRow.state) == EditState.PENDING.value,
    )
    count, size = (await session.execute(query)).one()
    if count >= MAX_PENDING or size + more > MAX_BYTES:
        raise InvalidInputError(
            f"This queue is full: {count} edits wait in it. Execute it, then go on from its results."
        )
    everything = sa_select(func.count()).where(
        col(EditRow.owner) == request.owner, col(EditRow.state) == EditState.PENDING.value
    )
    if (await session.execute(everything)).scalar_one() >= MAX_ALL:
        raise InvalidInputError("Too many edits wait to be executed in all queues. Please try again later.")


async def _insert(session: AsyncSession, request: QueueEdit, made: Made, stem: str) -> QueuedEdit:
    now, clip = utcnow(), made.clip
    video = VideoRow(
        owner=request.owner,
        state=VideoState.RESERVED.value,
        stem=stem,
        operation=str(type(request.edit).__struct_config__.tag),
        request=request.request,
        info=msgspec.to_builtins(clip.info),
        extension=clip.extension,
        node=msgspec.to_builtins(clip.node),
        encoding=msgspec.to_builtins(clip.encoding),
        created_at=now,
    )
    session.add(video)
    await session.flush()
    assert video.video_id is not None
    edit = EditRow(
        owner=request.owner,
        request_code=request.request_code,
        edit=msgspec.to_builtins(request.edit),
        inputs=inputs_of(request.edit),
        size=made.size,
        video_id=video.video_id,
        state=EditState.PENDING.value,
        created_at=now,
    )
    session.add(edit)
    await session.flush()
    assert edit.edit_id is not None
    return QueuedEdit(edit_id=edit.edit_id, video_id=video.video_id)
