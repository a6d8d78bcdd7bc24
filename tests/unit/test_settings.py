"""Settings come from the environment, and secrets stay in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from libs.chassis.settings import (
    BusSettings,
    DatabaseSettings,
    HttpSettings,
    StorageSettings,
    SweepSettings,
    TelemetrySettings,
    WorkerSettings,
)
from services.edge.settings import EdgeSettings
from services.ingest.settings import IngestSettings
from services.jobs.settings import JobsSettings
from services.notify.settings import NotifySettings
from services.sessions.settings import SessionsSettings

FRAGMENTS: list[type[BaseSettings]] = [
    HttpSettings,
    BusSettings,
    StorageSettings,
    DatabaseSettings,
    SweepSettings,
    TelemetrySettings,
    WorkerSettings,
]
SERVICES: list[type[BaseSettings]] = [
    EdgeSettings,
    IngestSettings,
    JobsSettings,
    NotifySettings,
    SessionsSettings,
]


@pytest.mark.parametrize("kind", FRAGMENTS + SERVICES)
def test_every_setting_has_a_default_and_a_description(kind: type[BaseSettings]) -> None:
    kind()
    assert all(field.description for field in kind.model_fields.values())


def test_files_are_read_below_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As Kubernetes mounts them: links into a folder that changes as a whole."""
    for folder, url in (("first", "nats://first"), ("second", "nats://second")):
        data = tmp_path / folder / "..data"
        data.mkdir(parents=True)
        (data / "reelbus_nats_url").write_text(f"{url}\n")
        (tmp_path / folder / "reelbus_nats_url").symlink_to("..data/reelbus_nats_url")
    (tmp_path / "second" / "reelbus_s3_secret_key").write_text("s3cret")
    folders = [tmp_path / each for each in ("first", "second", "missing")]
    monkeypatch.setenv("REELBUS_SECRETS_DIR", ":".join(map(str, folders)))
    assert BusSettings().nats_url.get_secret_value() == "nats://second"
    assert StorageSettings().s3_secret_key.get_secret_value() == "s3cret"
    assert IngestSettings().nats_url.get_secret_value() == "nats://second"
    monkeypatch.setenv("REELBUS_NATS_URL", "nats://told")
    assert BusSettings().nats_url.get_secret_value() == "nats://told"


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELBUS_HTTP_PORT", "9001")
    monkeypatch.setenv("REELBUS_ACK_WAIT", "2.5")
    monkeypatch.setenv("REELBUS_SCRATCH_DIR", "/scratch")
    monkeypatch.setenv("REELBUS_CORS_ORIGINS", '["https://a.example"]')
    monkeypatch.setenv("HTTP_PORT", "1")
    assert HttpSettings().http_port == 9001
    assert BusSettings().ack_wait == 2.5
    assert WorkerSettings().scratch_dir == Path("/scratch")
    edge = EdgeSettings()
    assert (edge.cors_origins, edge.http_port, edge.ack_wait) == (["https://a.example"], 9001, 2.5)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (BusSettings, "NATS_URL"),
        (StorageSettings, "S3_ACCESS_KEY"),
        (StorageSettings, "S3_SECRET_KEY"),
        (DatabaseSettings, "DATABASE_URL"),
        (JobsSettings, "DATABASE_URL"),
        (EdgeSettings, "S3_SECRET_KEY"),
    ],
)
def test_secrets_do_not_show(kind: type[BaseSettings], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"REELBUS_{name}", "scheme://user:hunter2@host/x")
    settings = kind()
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert getattr(settings, name.lower()).get_secret_value() == "scheme://user:hunter2@host/x"


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (HttpSettings, "HTTP_PORT", "70000"),
        (BusSettings, "ACK_WAIT", "0"),
        (BusSettings, "MAX_DELIVER", "1"),
        (BusSettings, "BACKOFF_BASE", "0"),
        (StorageSettings, "S3_PRESIGN_TTL", "5"),
        (TelemetrySettings, "TRACE_RATIO", "2"),
        (WorkerSettings, "LANES", "0"),
        (JobsSettings, "DISPATCH_WINDOW", "0"),
        (EdgeSettings, "MAX_UPLOAD_BYTES", "many"),
    ],
)
def test_nonsense_is_refused(
    kind: type[BaseSettings], name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"REELBUS_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        kind()


@pytest.mark.parametrize(
    ("text", "count"),
    [("0", 0), ("1073741824", 1 << 30), ("50Gi", 50 << 30), ("2k", 2000), (" 3Ti ", 3 << 40)],
)
def test_bytes_are_counted_as_kubernetes_writes_them(
    monkeypatch: pytest.MonkeyPatch, text: str, count: int
) -> None:
    monkeypatch.setenv("REELBUS_SCRATCH_LIMIT", text)
    assert WorkerSettings().scratch_limit == count


@pytest.mark.parametrize("text", ["-1", "Gi", "1.5Gi", "50GiB", "-2Gi", "50m", "much"])
def test_what_counts_no_bytes_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("REELBUS_SCRATCH_LIMIT", text)
    with pytest.raises(ValidationError, match="scratch_limit"):
        WorkerSettings()
