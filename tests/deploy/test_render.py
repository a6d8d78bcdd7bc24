"""Everything renders, alone and together, and says the version that this is."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import yaml

from tests.deploy.rendered import (
    CHART,
    COMPONENTS,
    OVERLAYS,
    ROOT,
    SERVICES,
    containers,
    distinct,
    named,
    of_kind,
    ran,
    trees,
    with_component,
    workloads,
)

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_goes_alone_with_the_base(component: str, tmp_path: Path) -> None:
    alone = with_component(tmp_path, component)
    base = trees()["kustomize base"]
    assert len(alone) > len(base)
    assert all(named(alone, "Deployment", f"reelbus-{name}") for name in SERVICES)


@pytest.mark.parametrize(
    "values", [[], *[["--values", str(CHART / f"values-{name}.yaml")] for name in OVERLAYS]]
)
def test_helm_lint(values: list[str]) -> None:
    ran("helm", "lint", "--strict", str(CHART), *values)


def test_every_tree_has_all_services() -> None:
    for name, objects in trees().items():
        if of_kind(objects, "Deployment"):
            for kind in ("Deployment", "Service", "ServiceAccount", "PodDisruptionBudget"):
                found = {each["metadata"]["name"] for each in of_kind(objects, kind)}
                assert {f"reelbus-{service}" for service in SERVICES} <= found, (name, kind)


def test_versions_are_that_of_the_project() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert {chart["version"], chart["appVersion"]} == {VERSION}
    for where, _, pod in workloads():
        for each in containers(pod):
            repository, _, tag = each["image"].rpartition(":")
            assert "reelbus" not in repository or tag == VERSION, where


def test_names_begin_alike_and_labels_are_there() -> None:
    for where, each in distinct().items():
        name, labels = each["metadata"]["name"], each["metadata"]["labels"]
        assert name.startswith("reelbus"), where
        assert labels["app.kubernetes.io/part-of"] == "reelbus", where


def test_the_notes_are_of_this_release() -> None:
    values = str(CHART / "values-dev.yaml")
    said = ran(
        "helm", "install", "reelbus", str(CHART), "-n", "media", "--dry-run=client", "--values", values
    )
    notes = said.partition("NOTES:")[2]
    assert "kubectl -n media exec deployment/reelbus-operator -- python -m reelbus keys create" in notes
    assert "port-forward service/reelbus-edge" in notes
    assert "for development" in notes
    assert "`networkPolicies` is off" in notes
