"""Scratch folders that do not outlive their process for long, however it ended."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

_LOCK = ".lock"


@contextmanager
def scratch_folder(root: Path, service: str) -> Iterator[Path]:
    """A folder of this process alone under `root`, removed at the end. Folders of the same service whose
    process is gone (it held a lock, which the kernel dropped) are removed first."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        with _lock_file(root) as alone:  # a new folder is not locked yet
            fcntl.flock(alone, fcntl.LOCK_EX)
            for left in root.glob(f"{service}-*"):
                with suppress(OSError), _lock_file(left) as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=f"{service}-", dir=root))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            own = stack.enter_context(_lock_file(folder))
            fcntl.flock(own, fcntl.LOCK_EX)
        yield folder


def room(root: Path, limit: int) -> tuple[float, float]:
    """Bytes that files under `root` may take in all, and those still free: of its disk, or of `limit` where
    that is less (0 is none). None of none when the disk does not answer."""
    try:
        disk = shutil.disk_usage(root)
    except OSError:
        return 0.0, 0.0
    if not 0 < limit < disk.total:
        return float(disk.total), float(disk.free)
    return float(limit), float(max(0, min(disk.free, limit - _used(root))))


def _used(root: Path) -> int:
    """Bytes that files take on the disk, as the kubelet counts them: holes are none."""
    blocks = 0
    for folder, _, names in os.walk(root):
        for name in names:
            with suppress(OSError):  # files of running tasks go at any time
                blocks += os.lstat(os.path.join(folder, name)).st_blocks
    return blocks * 512


def _lock_file(folder: Path) -> IO[bytes]:
    """The folder's lock, opened without following a link that somebody may have put there."""
    return os.fdopen(os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600), "wb")
