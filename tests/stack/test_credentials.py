"""Credentials for Compose: made once, apart for each who needs them, and what servers and services read."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from libs.chassis.settings import BusSettings, DatabaseSettings, StorageSettings
from reelbus import credentials
from reelbus.cli import app
from reelbus.stack import host
from reelbus.stack.services import SERVICES
from services.edge.settings import EdgeSettings


def contents(folder: Path) -> dict[str, str]:
    return {str(each.relative_to(folder)): each.read_text() for each in folder.rglob("*") if each.is_file()}


def test_they_are_made_once_and_what_is_lost_is_made_again(tmp_path: Path) -> None:
    credentials.write(tmp_path)
    first = contents(tmp_path)
    (tmp_path / "bus" / "reelbus_nats_url").unlink()
    credentials.write(tmp_path)
    assert contents(tmp_path) == first
    values = [first[each] for each in ("postgres/password", "postgres/reelbus", "grafana/password")]
    assert len({*values, first["storage/reelbus_s3_secret_key"]}) == 4
    assert all(len(each) == 40 for each in values)


def test_only_the_maker_reads_all_of_them(tmp_path: Path) -> None:
    credentials.write(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()}
    assert modes.pop("secrets.json") == 0o600
    assert set(modes.values()) == {0o444}


def test_services_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(app, ["secrets", str(tmp_path)]).exit_code == 0
    folders = [tmp_path / each for each in ("bus-edge", "database", "storage", "edge")]
    monkeypatch.setenv("REELBUS_SECRETS_DIR", ":".join(map(str, folders)))
    assert re.fullmatch(r"nats://edge:\w+@nats:4222", BusSettings().nats_url.get_secret_value())
    assert DatabaseSettings().database_url.get_secret_value().endswith("@postgres:5432/reelbus")
    assert StorageSettings().s3_access_key.get_secret_value() == "reelbus"
    assert len(EdgeSettings().signing_secret.get_secret_value()) >= 32


def test_nats_takes_its_own(tmp_path: Path) -> None:
    credentials.write(tmp_path)
    config = tmp_path / "nats.conf"
    config.write_text("include ./nats/authorization.conf\n")
    check = [str(host.binary("nats-server")), "-t", "-c", str(config)]
    assert subprocess.run(check, capture_output=True, check=False).returncode == 0


def test_users_of_a_nats_of_ones_own(tmp_path: Path) -> None:
    """What is there keeps its password, as after an upgrade; what is new gets one."""
    folder = tmp_path / "nats"
    command = ["nats-users", str(folder), "--server", "tls://nats.example.com:4222"]
    assert CliRunner().invoke(app, command).exit_code == 0
    first = contents(folder)
    services = {each.name for each in SERVICES}
    assert first.keys() == {"authorization.conf", "nats-url", *(f"nats-url-{name}" for name in services)}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    for name in services:
        found = re.fullmatch(rf"tls://{name}:(\w{{40}})@nats\.example\.com:4222", first[f"nats-url-{name}"])
        assert found, name
        assert f'"{found[1]}"' in first["authorization.conf"], name
    (folder / "nats-url-speech").unlink()
    (folder / "authorization.conf").write_text("of an earlier version")
    assert CliRunner().invoke(app, command).exit_code == 0
    second = contents(folder)
    assert {name for name in first if first[name] != second[name]} == {
        "nats-url-speech",
        "authorization.conf",
    }


@pytest.mark.parametrize("server", ["", "nats.example.com", "http://x:4222", "tls://", "nats://u:p@x:4222"])
def test_what_is_no_address_of_nats_is_refused(tmp_path: Path, server: str) -> None:
    answer = CliRunner().invoke(app, ["nats-users", str(tmp_path / "nats"), "--server", server])
    assert answer.exit_code == 1
    assert "is no address of NATS" in answer.output
    assert not (tmp_path / "nats").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = CliRunner().invoke(app, ["secrets", str(tmp_path / "file" / "below")])
    assert answer.exit_code == 1
    assert "cannot be written" in answer.output


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        ("migrate", {"REELBUS_DATABASE_URL": "postgresql+asyncpg://app@127.0.0.1:1/app"}),
        (
            "bucket",
            {
                "REELBUS_S3_ENDPOINT": "http://127.0.0.1:1",
                "REELBUS_S3_ACCESS_KEY": "k",
                "REELBUS_S3_SECRET_KEY": "s",
            },
        ),
        ("bucket", {"REELBUS_S3_ENDPOINT": "http://127.0.0.1:1"}),
    ],
)
def test_a_server_that_is_away_is_named_without_a_traceback(command: str, variables: dict[str, str]) -> None:
    answer = CliRunner().invoke(app, [command], env=variables)
    assert answer.exit_code == 1
    assert "Error: The " in answer.output
    assert "Traceback" not in answer.output
