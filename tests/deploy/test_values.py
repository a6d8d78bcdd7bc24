"""The chart's schema refuses values that would do nothing, or harm."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from tests.deploy.rendered import CHART, helm, named

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
    {"networkPolicies": {"nats": []}},
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
