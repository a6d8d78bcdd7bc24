"""Alembic for every service that owns tables: found by its `migrations/` folder, run under one lock."""

from __future__ import annotations

import asyncio
import logging
from importlib.resources import files
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import MetaData, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

log = logging.getLogger(__name__)

_LOCK = 0x7265656C
"""Advisory lock under which migrations run, so that replicas may start them at once."""


def owners() -> list[str]:
    """Names of the services that own tables."""
    root = Path(str(files("services")))
    return sorted(folder.parent.name for folder in root.glob("*/migrations"))


def upgrade_all(database_url: str) -> None:
    """Bring the schemas of all services up to date (blocking). What a newer version has brought further stays
    as it is: a version that is rolled back to can work with it."""
    for service in owners():
        upgrade(service, database_url)


def upgrade(service: str, database_url: str, revision: str = "head") -> None:
    """Bring the schema of one service to a revision (blocking)."""
    command.upgrade(config_of(service, database_url), revision)


def config_of(service: str, database_url: str) -> Config:
    """What Alembic needs to know of a service's migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(files("services"))) / service / "migrations"))
    config.attributes["database_url"] = database_url
    config.attributes["service"] = service
    return config


def run(metadata: MetaData) -> None:
    """What each service's `migrations/env.py` calls. Runs in a transaction of its own."""

    async def migrate() -> None:
        engine = create_async_engine(context.config.attributes["database_url"])
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, metadata)
        await engine.dispose()

    asyncio.run(migrate())


def _upgrade(connection: Connection, metadata: MetaData) -> None:
    schema = metadata.schema or "public"
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=schema,
        include_schemas=True,
        include_name=lambda name, kind, _: kind != "schema" or name == schema,
    )
    if newer := [each for each in context.get_context().get_current_heads() if not _known(each)]:
        log.warning("the schema is newer than this version and stays so", extra={"revisions": newer})
        return
    with context.begin_transaction():
        context.run_migrations()


def _known(revision: str) -> bool:
    try:
        context.script.get_revision(revision)
    except CommandError:
        return False
    return True
