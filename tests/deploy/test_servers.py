"""The servers for development: who is who in PostgreSQL."""

from __future__ import annotations

import re
from base64 import b64decode
from urllib.parse import urlsplit

import pytest

from tests.deploy.rendered import CHART, ROOT, Object, named, of_kind, trees

TREES = ["kustomize dev", "helm dev"]
SCRIPTS = "/docker-entrypoint-initdb.d"


def values(tree: str, start: str) -> dict[str, str]:
    """What is in the Secret whose name, without a hash, is this."""
    (found,) = [
        each["data"]
        for each in of_kind(trees()[tree], "Secret")
        if re.fullmatch(rf"{start}(-[a-z0-9]{{10}})?", each["metadata"]["name"])
    ]
    return {key: b64decode(value).decode() for key, value in found.items()}


def server(tree: str) -> Object:
    pod: Object = named(trees()[tree], "StatefulSet", "reelbus-postgres")["spec"]["template"]["spec"]
    return pod


def statements(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("--")]


@pytest.mark.parametrize("tree", TREES)
def test_services_are_a_plain_role_with_a_password_of_its_own(tree: str) -> None:
    url = urlsplit(values(tree, "reelbus")["database-url"])
    passwords = values(tree, "reelbus-servers")
    environment = {each["name"]: each["value"] for each in server(tree)["containers"][0]["env"]}
    assert environment.get("POSTGRES_USER", "postgres") != url.username
    assert "POSTGRES_DB" not in environment  # the superuser would own it
    assert url.password == passwords["postgres-role-password"] != passwords["postgres-password"]


@pytest.mark.parametrize("tree", TREES)
def test_the_script_finds_its_password_and_makes_the_role_of_the_url(tree: str) -> None:
    pod = server(tree)
    mounts = {each["mountPath"]: each for each in pod["containers"][0]["volumeMounts"]}
    volumes = {each["name"]: each for each in pod["volumes"]}
    scripts = volumes[mounts[SCRIPTS]["name"]]["configMap"]
    data = named(trees()[tree], "ConfigMap", scripts["name"])["data"]
    assert [each["key"] for each in scripts["items"]] == [*data] == ["role.sql"]
    secrets = volumes[mounts["/run/secrets/postgres"]["name"]]["secret"]["items"]
    files = {f"/run/secrets/postgres/{each['path']}": each["key"] for each in secrets}
    (file,) = re.findall(r"`cat (.+)`", data["role.sql"])
    assert files[file] == "postgres-role-password"
    environment = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    assert files[environment["POSTGRES_PASSWORD_FILE"]] == "postgres-password"
    url = urlsplit(values(tree, "reelbus")["database-url"])
    assert f"CREATE ROLE {url.username} LOGIN PASSWORD :'password';" in data["role.sql"]
    assert f"CREATE DATABASE {url.path[1:]} OWNER {url.username};" in data["role.sql"]


def test_compose_says_the_same() -> None:
    """Whose statements tests/chassis/test_migrations.py runs."""
    chart = (CHART / "files/servers/role.sql").read_text()
    assert statements(chart) == statements((ROOT / "deploy/compose/role.sql").read_text())
