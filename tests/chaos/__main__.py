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
from tests.chaos.plan import make_plan
from tests.chaos.run import KILLING, run


def main(
    *,
    seed: Annotated[int, typer.Option(help="The same seed asks, cancels and kills the same.")] = 5,
    jobs: Annotated[int, typer.Option(help="Jobs of all users together.", min=1, max=1600)] = 300,
    users: Annotated[int, typer.Option(help="Users, each with as many jobs.", min=1, max=50)] = 10,
    output: Annotated[Path, typer.Option(help="Where the JSON goes.")] = Path(".chaos/results.json"),
    calm: Annotated[bool, typer.Option("--calm", help="Kill nobody, to compare with.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Work in this folder, and keep it, logs and all.")] = None,
) -> None:
    """Kill workers and servers at random while users have videos edited, and see that nothing is lost."""
    console = Console(highlight=False)
    plan = make_plan(seed, jobs=jobs, users=users, horizon=0.0 if calm else KILLING)
    with tempfile.TemporaryDirectory(prefix="reelbus-chaos-") as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        record = run(plan, folder.resolve(), lambda text: console.print(f"{text} …", markup=False))
    violations = judge(plan.orders, record)
    report.show(console, record, violations)
    report.save(output, seed, machine.facts(), record, violations)
    if violations:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
