"""The chart's schema refuses values that would do nothing, or harm."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from tests.deploy.rendered import CHART, helm, named, of_kind

POLICY = "NetworkPolicy"

SERVERS = ("nats", "postgres", "s3")
PEERS = [{"ipBlock": {"cidr": "10.20.0.0/24"}}]

WRONG: list[dict[str, Any]] = [
    {"service": {}},
    {"services": {"edge": {"replica": 3}}},
    {"services": {"transcode": {"replicas": 0}}},
    {"services": {"transcode": {"env": {"REELBUS_LANES": 2}}}},
    {"services": {"transcode": {"env": {"REELBUS_LANES": "0"}}}},
    {"services": {"transcode": {"env": {"LANES": "2"}}}},
    {"services": {"speech": None}},
    {"services": {"speech": {"resources": {"limits": {"memory": None}}}}},
    {"services": {"speech": {"resources": {"limits": {"memory": "much"}}}}},
    {"settings": {"REELBUS_STREAM_REPLICAS": "2"}},
    {"settings": {"REELBUS_S3_SECRET_KEY": "secret"}},
    {"settings": {"REELBUS_HTTP_PORT": "80"}},
    {"image": {"tag": "latest"}},
    {"secret": {"create": True}},
    {"servers": {"enabled": True}},
    {"networkPolicies": {"enabled": True}},
    *(
        {"networkPolicies": {"enabled": True, **{name: PEERS for name in SERVERS if name != missing}}}
        for missing in SERVERS
    ),
    {"networkPolicies": {"prometheusPods": {"app": "prometheus"}}},
    {"networkPolicies": {"s3": [{}]}},
    {"autoscaling": {"enabled": "yes"}},
    {"autoscaling": {"prometheus": "prometheus:9090"}},
    {"gateway": {"parentRefs": [{"namespace": "gateway"}]}},
]


def merged(below: Any, above: Any) -> Any:
    """As Helm does it: maps are merged, and null takes away."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    keys = {**below, **above}
    both = {key: merged(below.get(key), above[key]) if key in above else below[key] for key in keys}
    return {key: value for key, value in both.items() if key not in above or value is not None}


@pytest.mark.parametrize("values", WRONG, ids=json.dumps)
def test_wrong_values_are_refused(values: dict[str, Any]) -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    check = jsonschema.Draft202012Validator(schema)
    assert check.is_valid(defaults)
    assert not check.is_valid(merged(defaults, values))


def test_helm_holds_to_the_schema() -> None:
    with pytest.raises(AssertionError, match="REELBUS_S3_SECRET_KEY"):
        helm(sets=json.dumps({"settings": {"REELBUS_S3_SECRET_KEY": "secret"}}))


def test_policies_need_the_networks_of_all_servers_and_no_more() -> None:
    values = {"networkPolicies": {"enabled": True, **dict.fromkeys(SERVERS, PEERS)}}
    found = {
        each["metadata"]["name"]: each["spec"] for each in of_kind(helm(sets=json.dumps(values)), POLICY)
    }
    for name in SERVERS:
        assert found[f"reelbus-to-{name}"]["egress"][0]["to"] == PEERS


def test_pods_that_may_come_in_are_chosen_by_labels() -> None:
    chosen = {"matchLabels": {"app": "envoy"}}, {"matchExpressions": [{"key": "a", "operator": "Exists"}]}
    pods = dict(zip(("gatewayPods", "prometheusPods"), chosen, strict=True))
    objects = helm("values-prod.yaml", sets=json.dumps({"networkPolicies": pods}))
    for name, namespace, selector in zip(
        ("gateway", "prometheus"), ("gateway", "monitoring"), chosen, strict=True
    ):
        (rule,) = named(objects, POLICY, f"reelbus-from-{name}")["spec"]["ingress"]
        labels = {"kubernetes.io/metadata.name": namespace}
        assert rule["from"] == [{"namespaceSelector": {"matchLabels": labels}, "podSelector": selector}]


@pytest.mark.parametrize("way", ["gateway", "ingress"])
def test_development_servers_are_not_opened_to_the_world(way: str) -> None:
    with pytest.raises(AssertionError, match=r"servers\.enabled is for development"):
        helm("values-dev.yaml", sets=json.dumps({way: {"enabled": True}}))


def test_values_for_the_place_where_pods_run() -> None:
    chosen = {
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "batch", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "low",
    }
    values = {"services": {"transcode": {**chosen, "replicas": 4, "podAnnotations": {"note": "x"}}}}
    spec = named(helm(sets=json.dumps(values)), "Deployment", "reelbus-transcode")["spec"]
    pod = spec["template"]["spec"]
    assert {key: pod[key] for key in chosen} == chosen
    assert spec["replicas"] == 4
    assert spec["template"]["metadata"]["annotations"]["note"] == "x"


def test_other_settings_make_other_pods() -> None:
    def annotations(**values: Any) -> dict[str, str]:
        deployment = named(helm(sets=json.dumps(values)), "Deployment", "reelbus-notify")
        found: dict[str, str] = deployment["spec"]["template"]["metadata"]["annotations"]
        return found

    assert annotations() != annotations(settings={"REELBUS_LOG_LEVEL": "DEBUG"})
