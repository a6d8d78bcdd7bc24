"""What every workload must be, whoever wrote it."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from reelbus.docs.settings import models
from tests.deploy.rendered import (
    K8S,
    SERVICES,
    Object,
    containers,
    distinct,
    kustomized,
    named,
    of_kind,
    trees,
    workloads,
)

_POWERS = {f"{unit}i": 1024.0**power for power, unit in enumerate("KMGT", 1)}
_UNITS = {"": 1.0, "m": 1e-3, **_POWERS}
_BUS_SETTLES = 20
WITH_THREADS = ("transcode", "analyze", "sessions", "speech")
"""What they run starts as many threads as the limit has cores; the others it would only slow down."""


def amount(text: Any) -> float:
    """A quantity of Kubernetes."""
    number, unit = re.fullmatch(r"([0-9.]+)(m|[KMGT]i)?", str(text)).groups()  # type: ignore[union-attr]  # fails where it is none
    return float(number) * _UNITS[unit or ""]


def every_container() -> Iterator[tuple[str, Object]]:
    for where, _, pod in workloads():
        for each in containers(pod):
            yield f"{where} {each['name']}", each


def services() -> Iterator[tuple[str, str, Object, Object]]:
    """Where, which service, its pods and its container."""
    for where, each, pod in workloads():
        name = each["metadata"]["name"].removeprefix("reelbus-")
        if name in SERVICES:
            yield where, name, pod, pod["containers"][0]


def environment(container: Object) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container.get("env", []) if "value" in each}


def test_nobody_is_root_and_nobody_becomes_it() -> None:
    for where, _, pod in workloads():
        mine = pod["securityContext"]
        assert mine["runAsNonRoot"] is True, where
        assert mine["runAsUser"] > 0, where
        assert mine["seccompProfile"] == {"type": "RuntimeDefault"}, where
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), where
    for where, each in every_container():
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, where
    for where, _, pod, _ in services():
        assert pod["securityContext"]["runAsUser"] == 10001, where


def test_namespaces_hold_to_that() -> None:
    found = [each for each in distinct().values() if each["kind"] == "Namespace"]
    assert len(found) == 2
    for each in found:
        assert each["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_nobody_has_a_token_or_the_addresses_of_others() -> None:
    for where, _, pod in workloads():
        assert pod["automountServiceAccountToken"] is False, where
        assert pod["enableServiceLinks"] is False, where
    for where, each in distinct().items():
        if each["kind"] == "ServiceAccount":
            assert each["automountServiceAccountToken"] is False, where
        assert each["kind"] not in {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}, where
    for where, name, pod, _ in services():
        assert pod["serviceAccountName"] == f"reelbus-{name}", where


def test_volumes_end_with_their_pod_or_are_claimed() -> None:
    for where, _, pod in workloads():
        for each in pod["volumes"]:
            kind = next(key for key in each if key != "name")
            assert kind in {"emptyDir", "projected", "secret", "configMap"}, where
            assert kind != "emptyDir" or "sizeLimit" in each["emptyDir"], where


def test_resources_are_bounded() -> None:
    for where, each in every_container():
        asked, most = each["resources"]["requests"], each["resources"]["limits"]
        assert asked.keys() == {"cpu", "memory", "ephemeral-storage"}, where
        threads = any(each["image"].partition(":")[0].endswith(f"/{name}") for name in WITH_THREADS)
        assert most.keys() == {"memory", "ephemeral-storage", *(["cpu"] if threads else [])}, where
        assert all(amount(asked[key]) <= amount(most[key]) for key in most), where


def test_what_ffmpeg_may_take_fits() -> None:
    for where, name, pod, each in services():
        variables, most = environment(each), each["resources"]["limits"]
        if ffmpeg := int(variables.get("REELBUS_FFMPEG_MEMORY", 0)):
            lanes = 1 if name == "ingest" else int(variables["REELBUS_LANES"])  # there they are downloads
            assert lanes * ffmpeg < amount(most["memory"]), where
        scratch = [each for each in pod["volumes"] if each["name"] == "scratch"]
        assert bool(scratch) == (name in {"ingest", "transcode", "analyze", "sessions", "speech"}), where
        for volume in scratch:
            size = amount(volume["emptyDir"]["sizeLimit"])
            assert size < amount(most["ephemeral-storage"]), where
            assert variables["REELBUS_SCRATCH_LIMIT"] == volume["emptyDir"]["sizeLimit"], where
            assert int(variables.get("REELBUS_FFMPEG_OUTPUT", 0)) < size, where
        if name == "edge":
            assert int(variables["REELBUS_MAX_UPLOADS"]) * (32 << 20) < 0.8 * amount(most["memory"]), where


def test_probes() -> None:
    for where, workload, pod in workloads():
        each = pod["containers"][0]
        if workload["metadata"]["name"] != "reelbus-operator":
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= each.keys(), where
            startup = each["startupProbe"]
            assert startup["periodSeconds"] * startup["failureThreshold"] >= 60, where
    for where, _, _, each in services():
        paths = [each[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")]
        ready = "/serving" if where.endswith(("edge", "notify")) else "/ready"
        assert paths == ["/live", ready, "/live"], where


def test_pods_have_the_time_that_their_end_takes() -> None:
    for where, name, pod, each in services():
        pause = each.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert bool(pause) == (name in {"edge", "notify"}), where
        fields = models()[name].model_fields
        stopping = sum(
            float(environment(each).get(f"REELBUS_{field.upper()}", fields[field].default))
            for field in ("shutdown_delay", "shutdown_grace")
            if field in fields
        )
        assert pod["terminationGracePeriodSeconds"] > pause + stopping + _BUS_SETTLES, where


def test_updates_and_drains_leave_somebody() -> None:
    for tree, objects in trees().items():
        for each in of_kind(objects, "PodDisruptionBudget"):
            deployment = named(objects, "Deployment", each["metadata"]["name"])
            assert each["spec"]["selector"] == deployment["spec"]["selector"], tree
            assert each["spec"]["maxUnavailable"] == 1, tree
        for name in ("edge", "notify") if of_kind(objects, "Deployment") else ():
            strategy = named(objects, "Deployment", f"reelbus-{name}")["spec"]["strategy"]
            assert strategy["rollingUpdate"]["maxUnavailable"] == 0, tree
    for where, _, pod, _ in services():
        spread = {each["topologyKey"] for each in pod["topologySpreadConstraints"]}
        assert spread == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}, where


def test_selectors_find_their_own_pods_alone() -> None:
    for tree, objects in trees().items():
        workload = of_kind(objects, "Deployment", "StatefulSet")
        for service in of_kind(objects, "Service"):
            selector = service["spec"]["selector"].items()
            found = [
                each["metadata"]["name"]
                for each in workload
                if selector <= each["spec"]["template"]["metadata"]["labels"].items()
            ]
            assert found == [service["metadata"]["name"]], tree


def test_images_are_pinned() -> None:
    for where, each in every_container():
        tag = each["image"].rpartition(":")[2]
        assert tag[:1].isdigit() or tag.startswith("RELEASE."), where


def test_each_service_gets_its_own_secrets_as_files_and_no_others() -> None:
    needed = {
        "database-url": {"edge", "ingest", "jobs", "sessions"},
        **{f"nats-url-{name}": {name} for name in SERVICES},
        "s3-access-key": {"edge", "ingest", "transcode", "analyze", "sessions", "speech"},
        "s3-secret-key": {"edge", "ingest", "transcode", "analyze", "sessions", "speech"},
        "signing-secret": {"edge"},
        "jwt-secret": {"edge"},
        "motion-tokens": {"edge"},
    }
    for where, name, pod, _ in services():
        (volume,) = [each["projected"] for each in pod["volumes"] if each["name"] == "secrets"]
        assert volume["defaultMode"] == 0o440, where
        files = {item["key"]: item["path"] for each in volume["sources"] for item in each["secret"]["items"]}
        assert files.keys() == {key for key, names in needed.items() if name in names}, where
        names = {key: key.removesuffix(f"-{name}") for key in files}
        assert all(path == f"reelbus_{names[key].replace('-', '_')}" for key, path in files.items()), where


@pytest.mark.parametrize("tree", ["kustomize dev", "helm dev"])
def test_no_secret_is_anywhere_else(tree: str) -> None:
    secrets = {
        part
        for each in of_kind(trees()[tree], "Secret")
        for value in each["data"].values()
        for part in re.findall(r"dev-only-[a-z-]+", b64decode(value).decode())
    }
    assert len(secrets) >= 4
    for each in trees()[tree]:
        if each["kind"] != "Secret":
            assert not [secret for secret in secrets if secret in str(each)], each["metadata"]["name"]
    for _, container in every_container():
        for variable in container.get("env", []):
            assert "secretKeyRef" not in variable.get("valueFrom", {})


def test_nothing_of_production_is_secret() -> None:
    assert not of_kind(kustomized(K8S / "overlays/prod"), "Secret")
