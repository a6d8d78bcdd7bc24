"""Grafana dashboards: `boards` says which there are, `rows` what they share, `model` makes JSON of it."""

from __future__ import annotations

from pathlib import Path

from reelbus.dashboards.boards import dashboards

FOLDER = Path("deploy/monitoring/dashboards")


def pages() -> dict[Path, str]:
    """What every file of `deploy/monitoring/dashboards` should hold."""
    return {FOLDER / f"{board.uid.removeprefix('reelbus-')}.json": board.text() for board in dashboards()}
