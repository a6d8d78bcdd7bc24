"""Starting, looking, stopping."""

import asyncio
import json
import signal
import stat
import subprocess
from collections.abc import Callable

import asyncpg
import httpx
import nats
import pytest

from reelbus.stack import connection
from reelbus.stack.errors import NotRunningError
from tests.stack.harness import Stack, listener, wait_until

EVERYTHING = [
    *("nats", "postgres", "s3", "ingest", "jobs", "transcode", "analyze", "sessions", "speech"),
    *("notify", "edge", "caddy"),
]


def test_status_lists_every_process_as_ready(shared: Stack) -> None:
    listed = json.loads(shared.run("status", "--json").stdout)
    assert [process["name"] for process in listed] == EVERYTHING
    for process in listed:
        assert process["state"] == "ready"
        assert process["pid"] > 0
        assert process["port"] > 0
        assert process["restarts"] >= 0
    assert "Stack ready at" in shared.run("status").stdout


def test_migrations_ran_before_the_services(shared: Stack) -> None:
    assert "migrated" in shared.run("logs", "migrations").stdout


async def _speak_to_nats(url: str) -> None:
    client = await nats.connect(url, allow_reconnect=False)
    await client.jetstream().account_info()
    await client.close()


async def _ask_postgres(url: str) -> str:
    database = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return str(await database.fetchval("SELECT lower('ÄÖ') || current_database()"))
    finally:
        await database.close()


def test_env_prints_settings_that_reach_every_server(shared: Stack) -> None:
    lines = shared.run("env").stdout.splitlines()
    printed = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    reach = connection.load(shared.data)
    assert printed == reach.environ()
    asyncio.run(_speak_to_nats(reach.nats_url))
    assert asyncio.run(_ask_postgres(reach.database_url)) == "äöreelbus"


def test_nats_refuses_strangers(shared: Stack) -> None:
    port = shared.process("nats")["port"]
    with pytest.raises(nats.errors.Error):
        asyncio.run(nats.connect(f"nats://127.0.0.1:{port}", allow_reconnect=False, max_reconnect_attempts=0))


def test_bucket_is_there(shared: Stack) -> None:
    from minio import Minio

    reach = connection.load(shared.data)
    endpoint = reach.s3_endpoint.removeprefix("http://")
    client = Minio(
        endpoint,
        access_key=reach.s3_access_key,
        secret_key=reach.s3_secret_key,
        secure=False,
        region="us-east-1",
    )
    assert client.bucket_exists(bucket_name=reach.s3_bucket)


def test_secrets_are_private(shared: Stack) -> None:
    assert stat.S_IMODE(shared.data.stat().st_mode) == 0o700
    for name in ("secrets.json", "state.json", "nats/nats.conf", "postgres/password"):
        assert stat.S_IMODE((shared.data / name).stat().st_mode) == 0o600


def test_logs_of_an_unknown_name_lists_the_names(shared: Stack) -> None:
    done = shared.run("logs", "nobody", code=2)
    assert "edge" in done.stderr
    assert "supervisor" in done.stderr


def test_logs_shows_the_last_lines(shared: Stack) -> None:
    assert shared.run("logs", "edge", "--lines", "1").stdout == "edge starts\n"


def test_second_up_on_the_same_directory_says_it_runs(shared: Stack) -> None:
    for mode in ((), ("--detach",)):
        done = shared.run("up", "--port", "0", *mode, code=1)
        assert "already runs" in done.stderr
        assert shared.url in done.stderr


def test_taken_port_is_named(new_stack: Callable[..., Stack]) -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
        for mode in ((), ("--detach",)):
            stack = new_stack()
            done = stack.run("up", "--port", str(port), *mode, code=1)
            assert f"Port {port} is taken" in done.stderr
            assert "Traceback" not in done.stderr


def test_without_a_stack(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack()
    stack.run("status", code=3)
    assert json.loads(stack.run("status", "--json", code=3).stdout) == []
    assert "No stack runs" in stack.run("down").stdout
    assert "No stack runs" in stack.run("env", code=1).stderr
    with pytest.raises(NotRunningError):
        connection.load(stack.data)


def test_failing_start_shows_the_culprits_words_and_leaves_nothing(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack()
    stack.switch("jobs", "crash", on=True)
    done = stack.run("up", "--detach", "--port", "0", code=1)
    assert "jobs does not start" in done.stderr
    assert "told to crash" in done.stderr
    assert stack.survivors() == []
    stack.run("status", code=3)


@pytest.mark.parametrize("moment", ["lock", "postgres/data", "logs/migrations.log"])
def test_stopped_while_it_starts(new_stack: Callable[..., Stack], moment: str) -> None:
    stack = new_stack()
    starting = subprocess.Popen(
        stack.argv("up", "--port", "0"), cwd=stack.workshop, env=stack.environ, stdout=subprocess.DEVNULL
    )
    wait_until((stack.data / moment).exists)
    wait_until((stack.data / "state.json").exists)
    starting.send_signal(signal.SIGTERM)
    assert starting.wait(30) == 0
    assert stack.survivors() == []
    stack.up()


def test_directory_with_an_awkward_name(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack("my data; $(x) 'é")
    stack.up()
    stack.run("status")


def test_foreground_stops_on_ctrl_c(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack()
    foreground = subprocess.Popen(
        stack.argv("up", "--port", "0"),
        cwd=stack.workshop,
        env=stack.environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert foreground.stdout
    said: list[str] = []
    for line in foreground.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            break
    assert f"Reelbus is ready: {stack.url}\n" in said
    assert httpx.get(stack.url).status_code == 200
    foreground.send_signal(signal.SIGINT)
    rest, _ = foreground.communicate(timeout=30)
    assert foreground.returncode == 0
    assert "Stopped." in rest
    assert stack.survivors() == []
