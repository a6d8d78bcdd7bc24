"""Kustomize and Helm make the same objects."""

from __future__ import annotations

import copy
import re
from base64 import b64decode
from typing import Any

import pytest

from tests.deploy.rendered import Object, trees

PAIRS = [("kustomize base", "helm default"), ("kustomize dev", "helm dev"), ("kustomize prod", "helm prod")]
HELM_ONLY = {"app.kubernetes.io/managed-by", "helm.sh/chart"}
NUMBERED = re.compile(r"(reelbus|reelbus-servers)-[a-z0-9]{10}")
"""Names that kustomize makes of a ConfigMap or Secret and a hash of what is in it."""


def normal(value: Any) -> Any:
    """Without what each of the two is free to do: the order of what has names, hashes, labels of its own."""
    if isinstance(value, dict):
        kept = {key: normal(each) for key, each in value.items() if key not in HELM_ONLY}
        return {key: each for key, each in kept.items() if not key.startswith("checksum/")}
    if isinstance(value, list):
        items = [normal(each) for each in value]
        return sorted(items, key=lambda each: each["name"]) if _named(items) else items
    if isinstance(value, str) and (match := NUMBERED.fullmatch(value)):
        return match[1]
    return value


def _named(items: list[Any]) -> bool:
    return all(isinstance(each, dict) and "name" in each for each in items)


def comparable(objects: list[Object]) -> dict[tuple[str, str], Any]:
    """Helm's namespace is made by whoever installs."""
    found = {}
    for each in copy.deepcopy(objects):
        each["metadata"].pop("namespace", None)
        metadata = each.get("spec", {}).get("template", {}).get("metadata", {})
        plain = normal(each)
        if each["kind"] == "Secret":  # base64 may have line ends
            plain["data"] = {key: b64decode(value) for key, value in each["data"].items()}
        if not {key for key in metadata.get("annotations", {}) if not key.startswith("checksum/")}:
            plain.get("spec", {}).get("template", {}).get("metadata", {}).pop("annotations", None)
        if each["kind"] != "Namespace":
            found[each["kind"], plain["metadata"]["name"]] = plain
    return found


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_both_make_the_same(one: str, other: str) -> None:
    first, second = comparable(trees()[one]), comparable(trees()[other])
    assert first.keys() == second.keys()
    for key, each in first.items():
        assert each == second[key], key


def test_a_difference_is_found() -> None:
    first, second = comparable(trees()["kustomize dev"]), comparable(trees()["helm prod"])
    assert first["ConfigMap", "reelbus"] != second["ConfigMap", "reelbus"]
    assert first["Deployment", "reelbus-edge"] != second["Deployment", "reelbus-edge"]
