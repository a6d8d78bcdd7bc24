"""Scaling: by lanes and open tasks, within what the rest allows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from libs.contracts.tasks import SERVICE_OF
from tests.deploy.rendered import NAMESPACES, ROOT, Object, named, of_kind, trees
from tests.deploy.test_settings import given
from tests.programs import program

SIDECAR = "grafana_dashboard"
TREES = ["kustomize prod", "helm prod"]
QUERY = 'sum(max by (state) (reelbus_tasks_open{{namespace="{namespace}",service="{service}"}}))'


def scaled(objects: list[Object]) -> dict[str, Object]:
    return {
        each["metadata"]["name"].removeprefix("reelbus-"): each["spec"]
        for each in of_kind(objects, "ScaledObject")
    }


@pytest.mark.parametrize("tree", TREES)
def test_every_service_with_tasks_is_scaled_by_them(tree: str) -> None:
    found = scaled(trees()[tree])
    assert found.keys() == set(SERVICE_OF.values())
    for name, spec in found.items():
        (trigger,) = spec["triggers"]
        assert trigger["metadata"]["query"] == QUERY.format(namespace=NAMESPACES["prod"], service=name)
        assert trigger["metadata"]["threshold"] == given(trees()[tree], name)["REELBUS_LANES"]
        assert trigger["metadata"]["ignoreNullValues"] == "false"  # no figures are no reason to scale down
        assert 2 <= spec["minReplicaCount"] <= spec["fallback"]["replicas"] <= spec["maxReplicaCount"]
        behaviour = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        assert behaviour["scaleDown"]["stabilizationWindowSeconds"] >= 600


def test_queries_are_queries(tmp_path: Path) -> None:
    queries = [spec["triggers"][0]["metadata"]["query"] for spec in scaled(trees()[TREES[0]]).values()]
    rules = [{"record": f"x:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    check = [program("promtool"), "check", "rules", str(file)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert f"{len(queries)} rules found" in done.stdout, done.stderr


@pytest.mark.parametrize("tree", TREES)
def test_who_scales_whom(tree: str) -> None:
    objects = trees()[tree]
    targets = [
        each["spec"]["scaleTargetRef"]["name"]
        for each in of_kind(objects, "ScaledObject", "HorizontalPodAutoscaler")
    ]
    assert len(targets) == len(set(targets))
    for name in targets:
        assert "replicas" not in named(objects, "Deployment", name)["spec"]
    fixed = {each["metadata"]["name"] for each in of_kind(objects, "Deployment")} - set(targets)
    assert fixed == {"reelbus-jobs", "reelbus-operator"}
    assert named(objects, "Deployment", "reelbus-jobs")["spec"]["replicas"] >= 2


@pytest.mark.parametrize("tree", TREES)
def test_sessions_have_as_many_tasks_as_lanes(tree: str) -> None:
    objects = trees()[tree]
    lanes = int(given(objects, "sessions")["REELBUS_LANES"])
    most = scaled(objects)["sessions"]["maxReplicaCount"] * lanes
    assert int(given(objects, "jobs")["REELBUS_SESSION_TASKS"]) == most


@pytest.mark.parametrize("tree", TREES)
def test_targets_keep_the_labels_of_series(tree: str) -> None:
    (monitor,) = of_kind(trees()[tree], "ServiceMonitor")
    (endpoint,) = monitor["spec"]["endpoints"]
    rules = endpoint["relabelings"]
    assert {"action": "labeldrop", "regex": "service"} in rules
    assert {"component"} == {each["targetLabel"] for each in rules if "targetLabel" in each}
    selector = monitor["spec"]["selector"]["matchLabels"].items()
    services = [
        each for each in of_kind(trees()[tree], "Service") if selector <= each["metadata"]["labels"].items()
    ]
    assert len(services) == 8
    assert all(port["name"] == endpoint["port"] for each in services for port in each["spec"]["ports"])


@pytest.mark.parametrize("tree", TREES)
def test_rules_and_dashboards_are_all_there(tree: str) -> None:
    folder = ROOT / "deploy/monitoring"
    made = of_kind(trees()[tree], "PrometheusRule")
    groups = {each["metadata"]["name"].removeprefix("reelbus-"): each["spec"] for each in made}
    assert groups == {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("rules/*.yaml")}
    maps = [each for each in of_kind(trees()[tree], "ConfigMap") if SIDECAR in each["metadata"]["labels"]]
    found = {name: json.loads(text) for each in maps for name, text in each["data"].items()}
    assert found == {path.name: json.loads(path.read_text()) for path in folder.glob("dashboards/*.json")}
