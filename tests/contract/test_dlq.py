"""`reelbus dlq` against a real NATS server."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from libs.chassis.deadletters import bury
from libs.chassis.delivery import REPLAYED, DeadLetter
from libs.contracts.streams import EVENTS, TASKS
from tests.contract.conftest import Do, Run

EVENT, TASK = "task.completed.v1", "tasks.transcode.interactive"


def letter(subject: str, number: int, **changes: Any) -> DeadLetter:
    fields: dict[str, Any] = {
        "subject": subject,
        "stream": "EVENTS",
        "consumer": "jobs-task-completed-v1",
        "sequence": number,
        "attempts": 5,
        "code": "unhandled",
        "reason": "KeyError: 'x'",
        "body": b'{"number":%d}' % number,
        "headers": {"traceparent": f"00-{number}", "Authorization": "secret"},
    }
    return DeadLetter(**{**fields, **changes})


@pytest.fixture
def three(do: Do) -> Do:
    """Letters 1 and 3 of an event, 2 of a task."""

    async def fill(client: Any) -> None:
        for number, subject in enumerate((EVENT, TASK, EVENT), 1):
            await bury(client.jetstream(), letter(subject, number))

    do(fill)
    return do


def numbers(reelbus: Run) -> list[int]:
    return [each["number"] for each in json.loads(reelbus("dlq", "list", "--json").stdout)]


def stored(do: Do, stream: str) -> list[Any]:
    """The messages of a stream, oldest first."""

    async def read(client: Any) -> list[Any]:
        js = client.jetstream()
        state = (await js.stream_info(stream)).state
        return [await js.get_msg(stream, seq) for seq in range(state.first_seq, state.last_seq + 1)]

    found: list[Any] = do(read)
    return found


@pytest.mark.usefixtures("do")
def test_an_empty_list_says_so(reelbus: Run) -> None:
    result = reelbus("dlq", "list")
    assert (result.exit_code, result.stdout) == (0, "There are no dead letters.\n")
    assert json.loads(reelbus("dlq", "list", "--json").stdout) == []
    assert reelbus("dlq", "replay", "--all").stdout == "There are no dead letters.\n"


def test_a_bus_that_no_service_has_seen_yet_has_no_dead_letters(reelbus: Run) -> None:
    assert reelbus("dlq", "list").stdout == "There are no dead letters.\n"
    result = reelbus("dlq", "show", "1")
    assert (result.exit_code, result.stderr) == (1, "Error: There is no dead letter 1.\n")


@pytest.mark.usefixtures("three")
def test_list_is_a_table_with_the_oldest_first(reelbus: Run) -> None:
    head, *rows = reelbus("dlq", "list").stdout.splitlines()
    assert head.split() == ["N", "Age", "Subject", "Code", "Attempts", "Reason"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3"]
    assert rows[1].split()[3:6] == [TASK, "unhandled", "5"]
    assert rows[1].endswith("KeyError: 'x'")
    assert rows[0].split()[2] == "s"  # seconds of age


@pytest.mark.usefixtures("three")
def test_list_can_be_narrowed_by_subject(reelbus: Run) -> None:
    found = json.loads(reelbus("dlq", "list", "--json", "--subject", "tasks.").stdout)
    assert [each["number"] for each in found] == [2]
    assert found[0]["body"] == {"number": 2}


@pytest.mark.usefixtures("three")
def test_show_tells_everything(reelbus: Run) -> None:
    text = reelbus("dlq", "show", "2").stdout
    assert '{\n  "number": 2\n}' in text
    assert "header     traceparent: 00-2" in text
    assert "Authorization" not in text  # headers of the failed message are not all kept
    shown = json.loads(reelbus("dlq", "show", "2", "--json").stdout)
    assert shown["subject"] == TASK
    assert (shown["code"], shown["attempts"], shown["sequence"]) == ("unhandled", 5, 2)


def test_show_copes_with_a_body_that_is_not_json(reelbus: Run, do: Do) -> None:
    do(lambda client: bury(client.jetstream(), letter(EVENT, 1, body=b"\xff{not json")))
    assert "\\xff{not json" in reelbus("dlq", "show", "1").stdout
    assert json.loads(reelbus("dlq", "show", "1", "--json").stdout)["body"] == "\\xff{not json"


def test_replay_sends_a_letter_where_it_came_from_and_forgets_it(reelbus: Run, three: Do) -> None:
    result = reelbus("dlq", "replay", "1", "2")
    assert result.stdout == f"1 sent to {EVENT}\n2 sent to {TASK}\n"
    assert numbers(reelbus) == [3]
    (event,), (task,) = stored(three, EVENTS.name), stored(three, TASKS.name)
    assert (event.subject, event.data) == (EVENT, b'{"number":1}')
    assert event.headers[REPLAYED] == "1"
    assert event.headers["traceparent"] == "00-1"
    assert (task.subject, task.data) == (TASK, b'{"number":2}')


def test_replay_all_of_a_subject(reelbus: Run, three: Do) -> None:
    assert reelbus("dlq", "replay", "--all", "--subject", "task.").exit_code == 0
    assert numbers(reelbus) == [2]
    assert [each.data for each in stored(three, EVENTS.name)] == [b'{"number":1}', b'{"number":3}']


def test_what_cannot_be_sent_again_stays_and_the_rest_goes(reelbus: Run, do: Do) -> None:
    async def fill(client: Any) -> None:
        await bury(client.jetstream(), letter("no.stream.has.this", 1))
        await bury(client.jetstream(), letter(EVENT, 2))

    do(fill)
    result = reelbus("dlq", "replay", "1", "2", "77")
    assert result.exit_code == 1
    assert result.stdout == f"2 sent to {EVENT}\n"
    assert "77: There is no dead letter 77." in result.stderr
    assert numbers(reelbus) == [1]


@pytest.mark.usefixtures("three")
def test_drop_asks_first(reelbus: Run) -> None:
    refused = reelbus("dlq", "drop", "--all", typed="n\n")
    assert "Delete 3 dead letters for good?" in refused.stdout
    assert refused.exit_code == 1
    assert numbers(reelbus) == [1, 2, 3]
    assert reelbus("dlq", "drop", "2", typed="y\n").exit_code == 0
    assert numbers(reelbus) == [1, 3]
    assert reelbus("dlq", "drop", "--all", "--yes").stdout == "1 dropped\n3 dropped\n"
    assert numbers(reelbus) == []


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("command", ["replay", "drop"])
@pytest.mark.parametrize("which", [(), ("--all", "1"), ("1", "--subject", "task.")])
def test_nothing_happens_until_it_is_clear_which(reelbus: Run, command: str, which: tuple[str, ...]) -> None:
    result = reelbus("dlq", command, *which, typed="y\n")
    assert result.exit_code == 1
    assert "Say which" in result.stderr
    assert numbers(reelbus) == [1, 2, 3]


def test_a_server_that_is_not_there_is_named_soon_and_without_its_password(reelbus: Run) -> None:
    begun = time.monotonic()
    result = reelbus("dlq", "list", "--nats-url", "nats://u:hush@127.0.0.1:1")
    assert (result.exit_code, result.stderr) == (1, "Error: NATS at nats://127.0.0.1:1 does not answer.\n")
    assert time.monotonic() - begun < 5


def test_wrong_credentials_are_told_apart(reelbus: Run, nats_url: str) -> None:
    result = reelbus("dlq", "list", "--nats-url", nats_url.replace("u:p@", "u:hush@"))
    assert result.exit_code == 1
    assert "refuses these credentials" in result.stderr
    assert "hush" not in result.stderr


def test_a_data_directory_wins_over_the_environment(reelbus: Run, tmp_path: Path) -> None:
    result = reelbus("dlq", "list", "--data", str(tmp_path / "stack"))
    assert result.exit_code == 1
    assert f"No stack runs in {tmp_path / 'stack'}" in result.stderr


def test_without_either_the_default_stack_is_meant(
    reelbus: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REELBUS_NATS_URL")
    assert f"No stack runs in {tmp_path / '.reelbus'}" in reelbus("dlq", "list").stderr
    monkeypatch.setenv("REELBUS_DATA", str(tmp_path / "other"))
    assert f"No stack runs in {tmp_path / 'other'}" in reelbus("dlq", "list").stderr
