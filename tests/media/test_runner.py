"""Running processes: progress, limits, ends."""

from __future__ import annotations

import sys
from pathlib import Path
from time import monotonic
from typing import Any

import anyio
import psutil
import pytest

from libs.contracts.errors import (
    InvalidInputError,
    MediaError,
    TaskTimeoutError,
    TooLargeError,
    UnavailableError,
)
from libs.media.progress import Progress, ProgressParser
from libs.media.runner import Limits, Tools, run_ffmpeg, run_ffprobe, stream

pytestmark = pytest.mark.anyio

ENDLESS = ["-re", "-f", "lavfi", "-i", "testsrc2=s=160x120"]
ALLOWED = {"LANG", "LC_ALL", "MALLOC_ARENA_MAX", "SVT_LOG", "XDG_CACHE_HOME", "PWD"}
NULL = ["-f", "null", "-"]


def script(path: Path, body: str) -> str:
    """An executable that stands in for ffmpeg."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def alive(text: str) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if text in " ".join(p.info["cmdline"] or [])]


async def gone(text: str) -> None:
    """Until there is none: what was killed and is not our child may live for a moment on a busy machine."""
    with anyio.fail_after(10):
        while alive(text):
            await anyio.sleep(0.02)


async def test_progress_rises_and_ends(tools: Tools, tmp_path: Path) -> None:
    seen: list[Progress] = []
    args = ["-f", "lavfi", "-i", "testsrc2=s=160x120:d=2", *NULL]
    finished = await run_ffmpeg(tools, args, cwd=tmp_path, time_limit=30, on_progress=seen.append)
    assert [p.done for p in seen] == [False] * (len(seen) - 1) + [True]
    assert [p.frames for p in seen] == sorted(p.frames for p in seen)
    assert seen[-1].frames == 50
    assert seen[-1].out_time_s == pytest.approx(2.0)
    assert finished.seconds > 0
    assert not finished.damaged


def test_progress_is_parsed_whatever_the_pieces() -> None:
    text = b"frame=3\nout_time_us=N/A\ntotal_size=48\nspeed=1.5x\nprogress=continue\nframe=9\nprogress=end\n"
    for size in (1, 7, len(text)):
        parser = ProgressParser()
        reports = [r for i in range(0, len(text), size) for r in parser.feed(text[i : i + size])]
        assert reports == [Progress(frames=3, size=48, speed=1.5), Progress(frames=9, done=True)]


async def test_time_limit_ends_the_process(tmp_path: Path) -> None:
    exits: list[tuple[str, str]] = []
    tools = Tools(on_exit=lambda program, seconds, outcome: exits.append((program, outcome)))
    with pytest.raises(TaskTimeoutError):
        await run_ffmpeg(tools, [*ENDLESS, *NULL], cwd=tmp_path, time_limit=0.5)
    assert exits == [("ffmpeg", "timeout")]


async def test_work_that_stands_still_is_ended(tools: Tools, tmp_path: Path) -> None:
    hanging = ["-re", "-f", "lavfi", "-i", "testsrc2=s=64x64,select=lt(n\\,1)", *NULL]
    with pytest.raises(MediaError, match="progress"):
        await run_ffmpeg(tools, hanging, cwd=tmp_path, time_limit=30, stall_limit=1.0)


async def test_cancellation_kills_the_whole_group_within_two_seconds(tmp_path: Path) -> None:
    stubborn = f"trap '' TERM; sleep 987{tmp_path.name[-1]} & trap '' TERM; while :; do sleep 0.1; done"
    tools = Tools(ffmpeg=script(tmp_path / "stubborn", stubborn))
    started = monotonic()
    with anyio.move_on_after(0.4) as scope:
        await run_ffmpeg(tools, [], cwd=tmp_path, time_limit=60)
    assert scope.cancelled_caught
    assert monotonic() - started < 2.0
    await anyio.sleep(0.1)
    await gone(str(tmp_path / "stubborn"))
    await gone(f"sleep 987{tmp_path.name[-1]}")


async def test_a_start_that_is_cancelled_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine a process is at work before whoever started it knows of it."""
    start = anyio.open_process

    async def slow(*args: Any, **options: Any) -> Any:
        process = await start(*args, **options)
        await anyio.sleep(0.3)
        return process

    monkeypatch.setattr(anyio, "open_process", slow)
    tools = Tools(ffmpeg=script(tmp_path / "early", f"touch {tmp_path}/begun; sleep 98771"))
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: run_ffmpeg(tools, [], cwd=tmp_path, time_limit=60))
        while not (tmp_path / "begun").exists():
            await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    await gone(str(tmp_path / "early"))
    await gone("sleep 98771")


async def test_an_error_of_the_callback_stops_the_process_and_is_raised_as_it_is(tmp_path: Path) -> None:
    def refuse(progress: Progress) -> None:
        raise ZeroDivisionError

    exits: list[str] = []
    tools = Tools(on_exit=lambda program, seconds, outcome: exits.append(outcome))
    with pytest.raises(ZeroDivisionError):
        await run_ffmpeg(tools, [*ENDLESS, *NULL], cwd=tmp_path, time_limit=30, on_progress=refuse)
    assert exits == ["stopped"]


async def test_a_child_dies_with_its_killed_parent(tmp_path: Path) -> None:
    mark = f"comment={tmp_path.name}-orphan"
    program = (
        "import anyio; from pathlib import Path; from libs.media.runner import Tools, run_ffmpeg;"
        f"anyio.run(lambda: run_ffmpeg(Tools(), {[*ENDLESS, '-metadata', mark, *NULL]!r},"
        f" cwd=Path({str(tmp_path)!r}), time_limit=60))"
    )
    parent = await anyio.open_process([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    with anyio.fail_after(10):
        while not [p for p in alive(mark) if p.name() == "ffmpeg"]:
            await anyio.sleep(0.05)
        parent.kill()
        while alive(mark):
            await anyio.sleep(0.05)
    await parent.aclose()


async def test_the_environment_is_empty_and_the_directory_the_scratch(tmp_path: Path) -> None:
    tools = Tools(ffprobe=script(tmp_path / "env", "/usr/bin/env; /bin/pwd"))
    lines = (await run_ffprobe(tools, [], time_limit=10, cwd=tmp_path)).decode().split()
    assert lines[-1] == str(tmp_path)
    assert not {line.partition("=")[0] for line in lines[:-1]} - ALLOWED


async def test_output_is_bounded_by_a_limit(tmp_path: Path) -> None:
    tools = Tools(limits=Limits(output_bytes=100_000))
    args = ["-f", "lavfi", "-i", "testsrc2=d=2", "-f", "rawvideo", "big.yuv"]
    with pytest.raises(TooLargeError):
        await run_ffmpeg(tools, args, cwd=tmp_path, time_limit=30)
    assert (tmp_path / "big.yuv").stat().st_size <= 100_000


async def test_memory_and_cpu_are_bounded(tmp_path: Path) -> None:
    args = ["-f", "lavfi", "-i", "testsrc2=s=3840x2160:d=20", *NULL]
    with pytest.raises((MediaError, UnavailableError)):
        await run_ffmpeg(Tools(limits=Limits(memory_bytes=200 << 20)), args, cwd=tmp_path, time_limit=30)
    with pytest.raises(TaskTimeoutError, match="CPU"):
        await run_ffmpeg(Tools(limits=Limits(cpu_seconds=1)), args, cwd=tmp_path, time_limit=30)


async def test_a_full_disk_is_not_the_fault_of_the_media(tools: Tools, tmp_path: Path) -> None:
    args = ["-y", "-f", "lavfi", "-i", "testsrc2=d=1", "-f", "rawvideo", "/dev/full"]
    with pytest.raises(UnavailableError, match="disk"):
        await run_ffmpeg(tools, args, cwd=tmp_path, time_limit=30)


async def test_a_missing_program_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="not installed"):
        await run_ffprobe(Tools(ffprobe="no-such-ffprobe"), [], time_limit=5)


async def test_streaming_waits_for_its_reader_and_stops_with_it(tmp_path: Path) -> None:
    exits: list[str] = []
    tools = Tools(on_exit=lambda program, seconds, outcome: exits.append(outcome))
    source = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=100:d=600", "-f", "rawvideo", "pipe:1"]
    async with stream(tools, "ffmpeg", source, time_limit=30) as reader:
        blocks = reader.blocks(160 * 120 * 3 // 2)
        first = await anext(blocks)
        [process] = [p for p in alive("testsrc2=s=160x120:r=100:d=600") if p.name() == "ffmpeg"]
        await anyio.sleep(0.3)
        written = process.io_counters().write_chars
        await anyio.sleep(0.3)
        assert process.io_counters().write_chars == written
    assert len(first) == 28800
    assert exits == ["stopped"]


async def test_a_failed_stream_raises_at_its_end(tools: Tools, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"junk" * 99)
    with pytest.raises(MediaError):
        async with stream(tools, "ffmpeg", ["-i", str(tmp_path / "junk"), *NULL], time_limit=9) as reader:
            assert [chunk async for chunk in reader.chunks()] == []


async def test_lines_and_the_tail_of_stderr_are_bounded(tmp_path: Path) -> None:
    noisy = "i=0; while [ $i -lt 3000 ]; do echo line$i; echo complaint number $i >&2; i=$((i+1)); done"
    tools = Tools(ffmpeg=script(tmp_path / "noisy", noisy))
    async with stream(tools, "ffmpeg", [], time_limit=20) as reader:
        lines = [line async for line in reader.lines()]
    assert (lines[0], lines[-1], len(lines)) == ("line0", "line2999", 3000)
    finished = await run_ffmpeg(tools, [], cwd=tmp_path, time_limit=20)
    assert len(finished.stderr) <= 16 * 1024
    assert finished.stderr.endswith("complaint number 2999\n")


@pytest.mark.parametrize("niceness", [0, 7])
async def test_encoders_leave_the_machine_to_others_and_probes_do_not(tmp_path: Path, niceness: int) -> None:
    said = script(tmp_path / "tool", f"nice > {tmp_path}/nice")
    tools = Tools(ffmpeg=said, ffprobe=said, limits=Limits(niceness=niceness))
    mine = psutil.Process().nice()
    await run_ffmpeg(tools, [], cwd=tmp_path, time_limit=10)
    assert int((tmp_path / "nice").read_text()) == min(mine + niceness, 19)
    await run_ffprobe(tools, [], time_limit=10)
    assert int((tmp_path / "nice").read_text()) == mine


async def test_more_arguments_than_a_process_can_have_are_a_problem_of_the_request(
    tools: Tools, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match="too much"):
        await run_ffmpeg(tools, ["x" * (1 << 18)], cwd=tmp_path, time_limit=5)
