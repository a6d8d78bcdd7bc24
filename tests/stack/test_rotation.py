"""A service gets another user of a NATS of one's own, while it goes on working."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from signal import SIGHUP

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from typer.testing import CliRunner

from libs.contracts.streams import inbox
from reelbus.cli import app
from reelbus.stack import bus_users
from tests.chassis.servers import GuardedNats, up


def nats_users(folder: Path, *options: str, address: str = "nats.example.com:4222") -> str:
    """What `reelbus nats-users` says; what it refuses begins with `Error`."""
    words = ["nats-users", str(folder), "--server", f"nats://{address}", *options]
    return CliRunner().invoke(app, words).output


def contents(folder: Path) -> dict[str, str]:
    return {each.name: each.read_text() for each in folder.iterdir()}


def users(folder: Path) -> set[str]:
    """Whom NATS knows."""
    return set(re.findall(r'user: "(.+)"', (folder / "authorization.conf").read_text()))


def user(folder: Path, service: str) -> str:
    """Whose URL a service has."""
    (found,) = re.findall(r"://(.+?):", (folder / f"nats-url-{service}").read_text())
    return str(found)


def test_the_old_user_stays_until_the_command_is_given_without_the_option(tmp_path: Path) -> None:
    nats_users(tmp_path)
    first, known = contents(tmp_path), users(tmp_path)
    assert "For NATS" in nats_users(tmp_path, "--rotate", "edge", "--rotate", "jobs")
    second = contents(tmp_path)
    assert {name for name in first if first[name] != second[name]} == {
        "authorization.conf", "nats-url-edge", "nats-url-jobs",
    }  # fmt: skip
    new = {user(tmp_path, "edge"), user(tmp_path, "jobs")}
    assert users(tmp_path) == known | new
    nats_users(tmp_path)
    assert users(tmp_path) == known - {"edge", "jobs"} | new


def test_an_upgrade_keeps_users_with_the_rights_of_their_services(tmp_path: Path) -> None:
    """Those of a rotation by hand too."""
    nats_users(tmp_path)
    nats_users(tmp_path, "--rotate", "speech")
    nats_users(tmp_path)
    file = tmp_path / "nats-url-edge"
    file.write_text(file.read_text().replace("//edge:", "//edge2:"))
    nats_users(tmp_path)
    before = contents(tmp_path)
    nats_users(tmp_path)
    assert contents(tmp_path) == before
    assert user(tmp_path, "edge") == "edge2"
    blocks = dict(re.findall(r'user: "([^"]+)"(.*?)(?=user:|\Z)', before["authorization.conf"], re.DOTALL))
    for service in ("edge", "speech"):
        for subject in bus_users.rights()[service]["publish"]:
            assert f'"{subject}"' in blocks[user(tmp_path, service)]


def test_what_would_cut_a_connection_is_refused(tmp_path: Path) -> None:
    nats_users(tmp_path)
    nats_users(tmp_path, "--rotate", "edge")
    before = contents(tmp_path)
    for again in ("edge", "jobs"):
        said = " ".join(nats_users(tmp_path, "--rotate", again).split())
        assert "has edge of a rotation before" in said
    assert "nobody is no service" in nats_users(tmp_path, "--rotate", "nobody")
    assert contents(tmp_path) == before


def test_two_services_are_not_one_user(tmp_path: Path) -> None:
    nats_users(tmp_path)
    (tmp_path / "nats-url-edge").write_text((tmp_path / "nats-url").read_text())
    before = contents(tmp_path)
    assert "have the same user" in nats_users(tmp_path)
    assert contents(tmp_path) == before


def test_nobody_who_is_connected_notices(tmp_path: Path) -> None:
    """A server that is told of each step by a signal, as of an operator's."""
    folder = tmp_path / "nats"
    nats_users(folder)
    server = GuardedNats(tmp_path, f'include "{folder.name}/authorization.conf"\n')
    address = f"127.0.0.1:{server.port}"
    nats_users(folder, address=address)
    with up(server):
        asyncio.run(_rotated(server, lambda *options: nats_users(folder, *options, address=address), folder))


async def _rotated(server: GuardedNats, command: Callable[..., str], folder: Path) -> None:
    def url() -> str:
        return (folder / "nats-url-edge").read_text()

    lost = list[str]()
    first, old = url(), await _connected(url(), lost)
    command("--rotate", "edge")
    await _reloaded(server, 1)
    new = await _connected(url(), lost)
    await old.flush(timeout=5)
    assert not lost
    await old.close()
    command()
    await _reloaded(server, 2)
    await new.flush(timeout=5)
    assert not lost
    await new.close()
    with pytest.raises(NatsError):
        await _connected(first, [])


async def _connected(url: str, lost: list[str]) -> Client:
    client = Client()

    async def on_lost() -> None:
        if not client.is_closed:
            lost.append(url)

    async def ignore(_: Exception) -> None:
        """`connect` raises it too."""

    await client.connect(
        url, inbox_prefix=inbox("edge"), allow_reconnect=False, disconnected_cb=on_lost, error_cb=ignore
    )
    return client


async def _reloaded(server: GuardedNats, times: int) -> None:
    """When the server says that it has read its configuration again."""
    assert server.process is not None
    server.process.send_signal(SIGHUP)
    async with asyncio.timeout(20):
        while (server.folder / "log").read_text().count("Reloaded server configuration") < times:
            await asyncio.sleep(0.02)
