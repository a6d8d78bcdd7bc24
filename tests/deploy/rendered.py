"""The objects that kustomize and Helm make of `deploy/`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
K8S, CHART = ROOT / "deploy/k8s", ROOT / "deploy/helm/reelbus"
COMPONENTS = sorted(path.parent.name for path in K8S.glob("components/*/kustomization.yaml"))
OVERLAYS = ("dev", "prod")
NAMESPACES = {"dev": "reelbus-dev", "prod": "reelbus"}
SERVICES = ("edge", "ingest", "jobs", "transcode", "analyze", "sessions", "speech", "notify")
NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"

Object = dict[str, Any]


def ran(*command: str, given: str | None = None) -> str:
    """What a tool of `.venv/bin` prints. Raises `AssertionError` with what it complains of."""
    program, *words = command
    done = subprocess.run(
        [str(ROOT / ".venv/bin" / program), *words], input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def parsed(text: str) -> list[Object]:
    return [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each]


@cache
def kustomized(folder: Path) -> list[Object]:
    return parsed(ran("kubectl", "kustomize", str(folder)))


@cache
def helm(*values: str, sets: str = "{}", namespace: str = "reelbus") -> list[Object]:
    """The chart with these files of its folder, and `sets` (JSON) above them."""
    words = [word for name in values for word in ("--values", str(CHART / name))]
    return parsed(
        ran(
            "helm",
            "template",
            "reelbus",
            str(CHART),
            "-n",
            namespace,
            *words,
            "--values",
            "/dev/stdin",
            given=sets,
        )
    )


def with_component(folder: Path, *names: str) -> list[Object]:
    """The base with components alone; `folder` is an empty one."""
    document = {
        "resources": [os.path.relpath(K8S / "base", folder)],
        "components": [os.path.relpath(K8S / "components" / name, folder) for name in names],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(document))
    return kustomized(folder)


EVERYTHING = {"ingress": {"enabled": True, "className": "some"}, "image": {"pullPolicy": "Always"}}


@cache
def trees() -> dict[str, list[Object]]:
    """Every way in which the objects are made, by a name."""
    ingress = "components/ingress/ingress.yaml"
    found = {f"kustomize {name}": kustomized(K8S / "overlays" / name) for name in OVERLAYS}
    found["kustomize base"] = kustomized(K8S / "base")
    found["kustomize ingress"] = parsed((K8S / ingress).read_text())
    policies = sorted((K8S / "components/network-policies").glob("[!k]*.yaml"))
    found["kustomize network"] = [each for path in policies for each in parsed(path.read_text())]
    found |= {f"helm {name}": helm(f"values-{name}.yaml", namespace=NAMESPACES[name]) for name in OVERLAYS}
    found["helm default"] = helm()
    found["helm everything"] = helm("values-prod.yaml", sets=json.dumps(EVERYTHING))
    return found


def distinct() -> dict[str, Object]:
    """All objects of all trees, equal ones once, by tree, kind and name."""
    texts: dict[str, str] = {}
    found: dict[str, Object] = {}
    for tree, objects in trees().items():
        for each in objects:
            text = json.dumps(each, sort_keys=True)
            if text not in texts:
                texts[text] = f"{tree} {each['kind']} {each['metadata']['name']}"
                found[texts[text]] = each
    return found


def of_kind(objects: Sequence[Object], *kinds: str) -> list[Object]:
    return [each for each in objects if each["kind"] in kinds]


def named(objects: Sequence[Object], kind: str, name: str) -> Object:
    (found,) = [each for each in of_kind(objects, kind) if each["metadata"]["name"] == name]
    return found


def workloads() -> Iterator[tuple[str, Object, Object]]:
    """Where, the workload, and the spec of its pods."""
    for where, each in distinct().items():
        if each["kind"] in {"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet", "Pod"}:
            yield where, each, each["spec"]["template"]["spec"]


def containers(pod: Object) -> list[Object]:
    return [*pod.get("initContainers", []), *pod["containers"]]
