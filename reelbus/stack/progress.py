"""Shows a stack to the person at the terminal, one line per thing that happened."""

import time
from collections.abc import Callable

from reelbus.stack.state import Phase, ProcessState, ProcessStatus, StackState


class Progress:
    """Fed with whole states, in order; says each change once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._begun = time.monotonic()
        self._ready: set[str] = set()
        self._restarts: dict[str, int] = {}
        self._troubled: set[str] = set()
        self._phase: Phase | None = None

    def show(self, state: StackState) -> None:
        for process in state.processes:
            self._show_process(process, state.phase)
        if state.phase is not self._phase:
            self._phase = state.phase
            if state.phase is Phase.STOPPING:
                self._say("Stopping …")
            elif state.phase is Phase.STOPPED:
                self._say("Stopped.")

    def _show_process(self, process: ProcessStatus, phase: Phase) -> None:
        name = process.name
        if process.state is ProcessState.READY:
            self._show_ready(process)
        elif process.state is ProcessState.BACKOFF and self._restarts.get(name) != process.restarts:
            self._restarts[name] = process.restarts
            self._troubled.add(name)
            self._say(f"  ✗ {name:<14} {process.detail}; restarting")
        elif process.state is ProcessState.UNREADY and phase is Phase.READY and name not in self._troubled:
            self._troubled.add(name)
            self._say(f"  ✗ {name:<14} not ready: {process.detail}")

    def _show_ready(self, process: ProcessStatus) -> None:
        if process.name in self._troubled:
            self._troubled.discard(process.name)
            self._ready.add(process.name)
            self._say(f"  ✓ {process.name:<14} ready again")
        elif process.name not in self._ready:
            self._ready.add(process.name)
            self._say(f"  ✓ {process.name:<14} ready  {time.monotonic() - self._begun:5.1f} s")
