"""Services are told what they read, in values that they take: built as the containers would build them."""

from __future__ import annotations

import os
from base64 import b64decode
from collections import defaultdict
from pathlib import Path

import pytest

from libs.chassis.settings import BusSettings, DatabaseSettings, StorageSettings
from reelbus.docs.settings import collect, models
from tests.deploy.rendered import SERVICES, Object, named, of_kind, trees

TREES = ["kustomize base", "kustomize dev", "kustomize prod", "helm everything"]
NO_SETTINGS = {"REELBUS_SECRETS_DIR"}
SECRETS = {
    **{f"nats-url-{name}": f"nats://{name}:word@nats:4222" for name in SERVICES},
    "database-url": "postgresql+asyncpg://user:word@postgres/reelbus",
    "s3-access-key": "access",
    "s3-secret-key": "secret",
    "signing-secret": "s" * 32,
    "jwt-secret": "j" * 32,
    "motion-tokens": "one,two",
}


def shared(objects: list[Object]) -> dict[str, str]:
    """The ConfigMap that pods take their environment from."""
    (found,) = [each for each in of_kind(objects, "ConfigMap") if "REELBUS_HTTP_PORT" in each["data"]]
    data: dict[str, str] = found["data"]
    return data


def given(objects: list[Object], name: str) -> dict[str, str]:
    """The variables of a service."""
    (container,) = named(objects, "Deployment", f"reelbus-{name}")["spec"]["template"]["spec"]["containers"]
    own = {each["name"]: each.get("value", "reelbus-pod-1") for each in container["env"]}
    return {**shared(objects), **own}


def secret_files(objects: list[Object], name: str) -> dict[str, str]:
    """What lies in the folder of secrets of a service: those of the tree, or of somebody's own Secret."""
    made = [each["data"] for each in of_kind(objects, "Secret") if "nats-url" in each["data"]]
    values = {key: b64decode(value).decode() for key, value in made[0].items()} if made else SECRETS
    volumes = named(objects, "Deployment", f"reelbus-{name}")["spec"]["template"]["spec"]["volumes"]
    (volume,) = [each["projected"] for each in volumes if each["name"] == "secrets"]
    items = [item for each in volume["sources"] for item in each["secret"]["items"]]
    return {item["path"]: values[item["key"]] for item in items if item["key"] in values}


@pytest.mark.parametrize("tree", TREES)
def test_every_variable_is_a_setting_of_who_gets_it(tree: str) -> None:
    known: defaultdict[str, set[str]] = defaultdict(set)
    for each in collect(models()):
        known[each.variable] |= {*each.read_by}
    for variable in shared(trees()[tree]).keys() - NO_SETTINGS:
        assert variable in known, variable
    for name in SERVICES:
        own = given(trees()[tree], name).keys() - shared(trees()[tree]).keys() - {"HOME"}
        for variable in own:
            assert name in known[variable], (name, variable)


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("name", SERVICES)
def test_settings_are_taken(tree: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = trees()[tree]
    for variable in [each for each in os.environ if each.startswith("REELBUS_")]:
        monkeypatch.delenv(variable)
    for variable, value in given(objects, name).items():
        monkeypatch.setenv(variable, value)
    files = secret_files(objects, name)
    for file, value in files.items():
        (tmp_path / file).write_text(value)
    monkeypatch.setenv("REELBUS_SECRETS_DIR", str(tmp_path))
    kind = models()[name]
    settings = kind()
    needed = {
        f"reelbus_{field}"
        for fragment in (BusSettings, DatabaseSettings, StorageSettings)
        if issubclass(kind, fragment)
        for field in ("nats_url", "database_url", "s3_access_key", "s3_secret_key")
        if field in fragment.model_fields
    }
    assert needed <= files.keys()
    for file, value in files.items():
        assert getattr(settings, file.removeprefix("reelbus_")).get_secret_value() == value
    plain = settings.model_dump()
    assert (plain["http_host"], plain["http_port"]) == ("0.0.0.0", 8080)
    assert plain["service_instance"] == "reelbus-pod-1"


def test_scratch_is_where_the_volume_is() -> None:
    for tree in TREES:
        for name in SERVICES:
            (container,) = named(trees()[tree], "Deployment", f"reelbus-{name}")["spec"]["template"]["spec"][
                "containers"
            ]
            places = {each["mountPath"] for each in container["volumeMounts"]}
            reads = "scratch_dir" in models()[name].model_fields
            assert (given(trees()[tree], name)["REELBUS_SCRATCH_DIR"] in places) == reads, (tree, name)
            assert given(trees()[tree], name)["REELBUS_SECRETS_DIR"] in places
