"""Figures, and how they are shown: a table, JSON, Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


@dataclass(frozen=True)
class Target:
    """The value must be at most (`<=`) or at least (`>=`) the limit."""

    sense: Literal["<=", ">="]
    limit: float

    def holds(self, value: float) -> bool:
        return value <= self.limit if self.sense == "<=" else value >= self.limit


@dataclass(frozen=True)
class Figure:
    """One number; `unit` is `x` for a ratio."""

    what: str
    value: float
    unit: str
    target: Target | None = None

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "pass" if self.target.holds(self.value) else "FAIL"

    @property
    def wanted(self) -> str:
        return f"{'≤' if self.target.sense == '<=' else '≥'} {self.target.limit:.3g}" if self.target else ""


@dataclass(frozen=True)
class Result:
    """What one measurement found, when, and how busy the machine was (load average of a minute, before
    and after). `details` are the raw samples and whatever helps to read the figures."""

    name: str
    figures: list[Figure]
    details: dict[str, Any] = field(default_factory=dict)
    when: str = ""
    quick: bool = False
    seconds: float = 0.0
    load: tuple[float, float] = (0.0, 0.0)


@dataclass
class Report:
    """All results, with the machine that they come from."""

    machine: dict[str, Any]
    results: dict[str, Result] = field(default_factory=dict)

    @property
    def missed(self) -> bool:
        return any(figure.verdict == "FAIL" for each in self.results.values() for figure in each.figures)


def save(report: Report, path: Path) -> None:
    """Write JSON; results of other measurements that the file holds already are kept."""
    kept = load(path).results if path.exists() else {}
    merged = Report(report.machine, {**kept, **report.results})
    path.write_text(json.dumps(asdict(merged), indent=1, ensure_ascii=False) + "\n")


def load(path: Path) -> Report:
    raw = json.loads(path.read_text())
    return Report(raw["machine"], {name: _result(each) for name, each in raw["results"].items()})


def _result(raw: dict[str, Any]) -> Result:
    figures = [
        Figure(**{**each, "target": Target(**each["target"]) if each["target"] else None})
        for each in raw["figures"]
    ]
    return Result(**{**raw, "figures": figures, "load": tuple(raw["load"])})


def show(report: Report, console: Console) -> None:
    table = Table(title="Reelbus benchmarks", title_justify="left")
    for column in ("measurement", "figure", "value", "target", ""):
        table.add_column(column, justify="right" if column == "value" else "left")
    for name, what, value, wanted, verdict in _rows(report.results.values()):
        style = {"pass": "green", "FAIL": "bold red"}.get(verdict, "")
        table.add_row(name, what, value, wanted, f"[{style}]{verdict}[/]" if style else "")
    console.print(table)
    console.print(", ".join(f"{key} {value}" for key, value in report.machine.items()), markup=False)


def write_markdown(report: Report, page: Path) -> None:
    """Put the figures between the markers of `page`."""
    text = page.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{page} has no markers {BEGIN} and {END}.")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    page.write_text(f"{before}{BEGIN}\n{_markdown(report)}\n{END}{after}")


def _markdown(report: Report) -> str:
    lines = ["| measurement | figure | value | target | |", "|---|---|---:|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in _rows(report.results.values())]
    runs = [
        f"`{each.name}` {each.when}{' (--quick)' if each.quick else ''}, {each.seconds:.0f} s,"
        f" load {each.load[0]:.1f} → {each.load[1]:.1f}"
        for each in report.results.values()
    ]
    machine = "; ".join(f"{key}: {value}" for key, value in report.machine.items())
    return "\n".join([*lines, "", f"Machine: {machine}.", "", "Runs: " + "; ".join(runs) + "."])


def _rows(results: Iterable[Result]) -> Iterable[tuple[str, str, str, str, str]]:
    for each in results:
        for position, figure in enumerate(each.figures):
            name = each.name if position == 0 else ""
            yield name, figure.what, _number(figure.value, figure.unit), figure.wanted, figure.verdict


def _number(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f} {unit}".rstrip()
