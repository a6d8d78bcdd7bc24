"""How many processors this process may use at once: a container sees those of its node, and has fewer."""

from __future__ import annotations

import math
import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def quota(root: Path = CGROUPS) -> int:
    """Processors, rounded up, that the container's control group allows in a period; 0 where it does not say,
    or allows no fewer than there are.

    Format: `cpu.max` of control groups 2 (quota or `max`, and period, microseconds), the files
    `cpu/cpu.cfs_quota_us` and `cpu.cfs_period_us` of control groups 1 (Linux, admin-guide/cgroup-v2.rst and
    scheduler/sched-bwc.rst).
    """
    try:
        allowed, period = _said(root)
    except (OSError, ValueError):  # no control groups, or a limit that is no number: none
        return 0
    granted = math.ceil(allowed / period) if allowed > 0 < period else 0
    return granted if granted < (os.cpu_count() or 1) else 0


def _said(root: Path) -> tuple[int, int]:
    """Quota and period; of no quota, `max`, raises `ValueError`."""
    if (second := root / "cpu.max").exists():
        allowed, period = second.read_text().split()
        return int(allowed), int(period)
    first = root / "cpu"
    return tuple(int((first / f"cpu.cfs_{each}_us").read_text()) for each in ("quota", "period"))  # type: ignore[return-value]  # two of them
