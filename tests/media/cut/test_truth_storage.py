"""Cuts of objects in a storage: how much is read of them, and what happens when it breaks."""

from __future__ import annotations

import subprocess
from pathlib import Path

import anyio
import psutil
import pytest

from libs.contracts.errors import ReelbusError, UnavailableError
from tests.media.cut.server import Fault, serve
from tests.media.cut.truth import Piece, Stage

pytestmark = pytest.mark.anyio

SHARE = 0.05
LOOPS = 150


@pytest.mark.parametrize(("name", "extension"), [("silent", "mp4"), ("mkv", "mkv"), ("closed", "ts")])
async def test_little_is_read_of_a_long_video(
    stage: Stage, tmp_path: Path, name: str, extension: str
) -> None:
    """Five seconds of ten minutes and more, far from both ends."""
    long = tmp_path / f"long.{extension}"
    looped = ["-stream_loop", str(LOOPS - 1), "-i", str(stage.path(name))]
    command = ["ffmpeg", "-nostdin", "-v", "error", *looped, "-map", "0:v", "-c", "copy", str(long)]
    subprocess.run(command, check=True)
    stage.add("long", long)
    with serve(long.read_bytes()) as store:
        pieces = [Piece("long", 401.3, 406.3)]
        outcome, path = await stage.cut(await stage.graph(pieces), pieces, long=store.url)
        assert outcome.method == "smart", outcome.reason
        assert outcome.bytes_read == store.sent
        assert store.sent <= SHARE * len(store.data)
    film, original = stage.look(path), stage.film(name)
    assert len(film.times) == outcome.copied_packets + outcome.encoded_frames
    known = {picture.tobytes() for picture in original.pictures}
    assert sum(picture.tobytes() in known for picture in film.pictures) >= outcome.copied_packets


async def test_a_connection_that_breaks_is_taken_up_again(stage: Stage) -> None:
    with serve(stage.path("closed").read_bytes()) as store:
        store.faults = [Fault(body=70_000), Fault(status=503), Fault(body=10)]
        seen = await stage.see(Piece("closed", 1.1, 3.7), closed=store.url)
    assert seen.method == "smart", seen.outcome.reason


async def test_a_storage_that_is_gone_is_no_end_of_a_file(stage: Stage) -> None:
    with serve(stage.path("bunny").read_bytes()) as store:
        store.faults = [Fault()]
        store.forever = Fault(status=500)
        with pytest.raises(UnavailableError):
            await stage.see(Piece("bunny", 1.1, 3.7), bunny=store.url)
    assert not stage.left()


async def test_an_object_that_changes_meanwhile_is_an_error(stage: Stage) -> None:
    with serve(stage.path("bunny").read_bytes()) as store:
        store.faults = [Fault(), Fault(changes=True)]
        with pytest.raises(ReelbusError, match="changed"):
            await stage.see(Piece("bunny", 1.1, 3.7), bunny=store.url)
    assert not stage.left()


async def test_a_cut_that_is_cancelled_leaves_no_process_and_no_file(stage: Stage) -> None:
    with serve(stage.path("bunny").read_bytes()) as store:
        store.faults, store.forever = [Fault()], Fault(silent=True)
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: stage.see(Piece("bunny", 1.1, 3.7), bunny=store.url))
            with anyio.fail_after(20):
                while not store.asked:
                    await anyio.sleep(0.01)
            assert alive("libs.media.cut")
            group.cancel_scope.cancel()
        with anyio.fail_after(20):
            while alive("libs.media.cut"):
                await anyio.sleep(0.02)
    assert not stage.left()


def alive(text: str) -> list[psutil.Process]:
    """Our own processes that name `text`; other runs of these tests may be about."""
    ours = psutil.Process().children(recursive=True)
    return [process for process in ours if process.is_running() and text in " ".join(cmdline(process))]


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
