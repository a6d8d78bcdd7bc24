"""The servers for development: who is who in PostgreSQL."""

from __future__ import annotations

import asyncio
import re
import shutil
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from nats.aio.client import Client

from libs.chassis.subscriptions import flush
from libs.contracts.access import AUTHENTICATE
from tests.chassis.servers import GuardedNats, up
from tests.deploy.rendered import CHART, K8S, ROOT, SERVICES, Object, named, of_kind, parsed, ran, trees

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
def test_nats_lets_everybody_in_who_has_a_url_of_the_secret(tree: str, tmp_path: Path) -> None:
    """As who he is: only the operator and notify may ask for users' keys."""
    text = values(tree, "reelbus-servers")["nats.conf"]
    server = GuardedNats(tmp_path, text[text.index("authorization") :])
    urls = {key: url for key, url in values(tree, "reelbus").items() if key.startswith("nats-url")}
    assert urls.keys() == {"nats-url", *(f"nats-url-{name}" for name in SERVICES)}
    here = {key: url.replace("reelbus-nats:4222", f"127.0.0.1:{server.port}") for key, url in urls.items()}
    with up(server):
        may = asyncio.run(_heard(here, AUTHENTICATE.subject))
    assert may == {"nats-url", "nats-url-notify"}


async def _heard(urls: dict[str, str], subject: str) -> set[str]:
    """Whose messages on `subject` the operator gets, each of whom says who he is."""
    operator, heard = Client(), list[str]()
    await operator.connect(urls["nats-url"])
    calls = await operator.subscribe(subject)
    for key, url in urls.items():
        client = Client()
        await client.connect(url, error_cb=_ignore)
        await client.publish(subject, key.encode())
        await flush(client)
        await client.close()
    await operator.publish(subject, b"")
    while message := (await calls.next_msg(timeout=5)).data.decode():
        heard.append(message)
    await operator.close()
    return set(heard)


async def _ignore(_: Exception) -> None:
    """What is refused is not heard."""


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


@pytest.mark.parametrize("tool", ["kustomize", "helm"])
def test_other_rights_restart_nats(tool: str, tmp_path: Path) -> None:
    """NATS reads its configuration when it starts: after an upgrade services would be refused what is new."""
    folder = tmp_path / "copy"
    shutil.copytree(K8S if tool == "kustomize" else CHART, folder)  # what is linked is copied

    def pods(name: str) -> Object:
        template: Object = named(dev(tool, folder), "StatefulSet", name)["spec"]["template"]
        return template

    before = pods("reelbus-nats")
    assert pods("reelbus-nats") == before
    (conf,) = folder.rglob("nats.conf")
    conf.write_text(f"{conf.read_text()}\n# of the next version\n")
    assert pods("reelbus-nats") != before


def dev(tool: str, folder: Path) -> list[Object]:
    """The objects for development of a copy."""
    if tool == "kustomize":
        return parsed(ran("kubectl", "kustomize", str(folder / "overlays/dev")))
    return parsed(
        ran("helm", "template", "reelbus", str(folder), "--values", str(folder / "values-dev.yaml"))
    )


@pytest.mark.parametrize("tree", TREES)
def test_what_servers_mount_is_there(tree: str) -> None:
    made = {(each["kind"], each["metadata"]["name"]) for each in trees()[tree]}
    for name in ("nats", "postgres", "minio"):
        pod = named(trees()[tree], "StatefulSet", f"reelbus-{name}")["spec"]["template"]["spec"]
        for volume in pod["volumes"]:
            if "secret" in volume:
                assert ("Secret", volume["secret"]["secretName"]) in made, name
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in made, name
