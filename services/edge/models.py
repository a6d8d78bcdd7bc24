"""Tables of the schema `edge`."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, DateTime, String, Table
from sqlalchemy.dialects.postgresql import ARRAY

from libs.chassis.database import schema_metadata

METADATA = schema_metadata("edge")

RATE_LIMITS = Table(
    "rate_limits",
    METADATA,
    Column("key", String, primary_key=True),
    Column("taken", ARRAY(DateTime(timezone=True)), nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("stale_at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)
"""When requests were `taken`, oldest first, by key; whether the last one asked for was `granted`; and when
the row means nothing any more. Unlogged: after a crash of the database everybody begins anew."""
