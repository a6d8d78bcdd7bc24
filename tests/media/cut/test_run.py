"""The cutter's process: what it answers, how it ends, what it leaves."""

from __future__ import annotations

from pathlib import Path

import anyio
import msgspec
import psutil
import pytest

from libs.contracts.errors import (
    CancelledTaskError,
    InternalError,
    MediaError,
    NotFoundError,
    ReelbusError,
    TaskTimeoutError,
    TooLargeError,
    UnavailableError,
)
from libs.contracts.graph import Output
from libs.media.cut.request import CutOutcome, CutRequest
from libs.media.cut.run import cut
from libs.media.cut.wire import Done, Failed, Progressed, encode
from libs.media.runner import ENVIRONMENT
from libs.media.tools import Limits, Tools
from tests.media.building import output
from tests.media.test_runner import alive, script

pytestmark = pytest.mark.anyio

KEPT = output(keep=True)


def request_of(tmp_path: Path, graph: Output = KEPT) -> CutRequest:
    return CutRequest(graph=graph, inputs={"ab" * 32: "/nowhere"}, destination=str(tmp_path / "out.mp4"))


def child(tmp_path: Path, body: str, *, resolving: str = "exit 9") -> Tools:
    """Stands in for Python: `body` is run for graphs that keep packets, `resolving` for the others. `$4` is
    the request, the destination is `out.mp4`."""
    text = f'if grep -q \'"keep":true\' "$4"; then\n{body}\nelse\n{resolving}\nfi'
    return Tools(python=script(tmp_path / "cutter", text))


def saying(line: Done | Failed | Progressed) -> str:
    return f"echo '{encode(line).decode().strip()}'"


def done(method: str | None = "smart", graph: Output = KEPT) -> str:
    return saying(Done(outcome=CutOutcome(graph=graph, method=method, copied_packets=7)))


async def run(tools: Tools, tmp_path: Path, graph: Output = KEPT, time_limit: float = 20) -> CutOutcome:
    return await cut(tools, request_of(tmp_path, graph), cwd=tmp_path, time_limit=time_limit)


def left(tmp_path: Path) -> set[str]:
    return {path.name for path in tmp_path.iterdir()} - {"cutter"}


async def gone(text: str) -> None:
    """Processes that were killed are reaped in their own time."""
    with anyio.fail_after(20):
        while alive(text):
            await anyio.sleep(0.02)


async def test_the_outcome_and_progress_come_as_they_are_said(tmp_path: Path) -> None:
    shares: list[float] = []
    lines = [saying(Progressed(done=share)) for share in (0.25, 0.5)]
    tools = child(tmp_path, "\n".join(["echo codec chatter", *lines, "echo x > out.mp4", done()]))
    outcome = await cut(tools, request_of(tmp_path), cwd=tmp_path, time_limit=20, on_progress=shares.append)
    assert outcome == CutOutcome(graph=KEPT, method="smart", copied_packets=7)
    assert shares == [0.25, 0.5]
    assert left(tmp_path) == {"out.mp4"}


async def test_it_is_held_like_ffmpeg_and_asked_in_a_file(tmp_path: Path) -> None:
    exits: list[tuple[str, str]] = []
    body = f'env > env; echo "$@" > argv; cp "$4" request; ulimit -v > memory; {done(None)}'
    tools = child(tmp_path, body)
    tools = Tools(
        python=tools.python,
        limits=Limits(memory_bytes=1 << 30),
        on_exit=lambda program, seconds, outcome: exits.append((program, outcome)),
    )
    await run(tools, tmp_path)
    names = {line.partition("=")[0] for line in (tmp_path / "env").read_text().split()}
    assert names <= {*ENVIRONMENT, "PWD"}
    assert (tmp_path / "argv").read_text().startswith("-I -m libs.media.cut ")
    assert int((tmp_path / "memory").read_text()) == 1 << 20
    assert msgspec.json.decode((tmp_path / "request").read_bytes(), type=CutRequest) == request_of(tmp_path)
    assert exits == [("python", "ok")]


async def test_a_named_error_is_raised_with_its_words(tmp_path: Path) -> None:
    words = saying(Failed(code="not_found", message="Gone.", details={"key": "a"}))
    with pytest.raises(NotFoundError, match=r"Gone\.") as raised:
        await run(child(tmp_path, f"echo x > out.mp4; {words}; exit 1"), tmp_path)
    assert raised.value.details == {"key": "a"}
    assert not left(tmp_path)


@pytest.mark.parametrize(
    "death",
    [
        "kill -SEGV $$",
        "kill -ABRT $$",
        "echo 'KeyError: 3' >&2; exit 1",
        "echo MemoryError >&2; exit 1",
        "exit 0",
        f"{done()}; exit 3",
        "echo not json; echo '{}'",
    ],
)
async def test_a_crash_leaves_the_graph_to_be_encoded(tmp_path: Path, death: str) -> None:
    exact = msgspec.structs.replace(KEPT, keep=False, notes=["resolved"])
    tools = child(tmp_path, f"echo half > out.mp4; {death}", resolving=done(None, exact))
    outcome = await run(tools, tmp_path)
    assert (outcome.method, outcome.graph) == (None, msgspec.structs.replace(exact, keep=True))
    assert outcome.reason
    assert not left(tmp_path)


@pytest.mark.parametrize(
    ("death", "error"),
    [
        ("kill -SEGV $$", MediaError),
        ("echo 'KeyError: 3' >&2; exit 1", MediaError),
        ("exit 0", InternalError),
        (done("smart"), InternalError),
    ],
)
@pytest.mark.parametrize("keep", [True, False])
async def test_a_crash_over_the_graph_itself_is_a_named_error(
    tmp_path: Path, death: str, error: type[ReelbusError], keep: bool
) -> None:
    graph = msgspec.structs.replace(KEPT, keep=keep)
    with pytest.raises(error):
        await run(child(tmp_path, death, resolving=death), tmp_path, graph)
    assert not left(tmp_path)


@pytest.mark.parametrize(
    ("death", "error"),
    [
        ("kill -KILL $$", UnavailableError),
        ("kill -XCPU $$", TaskTimeoutError),
        ("echo 'OSError: [Errno 28] No space left on device' >&2; exit 1", UnavailableError),
        ("echo 'OSError: [Errno 27] File too large' >&2; exit 1", TooLargeError),
        ("kill -XFSZ $$", TooLargeError),
    ],
)
async def test_what_is_no_fault_of_the_cutter_is_raised(
    tmp_path: Path, death: str, error: type[ReelbusError]
) -> None:
    with pytest.raises(error):
        await run(child(tmp_path, f"echo half > out.mp4; {death}", resolving=done(None)), tmp_path)
    assert not left(tmp_path)


async def test_an_outcome_without_a_method_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_text("of an earlier attempt")
    tools = child(tmp_path, f"test ! -e out.mp4 || exit 9; echo x > out.mp4; {done(None)}")
    assert (await run(tools, tmp_path)).method is None
    assert not left(tmp_path)


async def test_a_file_that_was_promised_must_be_there(tmp_path: Path) -> None:
    assert (await run(child(tmp_path, done(), resolving=done(None)), tmp_path)).method is None


async def test_the_time_limit_ends_it(tmp_path: Path) -> None:
    with pytest.raises(TaskTimeoutError):
        await run(child(tmp_path, "echo x > out.mp4; sleep 98761"), tmp_path, time_limit=0.4)
    await gone("sleep 98761")
    assert not left(tmp_path)


async def test_cancellation_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    tools = child(tmp_path, "trap '' TERM; echo x > out.mp4; sleep 98762 & while :; do sleep 0.1; done")
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(run, tools, tmp_path)
            with anyio.fail_after(20):
                while not (tmp_path / "out.mp4").exists():
                    await anyio.sleep(0.01)
            scope.cancel()
    assert scope.cancelled_caught
    await gone("sleep 98762")
    await gone(str(tmp_path / "cutter"))
    assert not left(tmp_path)


async def test_an_error_of_the_callback_ends_it_and_is_raised_as_it_is(tmp_path: Path) -> None:
    def refuse(share: float) -> None:
        raise CancelledTaskError("Enough.")

    tools = child(tmp_path, f"{saying(Progressed(done=0.1))}; sleep 98763", resolving=done(None))
    with pytest.raises(CancelledTaskError):
        await cut(tools, request_of(tmp_path), cwd=tmp_path, time_limit=20, on_progress=refuse)
    await gone("sleep 98763")


async def test_the_real_process_starts_without_our_environment(tmp_path: Path, tools: Tools) -> None:
    """Isolated Python finds the cutter, and the cutter says what it misses."""
    with pytest.raises(NotFoundError):
        await run(tools, tmp_path, KEPT)
    assert not [p for p in psutil.Process().children(recursive=True) if "libs.media.cut" in p.cmdline()]
    assert not left(tmp_path)
