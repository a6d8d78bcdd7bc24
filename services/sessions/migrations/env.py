"""Alembic environment of the schema `sessions`."""

from libs.chassis.migrations import run
from services.sessions.models import METADATA

run(METADATA)
