"""What the person sees: colours and bars on a terminal, plain lines everywhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

STEP = 25
"""Per cent between two plain lines."""


class Bars(Protocol):
    """One bar a name; `percent` is 0…100, `note` says what is going on."""

    def show(self, name: str, percent: float, note: str) -> None: ...


class Screen:
    def __init__(self, console: Console, *, lively: bool) -> None:
        self.console = console
        self.lively = lively

    @classmethod
    def make(cls) -> "Screen":
        console = Console(highlight=False, soft_wrap=True)
        return cls(console, lively=console.is_terminal and not console.is_dumb_terminal)

    def say(self, text: str = "", style: str | None = None) -> None:
        self.console.print(text, style=style, markup=False)

    @contextmanager
    def bars(self) -> Iterator[Bars]:
        if not self.lively:
            yield _Lines(self)
            return
        columns = (
            TextColumn("  {task.description:<20}"),
            BarColumn(32),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=self.console) as progress:
            yield _Lively(progress)


class _Lively:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, name: str, percent: float, note: str) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=100, note=note)
        self._progress.update(self._tasks[name], completed=percent, note=note)


class _Lines:
    """A line for each new note and each quarter of the way."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._said: dict[str, tuple[int, str]] = {}

    def show(self, name: str, percent: float, note: str) -> None:
        said = (int(percent) // STEP, note)
        if self._said.get(name) != said:
            self._said[name] = said
            self._screen.say(f"  {name:<20} {int(percent):>3} %  {note}")
