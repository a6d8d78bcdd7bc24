"""From the queries of lists to pages. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from libs.contracts.jobs import JobState
from libs.contracts.movies import ListMakings, Makings
from services.edge.contracts.videocraft.errors import invalid
from services.edge.contracts.videocraft.schemas import FAMILY, Pagination

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
MAX_OFFSET = 10**18 - 1
STATUSES = [state.value for state in JobState]

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_LOST_PLUS = re.compile(r"(T.*) (\d\d:?\d\d)", re.ASCII)
"""A `+` that was not escaped is a space by the time it is here."""


def page_of(
    owner: str,
    *,
    status: str | None,
    limit: str | None,
    offset: str | None,
    after: str | None = None,
    before: str | None = None,
    kept: bool = False,
) -> ListMakings:
    """Raises `InvalidInputError` with all problems, by the names of the query."""
    problems: dict[str, str] = {}
    if status is not None and status not in STATUSES:
        problems["status"] = f"Value must be one of {', '.join(STATUSES)}"
    size = _number(limit, DEFAULT_LIMIT)
    if size is None or not 1 <= size <= MAX_LIMIT:
        problems["limit"] = f"Value must be between 1 and {MAX_LIMIT}"
    first = _number(offset, 0)
    if first is None:
        problems["offset"] = f"Value must be between 0 and {MAX_OFFSET}"
    times: dict[str, datetime | None] = {}
    for name, text in (("created_after", after), ("created_before", before)):
        try:
            times[name] = None if text is None else _time(text)
        except (ValueError, OverflowError):
            problems[name] = "Value must be an ISO 8601 timestamp such as 2026-01-31T12:00:00Z"
    if problems or size is None or first is None:
        raise invalid(problems)
    return ListMakings(
        owner=owner,
        family=FAMILY,
        states=[JobState(status)] if status else None,
        limit=size,
        offset=first,
        after=times["created_after"],
        before=times["created_before"],
        kept=kept,
    )


def pagination_of(asked: ListMakings, found: Makings) -> Pagination:
    shown = asked.offset + len(found.makings)
    return Pagination(limit=asked.limit, offset=asked.offset, total=found.total, has_more=shown < found.total)


def _number(text: str | None, default: int) -> int | None:
    if text is None:
        return default
    return int(text) if _NUMBER.fullmatch(text) else None


def _time(text: str) -> datetime:
    """In UTC, which is also meant where no zone is named."""
    found = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text.strip()))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
