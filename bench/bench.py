"""What every measurement gets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from statistics import median

from bench.clips import Clips
from bench.stack import Stack


class Bench:
    """`folder` is for files of this run; `quick` asks for a rough figure soon."""

    def __init__(self, folder: Path, stack: ExitStack, say: Callable[[str], None], *, quick: bool) -> None:
        self.folder = folder
        self.quick = quick
        self.say = say
        self.clips = Clips(folder)
        self._exit = stack

    @cached_property
    def stack(self) -> Stack:
        """The stack that all measurements share, started on first use."""
        self.say("starting a stack …")
        return self._exit.enter_context(Stack(self.folder / "stack"))

    def rounds(self, usual: int) -> int:
        return 1 if self.quick else usual


def ratio(measured: list[float], compared: list[float]) -> float:
    """Median of the measured over median of what was measured beside it."""
    return median(measured) / median(compared)
