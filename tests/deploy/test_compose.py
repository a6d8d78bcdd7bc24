"""`docker-compose.yml` is valid, starts in the right order from nothing, and gives each container no
more than it needs."""

from __future__ import annotations

import os
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml

from libs.chassis.settings import AccessSettings, BusSettings, DatabaseSettings, StorageSettings
from libs.contracts.access import OPEN_FAMILIES
from reelbus import credentials
from reelbus.docs.settings import models
from reelbus.stack import host
from reelbus.stack.services import SERVICES
from tests.deploy.composed import FILE, ROOT, after, compose, containers, interpolated, mounts
from tests.programs import program

NAMES = [service.name for service in SERVICES]
ONCE = ["secrets", "migrate", "bucket"]
ALLOWED = "no-build-and-image,no-unbound-port-interfaces"
"""An image with a name is built where it is missing; ports have their interface in a variable."""


def dclint(path: Path) -> subprocess.CompletedProcess[str]:
    rules = [word for rule in ALLOWED.split(",") for word in ("--disable-rule", rule)]
    command = [program("dclint"), str(path), "--quiet", *rules]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_schema_holds() -> None:
    done = dclint(FILE)
    assert done.returncode == 0, done.stdout


def test_the_check_finds_what_no_schema_allows(tmp_path: Path) -> None:
    wrong = yaml.safe_load(FILE.read_text())
    wrong["services"]["edge"]["helthcheck"] = {}
    (tmp_path / "docker-compose.yml").write_text(yaml.safe_dump(wrong))
    assert "invalid-schema" in dclint(tmp_path / "docker-compose.yml").stdout


def test_every_service_of_the_embedded_stack_is_there() -> None:
    assert set(NAMES) <= containers().keys()
    for name in NAMES:
        assert containers()[name]["build"] == {"context": ".", "args": {"SERVICE": name}}


def test_images_are_pinned() -> None:
    for name, container in containers().items():
        tag = container["image"].rpartition(":")[2]
        assert any(each.isdigit() for each in tag), name


def test_the_order_has_no_circle_and_waits_for_health() -> None:
    graph = {name: set(after(name)) for name in containers()}
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("secrets") < min(order.index(each) for each in ("nats", "postgres", "minio"))
    for name in containers():
        for other, condition in after(name).items():
            ends = other in ONCE
            assert condition == ("service_completed_successfully" if ends else "service_healthy"), (
                name,
                other,
            )
            assert ends or other in NAMES or "test" in containers()[other]["healthcheck"]


def test_services_wait_for_what_they_use() -> None:
    """In the files: a folder of secrets is what lets a container use a server."""
    for name in NAMES:
        needed = {f"bus-{name}": "nats", "database": "migrate", "storage": "bucket"}
        used = {server for group, server in needed.items() if f"secrets-{group}" in mounts(name)}
        assert after(name).keys() == used, name


@pytest.mark.parametrize("name", NAMES)
def test_settings_and_secrets_are_what_the_service_reads(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Built as the container would build them: from its variables and from the folders that it has."""
    credentials.write(tmp_path)
    environment = dict(containers()[name]["environment"])
    held = {where: tmp_path / volume.removeprefix("secrets-") for volume, where in mounts(name).items()}
    named = environment.pop("REELBUS_SECRETS_DIR").split(":")
    assert set(named) == held.keys()
    for variable in [each for each in os.environ if each.startswith("REELBUS_")]:
        monkeypatch.delenv(variable)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("REELBUS_SECRETS_DIR", ":".join(str(held[each]) for each in named))
    kind = models()[name]
    settings = kind()
    secrets = {
        field
        for fragment in (BusSettings, DatabaseSettings, StorageSettings)
        if issubclass(kind, fragment)
        for field in ("nats_url", "database_url", "s3_access_key", "s3_secret_key")
        if field in fragment.model_fields
    } | ({"signing_secret"} if name == "edge" else set())
    for field in secrets:
        assert field in settings.model_fields_set, field
    bus: BusSettings = settings  # type: ignore[assignment]  # every service has those
    assert f"//{name}:" in bus.nats_url.get_secret_value(), "its own user of NATS"
    files = {each.name for folder in held.values() for each in folder.iterdir()}
    assert files == {f"reelbus_{field}" for field in secrets}, "no secret that the service does not read"
    shared = {variable for variable in compose()["x-environment"] if variable in environment}
    for variable in environment.keys() - shared:
        assert variable.removeprefix("REELBUS_").lower() in kind.model_fields, variable


def test_families_are_closed_by_an_empty_variable() -> None:
    closed = interpolated({"REELBUS_OPEN_FAMILIES": ""})["services"]
    for name in ("edge", "notify"):
        assert containers()[name]["environment"]["REELBUS_OPEN_FAMILIES"] == ",".join(OPEN_FAMILIES)
        assert closed[name]["environment"]["REELBUS_OPEN_FAMILIES"] == ""
        assert (
            AccessSettings(open_families=closed[name]["environment"]["REELBUS_OPEN_FAMILIES"]).open_families
            == []
        )


def test_edge_and_notify_are_told_the_same_of_who_may_call() -> None:
    given = {"REELBUS_ALLOWED_HOSTS": "a.example", "REELBUS_CORS_ORIGINS": '["https://b.example"]'}
    for name in ("edge", "notify"):
        environment = interpolated(given)["services"][name]["environment"]
        assert {key: environment[key] for key in given} == given
        assert containers()[name]["environment"]["REELBUS_CORS_ORIGINS"] == '["*"]'


def test_the_gateway_and_one_proxy_before_it_are_believed() -> None:
    """Without `REELBUS_PROXIES` the gateway hands on nothing of what it is told: one more does no harm."""
    for name in ("edge", "notify"):
        assert containers()[name]["environment"]["REELBUS_TRUSTED_HOPS"] == "2"
    assert (
        interpolated({"REELBUS_TRUSTED_HOPS": "3"})["services"]["edge"]["environment"]["REELBUS_TRUSTED_HOPS"]
        == "3"
    )


def test_no_registry_is_asked_for_what_is_built_here() -> None:
    """The first part of a name is a registry: nobody else can have that of this machine."""
    for name, container in containers().items():
        assert ("build" in container) == container["image"].startswith("localhost/reelbus/"), name


def test_only_the_maker_of_secrets_has_all_of_them(tmp_path: Path) -> None:
    credentials.write(tmp_path)
    groups = {f"secrets-{each.name}" for each in tmp_path.iterdir() if each.is_dir()}
    assert groups | {"secrets"} == mounts("secrets").keys()
    assert groups <= compose()["volumes"].keys()
    assert [name for name in containers() if "secrets" in mounts(name)] == ["secrets"]
    for name in containers():
        if name != "secrets":
            given = [each for each in containers()[name].get("volumes", []) if each.startswith("secrets-")]
            assert all(each.endswith(":ro") for each in given), name


def test_containers_are_bounded_and_may_do_little() -> None:
    for name, container in containers().items():
        assert {"memory", "pids"} <= container["deploy"]["resources"]["limits"].keys(), name
        assert container["logging"]["options"]["max-size"], name
        assert container["cap_drop"] == ["ALL"], name
        assert container["security_opt"] == ["no-new-privileges:true"], name
        assert not container.keys() & {"privileged", "container_name"}, name
        if name in (*NAMES, *ONCE, "operator", "gateway", "nats", "prometheus"):
            assert container["read_only"] is True, name


def test_an_ffmpeg_takes_less_than_its_container_has() -> None:
    units = {"M": 1 << 20, "G": 1 << 30}
    for name in NAMES:
        environment, limit = containers()[name]["environment"], containers()[name]["deploy"]["resources"]
        most = limit["limits"]["memory"]
        if "tool" in " ".join(each.__name__.lower() for each in models()[name].__mro__):
            taken = int(environment["REELBUS_FFMPEG_MEMORY"])
            assert taken < int(most[:-1]) * units[most[-1]], name


def test_only_the_gateway_and_grafana_are_reached_and_servers_reach_nobody() -> None:
    assert compose()["networks"]["inside"] == {"internal": True}
    published = {name for name, container in containers().items() if "ports" in container}
    assert published == {"gateway", "grafana"}
    for name in published:
        assert all(each.startswith("127.0.0.1:") for each in containers()[name]["ports"])
    outside = {name for name, container in containers().items() if "outside" in container.get("networks", [])}
    assert outside == {"gateway", "edge", "ingest", "grafana"}


def test_files_of_the_host_are_there() -> None:
    for name in containers():
        for source in mounts(name):
            assert not source.startswith(".") or (ROOT / source).exists(), (name, source)


def test_containers_stop_before_they_are_killed() -> None:
    """While gateways learn of it, while open requests end, and 20 seconds for the bus."""
    for name in NAMES:
        fields = models()[name].model_fields
        needed = fields["shutdown_delay"].default + fields["shutdown_grace"].default + 20
        assert int(containers()[name]["stop_grace_period"].removesuffix("s")) >= needed, name
        assert (
            not {"REELBUS_SHUTDOWN_DELAY", "REELBUS_SHUTDOWN_GRACE"}
            & containers()[name]["environment"].keys()
        )


def test_nats_takes_its_configuration(tmp_path: Path) -> None:
    credentials.write(tmp_path / "made")
    (tmp_path / "secrets").symlink_to(tmp_path / "made" / "nats")
    text = (ROOT / "deploy/compose/nats.conf").read_text()
    (tmp_path / "nats.conf").write_text(text.replace("/data", str(tmp_path / "data")))
    check = [str(host.binary("nats-server")), "-t", "-c", str(tmp_path / "nats.conf")]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
