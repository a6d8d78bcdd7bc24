"""Under which names the routes lead here, and whom the services believe about who comes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from libs.chassis.links import AddressSettings
from tests.deploy.rendered import Object, helm, of_kind, trees
from tests.deploy.test_settings import shared

TREES = ["kustomize prod", "helm prod"]


@pytest.mark.parametrize("tree", TREES)
def test_no_more_hops_are_believed_than_the_gateway(tree: str) -> None:
    assert shared(trees()[tree])["REELBUS_TRUSTED_HOPS"] == "1"


def routed(objects: list[Object]) -> list[str]:
    """The host names of all routes."""
    found = [host for each in of_kind(objects, "HTTPRoute") for host in each["spec"]["hostnames"]]
    return found + [rule["host"] for each in of_kind(objects, "Ingress") for rule in each["spec"]["rules"]]


def admitted(objects: list[Object], host: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether requests under this name are served, as the services read their settings."""
    found = shared(objects)
    for variable in ("REELBUS_PUBLIC_URL", "REELBUS_ALLOWED_HOSTS", "REELBUS_TRUSTED_PROXIES"):
        monkeypatch.delenv(variable, raising=False)
        if variable in found:
            monkeypatch.setenv(variable, found[variable])
    hosts = AddressSettings().hosts()
    return hosts.ours(hosts.named({"headers": [(b"host", host.encode())]}))


@pytest.mark.parametrize("tree", [*TREES, "helm everything"])
def test_what_is_routed_is_served_and_nothing_else(tree: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = trees()[tree]
    assert routed(objects)
    for host in routed(objects):
        assert admitted(objects, host, monkeypatch), host
    assert not admitted(objects, "evil.example", monkeypatch)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"gateway": {"enabled": True, "hostnames": ["a.example", "*.b.example"]}}, "a.example,*.b.example"),
        (
            {"gateway": {"enabled": True}, "ingress": {"enabled": True}},
            "reelbus.example.com",
        ),
        ({"ingress": {"enabled": True}, "settings": {"REELBUS_ALLOWED_HOSTS": "own.example"}}, "own.example"),
        ({}, None),
    ],
)
def test_the_chart_names_what_it_routes(values: dict[str, Any], found: str | None) -> None:
    assert shared(helm(sets=json.dumps(values))).get("REELBUS_ALLOWED_HOSTS") == found
