"""`reelbus keys` over a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from reelbus.cli import app

Run = Callable[..., Result]


@pytest.fixture
def keys(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command, told by a secret file where the database is; no stack runs in its working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REELBUS_DATA", raising=False)
    monkeypatch.delenv("REELBUS_DATABASE_URL", raising=False)
    (tmp_path / "reelbus_database_url").write_text(database_url)
    monkeypatch.setenv("REELBUS_SECRETS_DIR", str(tmp_path))
    return lambda *arguments: CliRunner().invoke(app, ["keys", *arguments])


@pytest.mark.parametrize(
    ("options", "scopes", "name"),
    [
        ((), "read, write", []),
        (("--scopes", "read"), "read", []),
        (("--scopes", "write, read", "--name", "ci"), "read, write", [["Name", "ci"]]),
    ],
)
def test_the_last_line_of_create_is_the_key_alone(
    keys: Run, options: tuple[str, ...], scopes: str, name: list[list[str]]
) -> None:
    result = keys("create", "--user", "ann", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    secret = lines[-1]
    assert secret.startswith("rb_")
    assert result.stdout.count(secret) == 1
    facts = [line.split(maxsplit=1) for line in lines if line.split()[:1] and line.split()[0].istitle()]
    assert [["User", "ann"], ["Scopes", scopes], *name] == facts[1 : 3 + len(name)]
    (listed,) = json.loads(keys("list", "--json").stdout)
    assert secret.startswith(listed["prefix"])
    assert secret not in keys("list").stdout


@pytest.mark.parametrize("scopes", ["", "admin", "read,", "read;write", "read,admin"])
def test_scopes_that_do_not_exist(keys: Run, scopes: str) -> None:
    result = keys("create", "--user", "ann", "--scopes", scopes)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--scopes" in result.stderr


def test_create_needs_a_user_who_can_be(keys: Run) -> None:
    assert keys("create").exit_code == 2
    for user in ("", " ann", "a\x00", "x" * 201):
        result = keys("create", "--user", user)
        assert (result.exit_code, result.stderr.startswith("Error: A user id has")) == (1, True)
    assert keys("create", "--user", "ann", "--name", "x" * 101).exit_code == 1
    assert keys("list").stdout == "There are no keys.\n"


def test_list_and_revoke(keys: Run) -> None:
    for user in ("ann", "bob"):
        assert keys("create", "--user", user, "--name", "ci").exit_code == 0
    _, bobs, anns = keys("list").stdout.splitlines()
    assert [bobs.split()[2:4], anns.split()[2:4]] == [["bob", "read,write"], ["ann", "read,write"]]
    assert anns.split()[-3:] == ["never", "valid", "ci"]
    key_id, prefix = anns.split()[:2]
    revoked = keys("revoke", key_id)
    assert (revoked.exit_code, revoked.stdout) == (0, f"{key_id} revoked ({prefix} of ann)\n")
    _, alone = keys("list", "--user", "ann").stdout.splitlines()
    assert "revoked" in alone
    assert keys("list", "--user", "eve").stdout == "There are no keys of eve.\n"


def test_what_is_not_there(keys: Run) -> None:
    result = keys("revoke", str(uuid4()))
    assert (result.exit_code, result.stderr) == (1, "Error: There is no such key.\n")
    assert keys("revoke", "nonsense").exit_code == 2


def test_a_database_that_is_not_there(keys: Run) -> None:
    away = "postgresql+asyncpg://app@127.0.0.1:1/app"
    result = keys("list", "--database-url", away)
    assert (result.exit_code, result.stderr) == (1, "Error: The database does not answer.\n")
