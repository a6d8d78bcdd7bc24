"""Alembic environment of the schema `edge`."""

from libs.chassis.migrations import run
from services.edge.models import METADATA

run(METADATA)
