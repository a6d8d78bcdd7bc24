"""`python -m bench`."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import machine, report
from bench.bench import Bench
from bench.measurements import MEASUREMENTS
from bench.report import Report

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
WIDTH = 130
"""Columns of the table where there is no terminal."""

NAMES = ", ".join(MEASUREMENTS)


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {NAMES}; may be repeated.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Rough figures soon: less data, one round.")] = False,
    output: Annotated[Path, typer.Option(help="Where the JSON goes.")] = HERE / "results.json",
    markdown: Annotated[
        bool, typer.Option("--markdown", help=f"Only put the results into {PAGE.name}; measure nothing.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when a target is missed.")] = False,
) -> None:
    """Measure Reelbus against what it is built on, on this machine."""
    if markdown:
        report.write_markdown(report.load(output), PAGE)
        return
    chosen = only or list(MEASUREMENTS)
    if unknown := set(chosen) - set(MEASUREMENTS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}; there are {NAMES}", param_hint="--only")
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    found = Report(machine.facts())
    with tempfile.TemporaryDirectory(prefix="reelbus-bench-") as folder, ExitStack() as stack:
        bench = Bench(Path(folder), stack, lambda text: console.print(f"  {text}", markup=False), quick=quick)
        for name in (each for each in MEASUREMENTS if each in chosen):
            console.print(f"{name} …", style="bold")
            _measure(bench, name, found, output)
    report.show(found, console)
    if strict and found.missed:
        raise typer.Exit(1)


def _measure(bench: Bench, name: str, found: Report, output: Path) -> None:
    begun, before = time.monotonic(), machine.load()
    result = MEASUREMENTS[name](bench)
    found.results[name] = replace(
        result,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        quick=bench.quick,
        seconds=round(time.monotonic() - begun, 1),
        load=(round(before, 2), round(machine.load(), 2)),
    )
    report.save(found, output)


if __name__ == "__main__":
    typer.run(main)
