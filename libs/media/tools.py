"""Where ffmpeg is, what it may use, and the argv prefix that holds it to that."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from libs.contracts.errors import UnavailableError

MIB = 1024 * 1024
STACK = 2 * MIB
"""Bytes of the stack of each thread of ffmpeg: it starts one for every input, and stacks count as memory.
Its arguments have a quarter of that."""
PRIVILEGES = ("--no-new-privs", "--pdeathsig", "KILL")

ExitObserver = Callable[[str, float, str], None]
"""Called once per process with the program (`ffmpeg`, `ffprobe`, `python`), its seconds of wall time and its
outcome: `ok`, `failed`, `timeout`, `cancelled`, or `stopped` (the reader wanted no more)."""


@dataclass(frozen=True)
class Limits:
    """Per process. `memory_bytes` is address space, `cpu_seconds` are summed over threads,
    `output_bytes` is the largest file it may write, `threads` how many a codec starts (0: ffmpeg
    decides), `niceness` (0…19) is how much they leave to others on the machine. Address space, CPU and files
    are limited on Linux only."""

    memory_bytes: int = 6144 * MIB
    probe_memory_bytes: int = 2048 * MIB
    cpu_seconds: int = 6 * 3600
    output_bytes: int = 64 * 1024 * MIB
    open_files: int = 1024
    threads: int = 0
    niceness: int = 0


@dataclass(frozen=True)
class Tools:
    """The programs (names on PATH or absolute paths), their limits, and who wants to know of exits.

    `python` runs our own code on hostile media (`libs.media.cut`), held like the others.
    """

    ffmpeg: str = "ffmpeg"
    ffprobe: str = "ffprobe"
    python: str = sys.executable
    limits: Limits = field(default_factory=Limits)
    on_exit: ExitObserver | None = None

    def path(self, program: str) -> str:
        """Absolute path of `ffmpeg`, `ffprobe` or `python`; `UnavailableError` when it is not installed."""
        found = _which({"ffmpeg": self.ffmpeg, "ffprobe": self.ffprobe, "python": self.python}[program])
        if found is None:
            raise UnavailableError(f"{program} is not installed on this machine.")
        return found


def confinement(limits: Limits, program: str = "ffmpeg") -> list[str]:
    """The argv prefix that sets resource limits and ties the child's life to ours.

    `setpriv --pdeathsig` (util-linux) has the kernel kill the child when the thread that started it
    ends, so that a SIGKILL of the service leaves no encoder behind. Empty where the tools are missing.
    """
    if sys.platform != "linux":
        return []
    prefix: list[str] = []
    if limits.niceness and program != "ffprobe" and (nice := _which("nice")):  # for a probe somebody waits
        prefix += [nice, "-n", str(limits.niceness)]
    if setpriv := _working_setpriv():
        prefix += [setpriv, *PRIVILEGES, "--"]
    if prlimit := _which("prlimit"):
        prefix += [
            prlimit,
            f"--as={limits.probe_memory_bytes if program == 'ffprobe' else limits.memory_bytes}",
            f"--cpu={limits.cpu_seconds}:{limits.cpu_seconds + 5}",
            f"--fsize={limits.output_bytes}",
            f"--nofile={limits.open_files}",
            *([f"--stack={STACK}"] if program == "ffmpeg" else []),
            "--core=0",
            "--",
        ]
    return prefix


@lru_cache
def _which(name: str) -> str | None:
    return shutil.which(name)


@lru_cache
def _working_setpriv() -> str | None:
    """BusyBox has a setpriv without `--pdeathsig`, and some sandboxes forbid it: try it once."""
    setpriv, true = _which("setpriv"), _which("true")
    if setpriv is None or true is None:
        return None
    tried = subprocess.run([setpriv, *PRIVILEGES, "--", true], capture_output=True, check=False)
    return setpriv if tried.returncode == 0 else None
