"""When a video was taken, by its own account: pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

TAGS = ("com.apple.quicktime.creationdate", "creation_time", "date")
"""Apple's comes first: it knows the zone."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Clocks that were never set begin in 1904 (MOV) or 1970."""
_SLACK = timedelta(days=1)


def capture_time(raw: Mapping[str, Any], now: datetime) -> datetime | None:
    """The time that ffprobe's `format` and `streams` in `raw` tell, in its own zone or else UTC; `None` for
    none, for nonsense and for the future."""
    places = [raw.get("format", {}), *raw.get("streams", [])]
    for name in TAGS:
        for place in places:
            found = _parsed(str(_tag(place, name)))
            if found is not None and EARLIEST <= found <= now + _SLACK:
                return found
    return None


def _tag(place: Mapping[str, Any], name: str) -> object:
    return next((value for key, value in place.get("tags", {}).items() if key.lower() == name), "")


def _parsed(text: str) -> datetime | None:
    if "T" not in text and ":" not in text:  # no time of day
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
