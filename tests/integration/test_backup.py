"""What is saved, and what is lost: NATS without its store, and a stack that is made anew from a backup."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from reelbus.stack import host
from reelbus.stack.connection import load
from reelbus.stack.layout import Layout
from tests.integration.client import Operator, unique_copy
from tests.integration.conftest import IMPATIENT, ROOT
from tests.integration.office import ENDS, Colleague
from tests.stack.harness import Stack, build_workshop, wait_until

PATIENCE = 120.0
FEW_OUT = {**IMPATIENT, "REELBUS_DISPATCH_WINDOW": "2"}
_RELEASED = "SELECT state FROM jobs.tasks WHERE state IN ('released', 'running')"


@dataclass
class Done:
    """A job that is done, and the SHA-256 of what it made."""

    job_id: str
    sha256: str


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("first") / "data", ROOT, env=FEW_OUT)
    stack.up()
    try:
        yield stack
    finally:
        with suppress(AssertionError):
            stack.down()


@pytest.fixture(scope="module")
def ann(first: Stack) -> Colleague:
    return Colleague(first, "ann")


@pytest.fixture(scope="module")
def path(ann: Colleague, small_bunny: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An upload of ten seconds."""
    return ann.upload(unique_copy(small_bunny, tmp_path_factory.mktemp("clips"), loops=1))


def sha256(colleague: Colleague, job_id: str) -> str:
    url = colleague.look(job_id)["output_data"]["download_url"]
    return hashlib.sha256(colleague.http.get(url).raise_for_status().content).hexdigest()


def completed(colleague: Colleague, jobs: list[str]) -> None:
    """Once they have ended; answers may be 503 while services find their servers again."""

    def status(job_id: str) -> str | None:
        answer = colleague.http.get(f"/jobs/{job_id}")
        assert answer.status_code in (200, 503), answer.text
        return str(answer.json()["status"]) if answer.status_code == 200 else None

    for job_id in jobs:
        wait_until(lambda job_id=job_id: status(job_id) in ENDS, PATIENCE)  # type: ignore[misc]  # of the loop
    assert [status(job_id) for job_id in jobs] == ["COMPLETED"] * len(jobs)


def several(colleague: Colleague, path: str, width: int) -> list[str]:
    """More jobs than are released at once."""
    return [colleague.edit(path, target_width=width, target_height=90 + 2 * n) for n in range(5)]


def test_nats_may_lose_all_that_it_has(first: Stack, ann: Colleague, path: str) -> None:
    """What waits, what is out and what is being worked on goes on; what was released goes out again."""
    operator = Operator(first)
    jobs = several(ann, path, 160)
    wait_until(lambda: {"released", "running"} <= {state for (state,) in operator.sql(_RELEASED)}, PATIENCE)
    restarts = first.process("nats")["restarts"]
    operator.kill("nats")
    shutil.rmtree(Layout.at(first.data).nats / "jetstream")
    first.wait_for("nats", "ready", restarts=restarts + 1, within=PATIENCE)
    completed(ann, jobs)
    assert operator.sql(_RELEASED) == []
    assert "lost tasks wait again" in Layout.at(first.data).log("jobs").read_text()


def test_a_new_stack_goes_on_from_a_backup(
    first: Stack, ann: Colleague, path: str, small_bunny: Path, tmp_path: Path
) -> None:
    job_id = ann.edit(path)
    completed(ann, [job_id])
    done = Done(job_id, sha256(ann, job_id))
    under_way = several(ann, path, 162)
    operator = Operator(first)
    wait_until(lambda: operator.sql(_RELEASED), PATIENCE)

    dump, objects = tmp_path / "database.dump", tmp_path / "bucket"
    save(first, dump, objects)
    first.down()
    shutil.rmtree(first.data)

    data = tmp_path / "data"
    servers = Stack(data, build_workshop(tmp_path / "workshop"))  # the services are stand-ins
    servers.up()
    restore(servers, dump, objects)
    servers.down()
    second = Stack(data, ROOT, env=IMPATIENT)
    second.up()
    try:
        again = Colleague(second, "bob")
        again.http.headers["X-API-Key"] = ann.key  # known to the new stack
        assert again.look(done.job_id)["status"] == "COMPLETED"
        assert sha256(again, done.job_id) == done.sha256
        completed(again, under_way)
        new = again.upload(unique_copy(small_bunny, tmp_path))
        completed(again, [again.edit(new), again.edit(path, target_width=164)])
        assert Operator(second).sql(_RELEASED) == []
    finally:
        second.down()


def save(stack: Stack, dump: Path, objects: Path) -> None:
    """The database first: everything that its rows name lies in the bucket already."""
    postgres(stack, "pg_dump", "--format=custom", f"--file={dump}")
    storage = load(stack.data).storage()

    async def copy() -> None:
        for key in await storage.keys(""):
            target = objects / key
            target.parent.mkdir(parents=True, exist_ok=True)
            await storage.get_file(key, target)

    try:
        asyncio.run(copy())
    finally:
        storage.close()


def restore(stack: Stack, dump: Path, objects: Path) -> None:
    """Into servers to which no service is connected."""
    storage = load(stack.data).storage()

    async def copy() -> None:
        for each in (path for path in objects.rglob("*") if path.is_file()):
            await storage.put_file(str(each.relative_to(objects)), each, "application/octet-stream")

    try:
        asyncio.run(copy())
    finally:
        storage.close()
    postgres(stack, "pg_restore", "--exit-on-error", str(dump))


def postgres(stack: Stack, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL, of the server's own version."""
    url = load(stack.data).database_url.replace("postgresql+asyncpg", "postgresql")
    command = [str(host.postgres_binary(program)), f"--dbname={url}", *arguments]
    subprocess.run(command, env=host.base_environment(), check=True, timeout=60)
