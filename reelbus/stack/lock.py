"""One supervisor per data directory, by an advisory lock that dies with its holder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reelbus.stack.errors import AlreadyRunningError

# `holder` takes the lock for an instant; a starting supervisor must not mistake that for another one.
PATIENCE = 0.3


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock for the length of the block.

    Raises:
        AlreadyRunningError: somebody else holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(path: Path) -> int | None:
    """The pid of whoever holds the lock, None when nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _written_pid(descriptor)
    finally:
        os.close(descriptor)
    return None


def _written_pid(descriptor: int) -> int | None:
    """The holder writes it right after taking the lock; a crowd of readers writes nothing."""
    for _ in range(10):
        if text := os.pread(descriptor, 32, 0):
            return int(text)
        time.sleep(0.01)
    return None


def _acquire(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise AlreadyRunningError(f"A stack already runs in {path.parent}.") from error
            time.sleep(0.02)
        else:
            return
