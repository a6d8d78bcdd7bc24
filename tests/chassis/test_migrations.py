"""Migrations: once, twice, at once, and equal to the models."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from libs.chassis.migrations import owners, upgrade_all
from tests.chassis.databases import create, execute
from tests.chassis.servers import Postgres

UPGRADE = "import sys; from libs.chassis.migrations import upgrade_all; upgrade_all(sys.argv[1])"


def test_every_service_with_tables_is_found() -> None:
    assert {"ingest", "jobs", "sessions"} <= set(owners())


@pytest.mark.parametrize("service", owners())
def test_the_models_are_what_the_migrations_make(database_url: str, service: str) -> None:
    metadata = import_module(f"services.{service}.models").METADATA

    def compare(connection: Connection) -> Any:
        options = {
            "include_schemas": True,
            "version_table_schema": service,
            "include_name": lambda name, kind, _: kind != "schema" or name == service,
            "compare_type": True,
            "compare_server_default": True,
        }
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async def differences() -> Any:
        engine = create_async_engine(database_url)
        async with engine.connect() as connection:
            found = await connection.run_sync(compare)
        await engine.dispose()
        return found

    assert asyncio.run(differences()) == []


def test_running_them_again_changes_nothing(database_url: str) -> None:
    async def tables() -> list[str]:
        rows = await execute(
            database_url, "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables"
        )
        return sorted(row["name"] for row in rows)

    before = asyncio.run(tables())
    upgrade_all(database_url)
    assert asyncio.run(tables()) == before
    assert {"jobs.jobs", "jobs.alembic_version", "ingest.assets"} <= set(before)


def test_two_processes_may_run_them_at_once(postgres: Postgres) -> None:
    url = create(postgres)
    running = [
        subprocess.Popen([sys.executable, "-c", UPGRADE, url], stderr=subprocess.PIPE) for _ in range(2)
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    versions = asyncio.run(execute(url, "SELECT version_num FROM jobs.alembic_version"))
    assert len(versions) == 1
