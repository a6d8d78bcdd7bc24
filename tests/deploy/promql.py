"""Which series PromQL expressions ask for, with which labels: for rules, dashboards and autoscalers alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from reelbus.dashboards.boards import dashboards

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/monitoring/rules"
TARGET_LABELS = {"component", "instance", "job", "namespace", "pod"}
"""Put on by whoever scrapes."""
_FENCE = r"```promql\n(.*?)```"
OTHERS = {"up", "ALERTS"}
"""Series that Prometheus makes itself."""


@dataclass(frozen=True)
class Wanted:
    """A series with the labels that it must have."""

    series: str
    labels: frozenset[str]


def wanted(expr: str) -> list[Wanted]:
    """What `expr` needs. Raises `ValueError` when it is no PromQL. Grafana's variables are allowed."""
    return list(_walk(promql.parse(concrete(expr)), frozenset()))


def concrete(expr: str, window: str = "5m") -> str:
    """An expression of a dashboard as Grafana sends it when everything is chosen."""
    expr = expr.replace("$__rate_interval", window)
    for name in ("namespace", "component", "instance"):
        expr = expr.replace(f"${name}", ".*")
    return expr


def rules() -> list[dict[str, Any]]:
    """Every rule of every file."""
    return [
        rule
        for path in sorted(RULES.glob("*.yaml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]


def expressions() -> list[str]:
    """Of all rules, dashboards, runbooks and autoscalers."""
    books = (ROOT / "docs/operations/runbooks").glob("*.md")
    return [
        *(rule["expr"] for rule in rules()),
        *(query.expr for board in dashboards() for query in board.queries),
        *(
            query
            for path in books
            for query in re.findall(r"```promql\n(.*?)```", path.read_text(), re.DOTALL)
        ),
        *autoscalers(),
    ]


def autoscalers() -> list[str]:
    """What KEDA asks Prometheus."""
    found = yaml.safe_load_all((ROOT / "deploy/k8s/components/autoscaling/workers.yaml").read_text())
    triggers = [trigger for each in found for trigger in each.get("spec", {}).get("triggers", ())]
    return [trigger["metadata"]["query"] for trigger in triggers if trigger["type"] == "prometheus"]


def missing(exprs: list[str], exposed: dict[str, set[str]]) -> list[str]:
    """What these expressions ask for and nobody has; `exposed` are label names by series, from `read`."""
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    faults = set()
    for expr in exprs:
        for each in wanted(expr):
            if each.series in recorded | OTHERS:
                continue
            if each.series not in exposed:
                faults.add(f"no series {each.series}: {expr}")
            elif lacking := each.labels - exposed[each.series] - TARGET_LABELS:
                faults.add(f"{each.series} has no label {', '.join(sorted(lacking))}: {expr}")
    return sorted(faults)


def read(pages: list[str]) -> dict[str, set[str]]:
    """Label names of every series on these pages of metrics that has samples."""
    from prometheus_client.parser import text_string_to_metric_families

    found: dict[str, set[str]] = {}
    for page in pages:
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
    return found


def _walk(node: Any, labels: frozenset[str]) -> Iterator[Wanted]:
    """`labels` are those that the expressions around this one need."""
    match node:
        case promql.VectorSelector():
            own = {matcher.name for matcher in node.matchers.matchers}
            yield Wanted(node.name or "", labels | own)
        case promql.MatrixSelector():
            yield from _walk(node.vector_selector, labels)
        case promql.SubqueryExpr() | promql.ParenExpr() | promql.UnaryExpr():
            yield from _walk(node.expr, labels)
        case promql.AggregateExpr():
            yield from _walk(node.expr, _grouped(node))
        case promql.BinaryExpr():
            yield from _walk(node.lhs, labels)
            yield from _walk(node.rhs, labels & _matched(node) if _matched(node) else labels)
        case promql.Call():
            made = {str(node.args[1].val)} if node.func.name == "label_replace" else set()
            needed = labels | {"le"} if node.func.name == "histogram_quantile" else labels
            for argument in node.args:
                yield from _walk(argument, frozenset(needed - made))


def _grouped(node: Any) -> frozenset[str]:
    modifier = node.modifier
    if modifier is None or modifier.type != promql.AggModifierType.By:
        return frozenset()
    return frozenset(modifier.labels)


def _matched(node: Any) -> frozenset[str]:
    matching = node.modifier.matching if node.modifier else None
    if matching is None or matching.type != promql.LabelModifierType.Include:
        return frozenset()
    return frozenset(matching.labels)
