"""Migrations: once, twice, at once, and equal to the models."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from libs.chassis.migrations import config_of, owners, upgrade, upgrade_all
from tests.chassis.databases import create, execute
from tests.chassis.servers import Postgres

_COLUMNS = """
SELECT table_name || '.' || column_name AS name, table_name AS table, udt_name AS kind,
       is_nullable = 'YES' AS optional, coalesce(column_default, identity_generation) AS standard
FROM information_schema.columns WHERE table_schema = $1 AND table_name <> 'alembic_version'
"""
_RULES = """
SELECT relname || '.' || indexrelid::regclass AS name, relname AS table FROM pg_index
JOIN pg_class ON pg_class.oid = indrelid WHERE indisunique AND relnamespace = $1::regnamespace
UNION ALL
SELECT relname || '.' || conname, relname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
WHERE contype IN ('c', 'f', 'x') AND relnamespace = $1::regnamespace
"""
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


@pytest.mark.parametrize("service", owners())
def test_each_step_leaves_the_code_before_it_at_work(postgres: Postgres, service: str) -> None:
    """Expand only: what was there stays as it was, and rows may be written as if nothing had come."""
    url = create(postgres)
    before: dict[str, dict[str, Any]] = {}
    rules_before: set[str] = set()
    for revision in _revisions(service):
        upgrade(service, url, revision)
        after = {row["name"]: dict(row) for row in asyncio.run(execute(url, _COLUMNS, service))}
        for name, column in before.items():
            kept = after[name]
            assert kept["kind"] == column["kind"], f"{revision}: {name}"
            assert kept["optional"] or not column["optional"], f"{revision}: {name} is required now"
            assert kept["standard"] == column["standard"], f"{revision}: {name}"
        tables = {column["table"] for column in before.values()}
        for name in after.keys() - before.keys():
            if after[name]["table"] in tables:
                column = after[name]
                assert column["optional"] or column["standard"], f"{revision}: {name} has to be written"
        rules = {row["name"]: row["table"] for row in asyncio.run(execute(url, _RULES, service))}
        stricter = {name for name, table in rules.items() if table in tables} - rules_before
        assert not stricter, f"{revision}: {stricter}"
        before, rules_before = after, set(rules)


def _revisions(service: str) -> list[str]:
    """From the first to the last."""
    scripts = ScriptDirectory.from_config(config_of(service, "")).walk_revisions()
    return [script.revision for script in scripts][::-1]


def test_a_version_that_is_rolled_back_to_finds_a_newer_schema_and_leaves_it(database_url: str) -> None:
    newer = "UPDATE jobs.alembic_version SET version_num = '9999'"
    asyncio.run(execute(database_url, newer))
    upgrade_all(database_url)
    versions = asyncio.run(execute(database_url, "SELECT version_num FROM jobs.alembic_version"))
    assert [row["version_num"] for row in versions] == ["9999"]


def test_a_plain_role_that_owns_its_database_is_enough(postgres: Postgres) -> None:
    """Made by the statements of Compose, without the password, which this server does not ask for."""
    lines = (Path(__file__).parents[2] / "deploy/compose/role.sql").read_text().splitlines()
    statements = [line for line in lines if line.startswith("CREATE")]
    assert len(statements) == 2
    for statement in statements:
        plain = statement.replace(" PASSWORD :'password'", "").replace("reelbus", "plain")
        asyncio.run(execute(postgres.url("postgres"), plain))
    url = postgres.url("plain").replace("//app@", "//plain@")
    (role,) = asyncio.run(
        execute(url, "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = 'plain'")
    )
    assert not any(role.values())
    upgrade_all(url)
    assert asyncio.run(execute(url, "SELECT count(*) FROM jobs.jobs"))[0]["count"] == 0
