"""Every object against the schema of its kind: built-in kinds strictly, for each version of Kubernetes that
is supported; custom resources with the types and validators of their definitions."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from functools import cache
from typing import Any

import jsonschema
import pytest
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

from tests.deploy.rendered import ROOT, Object, distinct, named, trees

VERSIONS = ("1.33.0", "1.34.0", "1.35.0")
PROD = "kustomize prod"
CUSTOM = {"ScaledObject", "ServiceMonitor", "PrometheusRule", "HTTPRoute"}


@cache
def registry(version: str) -> Any:
    definitions = schema_contents(
        f"kubernetes-json-schema/v{version}-local-strict/_definitions.json", version
    )
    return Resource.from_contents(definitions) @ Registry()


@cache
def validator(version: str, api: str, kind: str) -> Any:
    """As `kubernetes_validate.validate` does it, which reads all definitions again for each object. Raises
    `FileNotFoundError` for a kind that this version does not have."""
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api)
    name = f"kubernetes-json-schema/v{version}-local-strict/{kind.lower()}-{group}.json"
    schema = schema_contents(name, version)
    known = Resource.from_contents(schema) @ registry(version)
    return jsonschema.Draft202012Validator(schema, registry=known)


def problems(version: str, each: Object) -> list[str]:
    found = validator(version, each["apiVersion"], each["kind"]).iter_errors(each)
    return [f"{error.json_path}: {error.message}" for error in found]


@cache
def custom_problems() -> dict[str, list[str]]:
    """What is wrong with each custom resource, with `unknown` and `bounds`, which are wrong, among them."""
    objects = {where: each for where, each in distinct().items() if each["kind"] in CUSTOM}
    assert {each["kind"] for each in objects.values()} == CUSTOM
    objects["unknown"] = copy.deepcopy(named(trees()[PROD], "ScaledObject", "reelbus-speech"))
    objects["unknown"]["spec"]["pollInterval"] = 3
    objects["bounds"] = copy.deepcopy(named(trees()[PROD], "HTTPRoute", "reelbus"))
    objects["bounds"]["spec"]["rules"][0]["timeouts"]["request"] = "a while"
    done = subprocess.run(
        ["node", str(ROOT / ".venv/deploy/crds.mjs")],
        input=json.dumps([*objects.values()]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(objects, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("version", VERSIONS)
def test_built_in_kinds(version: str) -> None:
    wrong = {
        where: found
        for where, each in distinct().items()
        if each["kind"] not in CUSTOM and (found := problems(version, each))
    }
    assert not wrong


def test_custom_resources() -> None:
    assert {where for where, found in custom_problems().items() if found} == {"unknown", "bounds"}


def test_the_checks_find_what_is_wrong() -> None:
    deployment = copy.deepcopy(named(trees()[PROD], "Deployment", "reelbus-edge"))
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    assert any("readynessProbe" in each for each in problems(VERSIONS[0], deployment))
    assert any("pollInterval" in each for each in custom_problems()["unknown"])
    assert any("timeouts/request" in each for each in custom_problems()["bounds"])


def test_a_kind_without_a_schema_is_not_passed_over() -> None:
    with pytest.raises(FileNotFoundError):
        problems(VERSIONS[-1], {"apiVersion": "example.com/v1", "kind": "Unknown", "metadata": {"name": "x"}})
