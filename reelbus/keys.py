"""`reelbus keys`: API keys for product back ends, in the database itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
import typer
from pydantic import SecretStr

from libs.chassis.database import Database
from libs.chassis.settings import DatabaseSettings
from libs.contracts.access import SCOPES
from libs.contracts.errors import ReelbusError
from reelbus.operator import (
    DEFAULT_DATA,
    Data,
    DatabaseUrl,
    DefaultData,
    Json,
    age,
    database_address,
    table,
)
from reelbus.stack.errors import StackError
from services.edge.auth.administration import Administration
from services.edge.auth.api_keys import ApiKey
from services.edge.auth.repository import KeyRepository

T = TypeVar("T")

app = typer.Typer(help="API keys: create, list and revoke them.", no_args_is_help=True, add_completion=False)


@app.command()
def create(  # noqa: PLR0917 (typer calls it by keyword)
    user: Annotated[str, typer.Option(help="The user whom the key speaks for, as `sub` of a JWT would.")],
    scopes: Annotated[str, typer.Option(help="What it may do, with commas between.")] = ",".join(SCOPES),
    name: Annotated[str, typer.Option(help="What it is for, to be told apart from others.")] = "",
    data: Data = None,
    database_url: DatabaseUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """Create a key. The last line is the key alone; it is never shown again."""
    wanted = _scopes(scopes)
    url = database_address(data, database_url, default_data)
    created = _run(url, lambda keys: keys.create(user, wanted, name))
    key = created.key
    facts = {"Id": key.key_id, "User": key.user_id, "Scopes": ", ".join(key.scopes), "Name": key.name}
    for fact, value in facts.items():
        if value:
            typer.echo(f"{fact:<7} {value}")
    typer.echo(f"\nThe key, shown this once:\n{created.secret}")


@app.command("list")
def list_keys(
    user: Annotated[str | None, typer.Option(help="Only keys of this user.")] = None,
    as_json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """List keys, revoked ones too, newest first, at most 500. The secret part of a key is not kept."""
    url = database_address(data, database_url, default_data)
    found = _run(url, lambda keys: keys.list(user))
    if as_json:
        plain = [msgspec.to_builtins(key) for key in found]
        typer.echo(json.dumps(plain, indent=1, ensure_ascii=False))
    elif not found:
        typer.echo("There are no keys." if user is None else f"There are no keys of {user}.")
    else:
        typer.echo(_table(found))


@app.command()
def revoke(
    key_id: Annotated[UUID, typer.Argument(help="From `reelbus keys list`.")],
    data: Data = None,
    database_url: DatabaseUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """Revoke a key, for all requests from now on. Exits with 1 when there is no such key."""
    url = database_address(data, database_url, default_data)
    key = _run(url, lambda keys: keys.revoke(key_id))
    typer.echo(f"{key.key_id} revoked ({key.prefix}… of {key.user_id})")


def _run(url: str, work: Callable[[Administration], Coroutine[Any, Any, T]]) -> T:
    """What `work` returns. Raises `StackError` in plain words."""

    async def connected() -> T:
        database = Database(DatabaseSettings(database_url=SecretStr(url)))
        try:
            return await work(Administration(KeyRepository(database)))
        finally:
            await database.close()

    try:
        return asyncio.run(connected())
    except (ReelbusError, OSError) as error:
        raise StackError(str(error)) from error


def _scopes(text: str) -> list[str]:
    found = [each.strip() for each in text.split(",")]
    if not set(found) <= set(SCOPES):
        raise typer.BadParameter(f"must be {' or '.join(SCOPES)}, or both", param_hint="--scopes")
    return found


def _table(keys: list[ApiKey]) -> str:
    rows = [
        (
            str(key.key_id),
            f"{key.prefix}…",
            key.user_id,
            ",".join(key.scopes),
            age(key.created_at),
            age(key.last_used_at) if key.last_used_at else "never",
            f"revoked {age(key.revoked_at)} ago" if key.revoked_at else "valid",
            key.name,
        )
        for key in keys
    ]
    return table(("Id", "Key", "User", "Scopes", "Age", "Used", "State", "Name"), rows)
