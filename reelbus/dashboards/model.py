"""Grafana dashboards as values, and their JSON. Only what these dashboards use."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

RUNBOOKS = "docs/operations/runbooks"
TAG = "reelbus"
_WIDTH = 24
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}

Kind = Literal["timeseries", "stat", "table"]


@dataclass(frozen=True)
class Query:
    """A PromQL expression; `legend` names its lines, as Grafana has it (`{{component}}`). `quiet` ones may
    have nothing to show while all is well."""

    expr: str
    legend: str = ""
    quiet: bool = False


@dataclass(frozen=True)
class Panel:
    """`unit` is an id of Grafana's. `alerts` are those whose runbooks help when this looks bad; `limits` are
    the values from which on it is yellow and red."""

    title: str
    description: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: Kind = "timeseries"
    width: int = 8
    height: int = 7
    stack: bool = False
    alerts: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Variable:
    """A choice of label values; all by default."""

    name: str
    label: str
    query: str


NAMESPACE = Variable("namespace", "Namespace", "label_values(reelbus_build_info, namespace)")


@dataclass(frozen=True)
class Dashboard:
    """`uid` is what links name: it never changes."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = field(default=())

    @property
    def queries(self) -> list[Query]:
        return [query for row in self.rows for panel in row.panels for query in panel.queries]

    def text(self) -> str:
        """The file for Grafana."""
        return json.dumps(self._json(), indent=1, ensure_ascii=False) + "\n"

    def _json(self) -> dict[str, Any]:
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": [TAG],
            "schemaVersion": 39,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "timezone": "browser",
            "links": [_dashboards_link()],
            "templating": {"list": [_datasource(), *map(_variable, self.variables)]},
            "annotations": {"list": [_alerts()]},
            "panels": _placed(self.rows),
        }


def _placed(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """Panels from left to right, rows from top to bottom."""
    placed: list[dict[str, Any]] = []
    y = 0
    for row in rows:
        placed.append(_row(row, len(placed) + 1, y))
        y += 1
        x = tallest = 0
        for panel in row.panels:
            if x + panel.width > _WIDTH:
                x, y, tallest = 0, y + tallest, 0
            placed.append(_panel(panel, len(placed) + 1, x, y))
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest
    return placed


def _row(row: Row, number: int, y: int) -> dict[str, Any]:
    place = {"x": 0, "y": y, "w": _WIDTH, "h": 1}
    return {
        "id": number,
        "type": "row",
        "title": row.title,
        "collapsed": False,
        "gridPos": place,
        "panels": [],
    }


def _panel(panel: Panel, number: int, x: int, y: int) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": _described(panel),
        "datasource": _SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "targets": [_target(query, at, panel.kind) for at, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _OPTIONS[panel.kind],
        "links": [{"title": name, "url": f"/alerting/list?search={name}"} for name in panel.alerts],
    }


def _described(panel: Panel) -> str:
    books = ", ".join(f"{RUNBOOKS}/{name}.md" for name in panel.alerts)
    return f"{panel.description}\n\nRunbooks: {books}" if books else panel.description


def _target(query: Query, at: int, kind: Kind) -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + at),
        "datasource": _SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": kind != "timeseries",
        "range": kind == "timeseries",
        **({"format": "table"} if kind == "table" else {}),
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limits:
        steps += [
            {"color": color, "value": at} for color, at in zip(("yellow", "red"), panel.limits, strict=True)
        ]
    defaults: dict[str, Any] = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.kind == "timeseries":
        defaults["min"] = 0
        defaults["custom"] = {
            "fillOpacity": 30 if panel.stack else 8,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stack else "none"},
            "thresholdsStyle": {"mode": "line" if panel.limits else "off"},
        }
    return defaults


_OPTIONS: dict[Kind, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "background", "graphMode": "none"},
    "table": {"showHeader": True},
}


def _dashboards_link() -> dict[str, Any]:
    return {
        "type": "dashboards",
        "title": "Reelbus",
        "tags": [TAG],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
    }


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _variable(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": variable.query, "refId": variable.name},
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
        "sort": 1,
    }


def _alerts() -> dict[str, Any]:
    return {
        "name": "Alerts",
        "datasource": _SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": 'ALERTS{alertname=~"Reelbus.+",alertstate="firing"}',
        "titleFormat": "{{alertname}}",
        "textFormat": "{{component}}{{service}} {{instance}}",
    }
