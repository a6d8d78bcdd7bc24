"""Parameters of the lists' queries, which are judged by `paging`."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter

from services.edge.contracts.videocraft.paging import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET, STATUSES

Status = Annotated[
    str | None,
    QueryParameter(
        description="Only those of this status.",
        schema_extra={"type": "string", "one_of": None, "enum": STATUSES},
    ),
]
PageLimit = Annotated[
    str | None,
    QueryParameter(
        description=f"How many a page holds, 1 to {MAX_LIMIT}; default {DEFAULT_LIMIT}.",
        schema_extra={"type": "integer", "one_of": None, "minimum": 1, "maximum": MAX_LIMIT},
    ),
]
PageOffset = Annotated[
    str | None,
    QueryParameter(
        description="How many of the newest are left out.",
        schema_extra={"type": "integer", "one_of": None, "minimum": 0, "maximum": MAX_OFFSET},
    ),
]
Time = Annotated[
    str | None,
    QueryParameter(
        description="ISO 8601; UTC where no zone is named.",
        schema_extra={"type": "string", "one_of": None, "format": "date-time"},
    ),
]
