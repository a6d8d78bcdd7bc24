"""From the query of `GET /jobs` to a page. Pure."""

from __future__ import annotations

import re

from libs.contracts.jobs import JobState
from libs.contracts.rpc import ListJobs
from services.edge.contracts.jobs.errors import invalid
from services.edge.contracts.jobs.schemas import FAMILY

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
MAX_OFFSET = 10**18 - 1
STATUSES = [state.value.upper() for state in JobState]

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


def page_of(owner: str, status: str | None, limit: str | None, offset: str | None) -> ListJobs:
    """Raises `InvalidInputError`."""
    if status is not None and status not in STATUSES:
        raise invalid("status", f"Value must be one of {', '.join(STATUSES)}")
    size = _number(limit, DEFAULT_LIMIT)
    if size is None or not 1 <= size <= MAX_LIMIT:
        raise invalid("limit", f"Value must be between 1 and {MAX_LIMIT}")
    first = _number(offset, 0)
    if first is None:
        raise invalid("offset", f"Value must be between 0 and {MAX_OFFSET}")
    states = [JobState(status.lower())] if status else None
    return ListJobs(owner=owner, family=FAMILY, states=states, limit=size, offset=first)


def _number(text: str | None, default: int) -> int | None:
    if text is None:
        return default
    return int(text) if _NUMBER.fullmatch(text) else None
