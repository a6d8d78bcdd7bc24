"""Run the cutter in its confined process."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic

import msgspec

from libs.contracts.errors import InternalError, MediaError, ReelbusError, TaskTimeoutError, error_of
from libs.media.cut.request import CutOutcome, CutRequest
from libs.media.cut.spare import MODULE, Spares
from libs.media.cut.wire import Done, Failed, Progressed, decode
from libs.media.runner import Reader, stream
from libs.media.tools import Tools

log = logging.getLogger(__name__)

CRASHED = "The cutter ended unexpectedly."


async def cut(
    tools: Tools,
    request: CutRequest,
    *,
    cwd: Path,
    time_limit: float,
    on_progress: Callable[[float], None] | None = None,
    spares: Spares | None = None,
) -> CutOutcome:
    """Resolve the graph of `request` and, when it keeps packets, try to write its destination. One of
    `spares` does it, if one is ready.

    Runs in the scratch directory `cwd` for at most `time_limit` seconds. On anything but an outcome with a
    method, cancellation too, nothing is left at the destination and no process is left. When the process
    dies over keeping packets, the graph is resolved by another one, to be encoded. Raises the named errors of
    the cutter, what `reasons.failure` makes of a death, and `TaskTimeoutError`.
    """
    deadline, destination = monotonic() + time_limit, Path(request.destination)
    with _nothing_unfinished(destination) as keep:
        try:
            process = _process(tools, request, cwd, time_limit, spares)
            outcome = await _run(process, request, on_progress)
        except _DiedError as death:
            cause = death.cause
            log.warning("the cutter died", extra={"error": cause.message, **cause.details})
            if not request.graph.keep or not isinstance(cause, MediaError | InternalError):
                raise cause from death
            outcome = await _resolve(tools, request, cwd, max(deadline - monotonic(), 1.0))
            reason = f"{CRASHED} {cause.details.get('reason', cause.message)}"
            outcome = msgspec.structs.replace(outcome, method=None, reason=reason)
        if outcome.method is not None:
            keep()
    return outcome


class _DiedError(Exception):
    """The process ended without an answer; `cause` is the named error of that."""

    def __init__(self, cause: ReelbusError) -> None:
        super().__init__(cause.message)
        self.cause = cause


async def _resolve(tools: Tools, request: CutRequest, cwd: Path, time_limit: float) -> CutOutcome:
    """The outcome of a request whose packets are better not kept."""
    graph = msgspec.structs.replace(request.graph, keep=False)
    try:
        request = msgspec.structs.replace(request, graph=graph)
        outcome = await _run(_process(tools, request, cwd, time_limit, None), request, None)
    except _DiedError as death:
        raise death.cause from death
    resolved = msgspec.structs.replace(outcome.graph, keep=True)
    return msgspec.structs.replace(outcome, graph=resolved)


@asynccontextmanager
async def _process(
    tools: Tools, request: CutRequest, cwd: Path, time_limit: float, spares: Spares | None
) -> AsyncIterator[Reader]:
    """What a cutter says to `request`."""
    asked = msgspec.json.encode(request)
    if spares and (spare := spares.take()):
        async with spare.working(asked, time_limit) as reader:
            yield reader
        return
    with NamedTemporaryFile(dir=cwd, prefix="cut-", suffix=".json") as file:
        file.write(asked)
        file.flush()
        async with stream(tools, "python", [*MODULE, file.name], time_limit=time_limit, cwd=cwd) as reader:
            yield reader


async def _run(
    process: AbstractAsyncContextManager[Reader],
    request: CutRequest,
    on_progress: Callable[[float], None] | None,
) -> CutOutcome:
    """One process. Raises its named error, `TaskTimeoutError`, and `_DiedError`."""
    answer: Done | Failed | None = None
    problem: ReelbusError | None = None
    ended = False
    try:
        async with process as reader:
            async for text in reader.lines():
                line = decode(text)
                if isinstance(line, Progressed):
                    if on_progress:
                        on_progress(line.done)
                else:
                    answer = line
            ended = True
    except ReelbusError as error:
        if not ended or isinstance(error, TaskTimeoutError):
            raise
        problem = error
    if isinstance(answer, Failed):
        raise error_of(answer.code, answer.message, answer.details) from problem
    if problem or answer is None or (answer.outcome.method and not Path(request.destination).is_file()):
        raise _DiedError(problem or InternalError(CRASHED)) from problem
    return answer.outcome


@contextmanager
def _nothing_unfinished(path: Path) -> Iterator[Callable[[], None]]:
    """Nothing is at `path` before and after, unless the function given was called in between."""
    finished = False

    def keep() -> None:
        nonlocal finished
        finished = True

    path.unlink(missing_ok=True)
    try:
        yield keep
    finally:
        if not finished:
            path.unlink(missing_ok=True)
