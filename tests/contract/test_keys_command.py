"""`reelbus keys` over a real NATS server, with an edge that answers as the contract says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.contracts.access import CREATE_KEY, LIST_KEYS, REVOKE_KEY, ApiKey, ApiKeys, CreatedKey
from libs.contracts.rpc import Ok, RpcError
from tests.contract.conftest import Run
from tests.contract.test_jobs_command import serving

SECRET = "rb_abcdefgh_" + "A" * 43
KEY = ApiKey(
    key_id=UUID("018f0000-0000-7000-8000-000000000001"),
    user_id="ann",
    scopes=["read", "write"],
    name="ci",
    prefix="rb_abcdefgh",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("options", "scopes", "name"),
    [
        ((), ["read", "write"], ""),
        (("--scopes", "read"), ["read"], ""),
        (("--scopes", "read, write", "--name", "ci"), ["read", "write"], "ci"),
    ],
)
def test_the_last_line_of_create_is_the_key_alone(
    reelbus: Run, nats_url: str, options: tuple[str, ...], scopes: list[str], name: str
) -> None:
    asked = []

    def answer(request: Any) -> Any:
        asked.append(request)
        return Ok(value=CreatedKey(key=KEY, secret=SECRET))

    with serving(nats_url, {CREATE_KEY: answer}):
        result = reelbus("keys", "create", "--user", "ann", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[-1] == SECRET
    assert result.stdout.count(SECRET) == 1
    facts = [line.split(maxsplit=1) for line in lines[:4]]
    assert facts == [["Id", str(KEY.key_id)], ["User", "ann"], ["Scopes", "read, write"], ["Name", "ci"]]
    assert [(each.user_id, each.scopes, each.name) for each in asked] == [("ann", scopes, name)]


@pytest.mark.parametrize("scopes", ["", "admin", "read,", "read;write", "read,admin"])
def test_scopes_that_do_not_exist(reelbus: Run, scopes: str) -> None:
    result = reelbus("keys", "create", "--user", "ann", "--scopes", scopes)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--scopes" in result.stderr


def test_create_needs_a_user(reelbus: Run) -> None:
    assert reelbus("keys", "create").exit_code == 2


def test_list(reelbus: Run, nats_url: str) -> None:
    revoked = msgspec.structs.replace(KEY, revoked_at=datetime(2026, 1, 2, tzinfo=UTC), name="")
    asked = []

    def answer(request: Any) -> Any:
        asked.append(request.user_id)
        return Ok(value=ApiKeys(keys=[KEY, revoked]))

    with serving(nats_url, {LIST_KEYS: answer}):
        _, first, second = reelbus("keys", "list").stdout.splitlines()
        as_json = json.loads(reelbus("keys", "list", "--user", "ann", "--json").stdout)
    assert first.split()[:4] == [str(KEY.key_id), "rb_abcdefgh…", "ann", "read,write"]
    assert (first.split()[-2:], first.count("never")) == (["valid", "ci"], 1)
    assert second.endswith("ago")
    assert "revoked" in second
    assert [msgspec.convert(each, ApiKey) for each in as_json] == [KEY, revoked]
    assert asked == [None, "ann"]


@pytest.mark.parametrize(
    ("options", "words"), [((), "There are no keys.\n"), (("--user", "bob"), "There are no keys of bob.\n")]
)
def test_list_of_nothing_says_so(reelbus: Run, nats_url: str, options: tuple[str, ...], words: str) -> None:
    with serving(nats_url, {LIST_KEYS: lambda _: Ok(value=ApiKeys(keys=[]))}):
        result = reelbus("keys", "list", *options)
    assert (result.exit_code, result.stdout) == (0, words)


def test_revoke(reelbus: Run, nats_url: str) -> None:
    def answer(request: Any) -> Any:
        assert request.key_id == KEY.key_id
        return Ok(value=msgspec.structs.replace(KEY, revoked_at=datetime(2026, 1, 2, tzinfo=UTC)))

    with serving(nats_url, {REVOKE_KEY: answer}):
        result = reelbus("keys", "revoke", str(KEY.key_id))
    assert (result.exit_code, result.stdout) == (0, f"{KEY.key_id} revoked (rb_abcdefgh… of ann)\n")


def test_the_words_of_the_service_are_shown(reelbus: Run, nats_url: str) -> None:
    refusal = RpcError(code="not_found", message="There is no such key.")
    with serving(nats_url, {REVOKE_KEY: lambda _: refusal}):
        result = reelbus("keys", "revoke", str(KEY.key_id))
    assert (result.exit_code, result.stderr) == (1, "Error: There is no such key.\n")


def test_an_edge_that_is_not_there(reelbus: Run) -> None:
    result = reelbus("keys", "create", "--user", "ann")
    assert (result.exit_code, result.stderr) == (1, "Error: The edge service is not running.\n")
    assert reelbus("keys", "revoke", "nonsense").exit_code == 2
