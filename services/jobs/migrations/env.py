"""Alembic environment of the schema `jobs`."""

from libs.chassis.migrations import run
from services.jobs.models import METADATA

run(METADATA)
