"""Rows of videos and edits, and the values that they stand for."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Row, Text, and_, case, func, null, or_
from sqlalchemy import cast as sql_cast
from sqlalchemy import select as sa_select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.editor import EditStatus, Made, Video
from libs.contracts.errors import InvalidInputError, NotFoundError
from libs.contracts.graph import Node
from libs.contracts.jobs import JobError
from libs.contracts.media import MediaInfo, ObjectRef
from libs.contracts.rpc import EncodingTrial
from libs.media import edit as algebra
from libs.media.edit import Clip
from services.jobs.editor.clips import MAX_TASK, TOO_MANY_PARTS, Input
from services.jobs.models import EditRow, VideoRow

MAX_ID = 2**31 - 1
_MAX_LINEAGE = 20_000
"""Characters of a ready video's node: a longer one is no longer worth computing from originals."""


class VideoState(Enum):
    RESERVED = "reserved"
    READY = "ready"
    FAILED = "failed"


class EditState(Enum):
    PENDING = "pending"
    EXECUTING = "executing"
    COMPLETED = "completed"
    FAILED = "failed"


def missing(video_id: int) -> NotFoundError:
    return NotFoundError(f"There is no video {video_id}.", video_id=video_id)


def columns(table: type[VideoRow] | type[EditRow], *names: str) -> list[ColumnElement[Any]]:
    return [getattr(table, name) for name in names]


def video_of(row: Row[Any], *, content: bool = True) -> Video:
    """A ready video as others see it, with or without what is left out of lists."""
    return Video(
        video_id=row.video_id,
        path=row.path,
        created_at=row.created_at,
        operation=row.operation,
        request=row.request,
        object=msgspec.convert(row.object, ObjectRef) if content else None,
        info=msgspec.convert(row.info, MediaInfo) if content else None,
    )


def clip_of(row: Row[Any]) -> Clip:
    """A video as it is made from originals, or as it is stored when that is its beginning."""
    info = msgspec.convert(row.info, MediaInfo)
    if row.node is None:
        return algebra.stored(msgspec.convert(row.object, ObjectRef), info, row.path)
    node = cast("Node", msgspec.convert(row.node, Node))
    encoding = msgspec.convert(row.encoding, EncodingTrial) if row.encoding else None
    return Clip(node=node, info=info, extension=row.extension, encoding=encoding)


def _input_of(row: Row[Any]) -> Input:
    clip = artifact = clip_of(row)
    if row.object is not None and row.node is not None:
        artifact = algebra.stored(msgspec.convert(row.object, ObjectRef), clip.info, row.path)
    return Input(row.video_id, row.stem, clip, None if row.object is None else artifact, row.size or 0)


def _available(owner: str, code: str, video_ids: Collection[int]) -> Any:
    """Condition: ready videos of `owner`, and results of edits that wait in the queue `code`."""
    return and_(
        col(VideoRow.video_id).in_(sorted(each for each in set(video_ids) if 1 <= each <= MAX_ID)),
        col(VideoRow.owner) == owner,
        or_(
            col(VideoRow.state) == VideoState.READY.value,
            and_(col(EditRow.state) == EditState.PENDING.value, col(EditRow.request_code) == code),
        ),
    )


async def inputs_by_id(
    session: AsyncSession, owner: str, code: str, video_ids: Collection[int]
) -> dict[int, Input]:
    """Those of `video_ids` that an edit in the queue `code` may be made of. Raises `NotFoundError` for the
    first that is not."""
    length = func.length(sql_cast(col(VideoRow.node), Text))
    await _check_size(session, owner, code, video_ids)
    short = or_(col(VideoRow.state) != VideoState.READY.value, length <= _MAX_LINEAGE)
    query = (
        sa_select(
            *columns(VideoRow, "video_id", "stem", "path", "object", "info", "extension", "encoding"),
            case((short, col(VideoRow.node)), else_=null()).label("node"),
            case((short, length), else_=null()).label("size"),
        )
        .outerjoin(EditRow, col(EditRow.video_id) == col(VideoRow.video_id))
        .where(_available(owner, code, video_ids))
    )
    found = {row.video_id: _input_of(row) for row in await session.execute(query)}
    for video_id in video_ids:
        if video_id not in found:
            raise missing(video_id)
    return found


async def _check_size(session: AsyncSession, owner: str, code: str, video_ids: Collection[int]) -> None:
    """Raises `InvalidInputError` when results that wait are too large together to be made into one more: told
    by their sizes alone, before they are read."""
    query = (
        sa_select(col(EditRow.video_id), col(EditRow.size))
        .join(VideoRow, col(VideoRow.video_id) == col(EditRow.video_id))
        .where(_available(owner, code, video_ids), col(EditRow.state) == EditState.PENDING.value)
    )
    sizes = {row.video_id: row.size for row in await session.execute(query)}
    if sum(sizes.get(video_id, 0) for video_id in video_ids) > 2 * MAX_TASK:
        raise InvalidInputError(TOO_MANY_PARTS)


async def check_available(session: AsyncSession, owner: str, code: str, video_ids: Collection[int]) -> None:
    """Raises `NotFoundError` unless all of them still are what an edit in the queue may be made of."""
    query = (
        sa_select(col(VideoRow.video_id))
        .outerjoin(EditRow, col(EditRow.video_id) == col(VideoRow.video_id))
        .where(_available(owner, code, video_ids))
    )
    found = set(await session.scalars(query))
    for video_id in video_ids:
        if video_id not in found:
            raise missing(video_id)


async def statuses(session: AsyncSession, job_id: UUID) -> list[EditStatus]:
    """The edits of an executed queue, in order of ids."""
    query = (
        sa_select(
            *columns(EditRow, "edit_id", "video_id", "state", "error"),
            *columns(VideoRow, "operation", "path", "made"),
        )
        .join(VideoRow, col(VideoRow.video_id) == col(EditRow.video_id))
        .where(col(EditRow.job_id) == job_id)
        .order_by(col(EditRow.edit_id))
    )
    return [
        EditStatus(
            edit_id=row.edit_id,
            video_id=row.video_id,
            operation=row.operation,
            state=row.state,
            error=msgspec.convert(row.error, JobError) if row.error else None,
            path=row.path,
            made=msgspec.convert(row.made, Made) if row.made else None,
        )
        for row in await session.execute(query)
    ]
