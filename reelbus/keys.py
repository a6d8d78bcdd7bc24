"""`reelbus keys`: API keys for product back ends."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from libs.contracts.access import (
    CREATE_KEY,
    LIST_KEYS,
    REVOKE_KEY,
    SCOPES,
    ApiKey,
    ApiKeys,
    CreatedKey,
    CreateKey,
    ListKeys,
    RevokeKey,
)
from reelbus.operator import DEFAULT_DATA, Data, DefaultData, Json, NatsUrl, address, age, call, run, table

app = typer.Typer(help="API keys: create, list and revoke them.", no_args_is_help=True, add_completion=False)


@app.command()
def create(  # noqa: PLR0917 (typer calls it by keyword)
    user: Annotated[str, typer.Option(help="The user whom the key speaks for, as `sub` of a JWT would.")],
    scopes: Annotated[str, typer.Option(help="What it may do, with commas between.")] = ",".join(SCOPES),
    name: Annotated[str, typer.Option(help="What it is for, to be told apart from others.")] = "",
    data: Data = None,
    nats_url: NatsUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """Create a key. The last line is the key alone; it is never shown again."""
    request = CreateKey(user_id=user, scopes=_scopes(scopes), name=name)
    url = address(data, nats_url, default_data)
    created: CreatedKey = run(url, lambda client: call(client, CREATE_KEY, request))
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
    nats_url: NatsUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """List keys, revoked ones too, newest first, at most 500. The secret part of a key is not kept."""
    request = ListKeys(user_id=user)
    url = address(data, nats_url, default_data)
    found: ApiKeys = run(url, lambda client: call(client, LIST_KEYS, request))
    if as_json:
        plain = [msgspec.to_builtins(key) for key in found.keys]
        typer.echo(json.dumps(plain, indent=1, ensure_ascii=False))
    elif not found.keys:
        typer.echo("There are no keys." if user is None else f"There are no keys of {user}.")
    else:
        typer.echo(_table(found.keys))


@app.command()
def revoke(
    key_id: Annotated[UUID, typer.Argument(help="From `reelbus keys list`.")],
    data: Data = None,
    nats_url: NatsUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """Revoke a key, for all requests from now on. Exits with 1 when there is no such key."""
    request = RevokeKey(key_id=key_id)
    url = address(data, nats_url, default_data)
    key: ApiKey = run(url, lambda client: call(client, REVOKE_KEY, request))
    typer.echo(f"{key.key_id} revoked ({key.prefix}… of {key.user_id})")


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
