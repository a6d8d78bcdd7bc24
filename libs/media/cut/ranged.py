"""Sources as seekable files: local ones, and objects over HTTP ranges.

libavformat takes a broken connection for the end of the file. Here it is an error: a read gives what was
asked for (less only at the end that the object's size says) or raises, and raises from then on.
"""

from __future__ import annotations

import io
import os
import stat
from collections import OrderedDict
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from libs.contracts.errors import NotFoundError, ReelbusError, UnavailableError
from libs.media.cut.http import Object
from libs.media.inputs import is_url
from libs.media.tools import MIB

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = MIB // 16
LONGEST = 64
"""Blocks of one request: reading on doubles it from one up to this."""
CACHED = 512
"""Blocks that are kept."""


class Bytes(Protocol):
    """Where bytes come from; `fetched` counts those that really came."""

    @property
    def size(self) -> int: ...

    @property
    def fetched(self) -> int: ...

    def fetch(self, start: int, end: int) -> bytes:
        """Exactly the bytes from `start` up to `end`, which is at most `size`; or `ReelbusError`."""
        ...

    def close(self) -> None: ...


class Input:
    """An opened source; a context manager. `file` is for `av.open`. Not for several threads at once."""

    def __init__(self, source: Bytes) -> None:
        self._source = source
        self.file = SourceFile(source)

    @property
    def size(self) -> int:
        """Bytes of the whole source."""
        return self._source.size

    @property
    def bytes_read(self) -> int:
        """Bytes that were really fetched from storage or disk, those of failed attempts too."""
        return self._source.fetched

    def check(self) -> None:
        """Raise again what a read raised: some demuxers carry on as if the file had ended there."""
        if self.file.error is not None:
            raise self.file.error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        self._source.close()


def open_input(target: str, *, patience: float = 1.0) -> Input:
    """Open a path or an HTTP(S) URL, which is asked for its first block at once.

    `patience` scales the waits for a storage that does not answer (1: about 30 s for a silent connection,
    several attempts). Raises `NotFoundError` and `UnavailableError`, and `ConflictError` (from a read, too)
    when the object is another one than at first.
    """
    return Input(Cache(Object(target, BLOCK, patience)) if is_url(target) else _Local(target))


class SourceFile(io.RawIOBase):
    """The file interface that PyAV reads through. `error` is what the first failed read raised."""

    def __init__(self, source: Bytes) -> None:
        super().__init__()
        self._source = source
        self._position = 0
        self.error: ReelbusError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._source.size}[whence]
        if base + offset < 0:
            raise ValueError("A position before the start.")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._position + len(view), self._source.size)
        if end <= self._position:
            return 0
        if self.error is not None:
            raise self.error
        try:
            data = self._source.fetch(self._position, end)
        except ReelbusError as error:
            self.error = error
            raise
        view[: len(data)] = data
        self._position = end
        return len(data)


class _Local:
    def __init__(self, path: str) -> None:
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise NotFoundError("A file of this work has gone.") from error
        status = os.fstat(self._fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(self._fd)
            raise NotFoundError("A file of this work is none.")
        self.size = status.st_size
        self.fetched = 0

    def fetch(self, start: int, end: int) -> bytes:
        try:
            data = os.pread(self._fd, end - start, start)
        except OSError as error:
            raise UnavailableError("A file of this work could not be read.") from error
        self.fetched += len(data)
        if len(data) < end - start:
            raise UnavailableError("A file of this work has become shorter.")
        return data

    def close(self) -> None:
        os.close(self._fd)


class Cache:
    """Aligned blocks of an object, the least recently used ones forgotten.

    A block that follows a cached one continues a run, and runs are read in ever longer requests. So several
    runs at once (pictures and sound far apart in the file) each get their own.
    """

    def __init__(self, source: Object) -> None:
        self.source = source
        self.size = source.size
        self._blocks: OrderedDict[int, tuple[bytes, int]] = OrderedDict()
        if self.size:
            self._blocks[0] = (source.first, 1)

    @property
    def fetched(self) -> int:
        return self.source.fetched

    def fetch(self, start: int, end: int) -> bytes:
        first, last = start // BLOCK, (end - 1) // BLOCK
        data = b"".join([self._block(index, last) for index in range(first, last + 1)])
        return data[start - first * BLOCK : end - first * BLOCK]

    def close(self) -> None:
        self._blocks.clear()
        self.source.close()

    def _block(self, index: int, wanted: int) -> bytes:
        if index not in self._blocks:
            self._load(index, wanted)
        self._blocks.move_to_end(index)
        return self._blocks[index][0]

    def _load(self, index: int, wanted: int) -> None:
        """Fetch the block `index` and some after it, at least up to `wanted` where a request may."""
        before = self._blocks.get(index - 1)
        run = min(max(2 * before[1] if before else 1, wanted - index + 1), LONGEST)
        stop = index + 1
        while stop < index + run and stop * BLOCK < self.size and stop not in self._blocks:
            stop += 1
        data = self.source.fetch(index * BLOCK, min(stop * BLOCK, self.size))
        for number in range(index, stop):
            offset = (number - index) * BLOCK
            self._blocks[number] = (data[offset : offset + BLOCK], run)
        while len(self._blocks) > CACHED:
            self._blocks.popitem(last=False)
