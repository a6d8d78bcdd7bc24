"""Alembic environment of the schema `ingest`."""

from libs.chassis.migrations import run
from services.ingest.models import METADATA

run(METADATA)
