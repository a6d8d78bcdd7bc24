"""The findings of a run, on the terminal and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.figures import Waits, counts, fairness, waits
from tests.chaos.records import Record
from tests.chaos.violation import Violation

_SHOWN = 50
"""Violations on the terminal at most; the file has all."""


def show(console: Console, record: Record, violations: list[Violation]) -> None:
    by_user = waits(record)
    console.print(_table(by_user))
    console.print(f"fairness (largest p90 over smallest): {fairness(by_user):.2f}")
    for what, value in counts(record).items():
        words = ", ".join(f"{key} {n}" for key, n in value.items()) if isinstance(value, dict) else value
        console.print(f"{what}: {words or 'none'}", markup=False)
    for each in violations[:_SHOWN]:
        console.print(f"{each.kind}: {each.what}", style="red", markup=False)
    verdict = f"[red]{len(violations)} violations[/]" if violations else "[green]no violations[/]"
    console.print(verdict)


def save(path: Path, seed: int, machine: dict[str, str], record: Record, violations: list[Violation]) -> None:
    by_user = waits(record)
    found = {
        "seed": seed,
        "machine": machine,
        **counts(record),
        "fairness": round(fairness(by_user), 2),
        "waits": {user: asdict(each) for user, each in by_user.items()},
        "violations": [asdict(each) for each in violations],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def _table(by_user: dict[str, Waits]) -> Table:
    table = Table(title="Seconds from creation to the first claimed task", title_justify="left")
    for column in ("user", "jobs", "p50", "p90", "max"):
        table.add_column(column, justify="left" if column == "user" else "right")
    for user, each in by_user.items():
        table.add_row(
            user, str(each.count), *(f"{value:.2f}" for value in (each.p50, each.p90, each.longest))
        )
    return table
