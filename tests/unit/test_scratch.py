"""Scratch folders: one a process, gone with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from libs.chassis.scratch import room, scratch_folder

DIE = """
import os, sys; from pathlib import Path; from libs.chassis.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1]), "transcode") as folder:
    (folder / "half.mp4").write_bytes(b"half"); print(folder, flush=True); os._exit(9)
"""


def folders(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if path.is_dir()]


def test_a_folder_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    def live() -> None:
        with scratch_folder(tmp_path / "new", "transcode") as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
            (folder / "file").write_bytes(b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        live()
    assert folders(tmp_path / "new") == []


def test_what_a_dead_process_left_goes_when_the_next_one_comes(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DIE, tmp_path], capture_output=True, text=True, check=False)
    left = Path(done.stdout.strip())
    assert (left / "half.mp4").exists()
    with scratch_folder(tmp_path, "analyze"):
        assert left.exists()
    with scratch_folder(tmp_path, "transcode") as folder:
        assert not left.exists()
        assert folders(tmp_path) == [folder]


def test_processes_that_start_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    def live(number: int) -> bool:
        with scratch_folder(tmp_path, "transcode") as folder:
            (folder / "file").write_bytes(b"x")
            return (folder / "file").exists()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(live, range(400)))
    assert folders(tmp_path) == []


def test_room_is_the_disk_or_what_is_less(tmp_path: Path) -> None:
    """An emptyDir shows the disk of its node, not its limit."""
    disk = shutil.disk_usage(tmp_path)
    assert room(tmp_path, 0)[0] == room(tmp_path, 2 * disk.total)[0] == disk.total
    assert room(tmp_path, 1 << 20) == (1 << 20, 1 << 20)
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "input").write_bytes(b"x" * (1 << 19))
    (tmp_path / "task" / "output").symlink_to("/dev/zero")
    size, free = room(tmp_path, 1 << 20)
    assert size == 1 << 20
    assert free == pytest.approx(1 << 19, abs=1 << 14)
    (tmp_path / "task" / "more").write_bytes(b"x" * (1 << 20))
    assert room(tmp_path, 1 << 20) == (1 << 20, 0)


def test_no_disk_is_no_room(tmp_path: Path) -> None:
    assert room(tmp_path / "gone", 1 << 20) == (0, 0)
