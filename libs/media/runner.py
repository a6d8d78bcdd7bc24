"""The one place that runs programs on media (ffmpeg, ffprobe, our own in Python); it knows no codecs.

Every process gets its own session, an empty environment, resource limits, and a bounded share of our
memory. It dies with its caller's cancellation, with its time limit, and with this process (on Linux the
event loop must run in a thread that lives as long as the process, see `tools.confinement`).
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import anyio
from anyio.abc import ByteReceiveStream, Process

from libs.contracts.errors import InvalidInputError, MediaError, TaskTimeoutError
from libs.media.progress import Progress, ProgressParser
from libs.media.reasons import failure
from libs.media.tools import MIB, Limits, Tools, confinement

__all__ = ["Finished", "Limits", "Progress", "Reader", "Tools", "run_ffmpeg", "run_ffprobe", "stream"]

ENVIRONMENT = {
    "LANG": "C",
    "LC_ALL": "C",
    "MALLOC_ARENA_MAX": "4",
    "SVT_LOG": "1",
    "XDG_CACHE_HOME": os.path.expanduser("~/.cache"),
}
"""`SVT_LOG` keeps SVT-AV1 from greeting, which would be taken for damage; `XDG_CACHE_HOME` is where
fontconfig remembers the fonts of a user who is not root."""
_REMARKS = ("Fontconfig ",)
"""How lines begin that say nothing about the media: fontconfig has nowhere to write."""
FFMPEG_FLAGS = ("-nostdin", "-hide_banner", "-nostats", "-v", "error")
FLAGS = {"ffmpeg": FFMPEG_FLAGS, "ffprobe": ("-hide_banner", "-v", "error"), "python": ("-I",)}
STDERR_TAIL = 16 * 1024
TERM_GRACE = 0.3
CHUNK = 64 * 1024
DEVNULL, PIPE = -3, -1
"""As in `subprocess`."""


@dataclass(frozen=True)
class Finished:
    """A successful run: `seconds` of wall time and the tail of what it complained about."""

    seconds: float
    stderr: str

    @property
    def damaged(self) -> bool:
        """Whether ffmpeg met errors that it could work around (broken frames, a cut tail)."""
        return any(line.strip() and not line.startswith(_REMARKS) for line in self.stderr.splitlines())


async def run_ffmpeg(
    tools: Tools,
    args: Sequence[str],
    *,
    cwd: Path,
    time_limit: float,
    stall_limit: float = 300.0,
    on_progress: Callable[[Progress], None] | None = None,
) -> Finished:
    """Run ffmpeg with `args` in the scratch directory `cwd`, for at most `time_limit` seconds.

    Raises what `reasons.failure` makes of a failure, `TaskTimeoutError`, `InvalidInputError` for more `args`
    than a process can have, and `MediaError` when nothing more is written for `stall_limit` seconds (some
    filters wait forever on some broken files). On cancellation, or when `on_progress` raises, the whole
    process group is dead before this returns.
    """
    with _pipe() as (reading, writing):
        flags = [*FFMPEG_FLAGS, "-stats_period", "0.25", "-progress", f"pipe:{writing.fd}"]
        async with _child(
            tools,
            "ffmpeg",
            [*flags, *args],
            cwd=cwd,
            time_limit=time_limit,
            stdout=DEVNULL,
            pass_fds=(writing.fd,),
        ) as child:
            writing.close()
            await _follow(reading.fd, on_progress, stall_limit)
    return Finished(child.seconds, child.stderr)


async def run_ffprobe(
    tools: Tools,
    args: Sequence[str],
    *,
    time_limit: float,
    max_output: int = 16 * MIB,
    cwd: Path | None = None,
) -> bytes:
    """What ffprobe writes to stdout. Raises as `run_ffmpeg`; `MediaError` beyond `max_output` bytes."""
    collected = bytearray()
    async with stream(tools, "ffprobe", args, time_limit=time_limit, cwd=cwd) as reader:
        async for chunk in reader.chunks():
            collected += chunk
            if len(collected) > max_output:
                raise MediaError("This file describes itself at an unreasonable length.")
    return bytes(collected)


@asynccontextmanager
async def stream(
    tools: Tools, program: str, args: Sequence[str], *, time_limit: float, cwd: Path | None = None
) -> AsyncIterator[Reader]:
    """Run `program`, one of `FLAGS`, and read its stdout as it comes; unread output makes it wait.

    Leaving the block early stops the process and is no failure; leaving it at the end of the output
    raises as `run_ffmpeg`.
    """
    argv, where = [*FLAGS[program], *args], cwd or Path("/")
    async with _child(tools, program, argv, cwd=where, time_limit=time_limit, stdout=PIPE) as child:
        assert child.process.stdout is not None
        reader = Reader(child.process.stdout)
        yield reader
        child.abandoned = not reader.ended


@dataclass
class Reader:
    """The stdout of a process, read once in one of three shapes."""

    source: ByteReceiveStream
    ended: bool = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Bytes in pieces of at most 64 KiB."""
        while True:
            try:
                chunk = await self.source.receive(CHUNK)
            except anyio.EndOfStream:
                break
            yield chunk
        self.ended = True

    async def blocks(self, size: int) -> AsyncIterator[bytes]:
        """Pieces of exactly `size` bytes, such as raw frames; an incomplete last one is dropped."""
        buffer = bytearray()
        async for chunk in self.chunks():
            buffer += chunk
            while len(buffer) >= size:
                yield bytes(buffer[:size])
                del buffer[:size]

    async def lines(self, longest: int = 16 * MIB) -> AsyncIterator[str]:
        """Lines without their ends, decoded as UTF-8 with replacements. `MediaError` when one has more than
        `longest` bytes."""
        rest = b""
        async for chunk in self.chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > longest:
                raise MediaError("This file describes itself at an unreasonable length.")
            for line in whole:
                yield line.decode("utf-8", "replace")
        if rest:
            yield rest.decode("utf-8", "replace")


@dataclass
class _Child:
    process: Process
    tail: bytearray = field(default_factory=bytearray)
    abandoned: bool = False
    seconds: float = 0.0

    @property
    def stderr(self) -> str:
        return self.tail.decode("utf-8", "replace")

    async def drain_stderr(self) -> None:
        assert self.process.stderr is not None
        async for chunk in self.process.stderr:
            self.tail += chunk
            del self.tail[:-STDERR_TAIL]


@asynccontextmanager
async def _child(
    tools: Tools,
    program: str,
    argv: Sequence[str],
    *,
    cwd: Path,
    time_limit: float,
    stdout: int,
    pass_fds: Sequence[int] = (),
) -> AsyncIterator[_Child]:
    started, outcome = monotonic(), "cancelled"
    command = [*confinement(tools.limits, program), tools.path(program), *argv]
    try:
        with anyio.CancelScope(shield=True):  # a cancelled start kills the leader alone, not its group
            process = await anyio.open_process(
                command, stdin=DEVNULL, stdout=stdout, stderr=PIPE, cwd=cwd, env=ENVIRONMENT,
                start_new_session=True, pass_fds=pass_fds,
            )  # fmt: skip
    except OSError as error:
        if error.errno != errno.E2BIG:
            raise
        raise InvalidInputError("This is made of too much to be done at once.") from error
    child, problem = _Child(process), None
    try:
        with anyio.move_on_after(time_limit) as deadline:
            async with anyio.create_task_group() as group:
                group.start_soon(child.drain_stderr)
                try:
                    yield child
                    if not child.abandoned:
                        await process.wait()
                except Exception as error:  # a task group would wrap it; it is raised below, as it is
                    problem = error
                finally:
                    await _stop(process)
        child.seconds = monotonic() - started
        outcome = _outcome(child, problem, timed_out=deadline.cancelled_caught)
        if outcome == "timeout":
            raise TaskTimeoutError(f"The work took longer than its limit of {time_limit:g} s.")
    finally:
        with anyio.CancelScope(shield=True):
            await process.aclose()
        if tools.on_exit:
            tools.on_exit(program, monotonic() - started, outcome)
    if problem is not None:
        raise problem
    if outcome == "failed":
        raise failure(child.stderr, process.returncode or 0)


def _outcome(child: _Child, problem: Exception | None, *, timed_out: bool) -> str:
    if timed_out:
        return "timeout"
    if child.abandoned or problem is not None:
        return "stopped"
    return "ok" if child.process.returncode == 0 else "failed"


async def _stop(process: Process) -> None:
    """Kill what is left of the process group and reap its leader; at once when it has ended by itself."""
    if process.returncode is not None:
        return
    with anyio.CancelScope(shield=True):
        _signal_group(process, signal.SIGTERM)
        with anyio.move_on_after(TERM_GRACE):
            await process.wait()
        _signal_group(process, signal.SIGKILL)
        await process.wait()


def _signal_group(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


@dataclass
class _End:
    fd: int
    closed: bool = False

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            os.close(self.fd)


@contextmanager
def _pipe() -> Iterator[tuple[_End, _End]]:
    reading, writing = map(_End, os.pipe())
    os.set_blocking(reading.fd, False)
    try:
        yield reading, writing
    finally:
        reading.close()
        writing.close()


async def _follow(fd: int, on_progress: Callable[[Progress], None] | None, stall_limit: float) -> None:
    """Report progress until the process closes its end."""
    parser, written = ProgressParser(), (-1, -1, -1.0)
    with anyio.move_on_after(stall_limit) as stall:
        while data := await _read(fd):
            for report in parser.feed(data):
                if on_progress:
                    on_progress(report)
                if written != (written := (report.frames, report.size, report.out_time_s)):
                    stall.deadline = anyio.current_time() + stall_limit
    if stall.cancelled_caught:
        raise MediaError("The work on this video stopped making progress.")


async def _read(fd: int) -> bytes:
    while True:
        await anyio.wait_readable(fd)
        with suppress(BlockingIOError):
            return os.read(fd, CHUNK)
