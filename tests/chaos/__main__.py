"""`python -m tests.chaos`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import machine
from tests.chaos import report
from tests.chaos.judge import judge
from tests.chaos.plan import PACE, make_plan
from tests.chaos.run import KILLING, run

_ROLLING_PACE = 0.6
"""Seconds between two jobs, so that users are at work during all restarts."""


def main(
    *,
    seed: Annotated[int, typer.Option(help="The same seed asks, cancels and kills the same.")] = 5,
    jobs: Annotated[int, typer.Option(help="Jobs of all users together.", min=1, max=1600)] = 300,
    users: Annotated[int, typer.Option(help="Users, each with as many jobs.", min=1, max=50)] = 10,
    output: Annotated[Path | None, typer.Option(help="Where the JSON goes.")] = None,
    calm: Annotated[bool, typer.Option("--calm", help="Kill nobody, to compare with.")] = False,
    rolling: Annotated[
        bool, typer.Option("--rolling", help="Restart every process with notice, one by one.")
    ] = False,
    keep: Annotated[Path | None, typer.Option(help="Work in this folder, and keep it, logs and all.")] = None,
) -> None:
    """Kill workers and servers at random, or restart all services one by one, while users have videos edited,
    and see that nothing is lost."""
    console = Console(highlight=False)
    horizon, pace = (0.0, _ROLLING_PACE) if rolling else (0.0 if calm else KILLING, PACE)
    plan = make_plan(seed, jobs=jobs, users=users, horizon=horizon, pace=pace)
    with tempfile.TemporaryDirectory(prefix="reelbus-chaos-") as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        record = run(
            plan, folder.resolve(), lambda text: console.print(f"{text} …", markup=False), rolling=rolling
        )
    violations = judge(plan.orders, record)
    report.show(console, record, violations)
    report.save(output or _file(rolling), seed, machine.facts(), record, violations)
    if violations:
        raise typer.Exit(1)


def _file(rolling: bool) -> Path:
    return Path(".chaos") / ("rolling.json" if rolling else "results.json")


if __name__ == "__main__":
    typer.run(main)
