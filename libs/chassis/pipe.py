"""From an async source to a blocking reader, in constant memory, measured and hashed on the way."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import BinaryIO

from libs.contracts.errors import TooLargeError, UnavailableError


class HashingReader:
    """What an upload reads from: `size` and `sha256` are those of the bytes read so far, and once it is
    aborted reading raises `UnavailableError`."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._aborted = False
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def abort(self) -> None:
        """Make the reader fail instead of ending."""
        self._aborted = True

    def close_reader(self) -> None:
        """The reader will not read again."""

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, blocking; empty at the end."""
        raise NotImplementedError

    def _count(self, data: bytes) -> None:
        if self._aborted:
            raise UnavailableError("The upload was aborted.")
        self._hash.update(data)
        self.size += len(data)


class FileReader(HashingReader):
    """Reads a local file."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._count(data)
        return data


class Pipe(HashingReader):
    """Fed by `feed` on the event loop, read by `read` in a thread.

    At most two buffers of about `part` bytes are held. `feed` raises `TooLargeError` past `max_size`; a
    reader that ends early never blocks the feeder.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, max_size: int, part: int) -> None:
        super().__init__()
        self._loop = loop
        self._max = max_size
        self._part = part
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(1)
        self._reader_gone = asyncio.Event()
        self._rest = memoryview(b"")
        self._ended = False

    async def feed(self, chunks: AsyncIterator[bytes]) -> None:
        """Pass all of `chunks` to the reader, then the end."""
        buffer: list[bytes] = []
        held = total = 0
        async for chunk in chunks:
            total += len(chunk)
            if total > self._max:
                raise TooLargeError(f"The file is larger than the limit of {self._max} bytes.")
            buffer.append(chunk)
            held += len(chunk)
            if held >= self._part:
                await self._hand_over(b"".join(buffer))
                buffer.clear()
                held = 0
        if buffer:
            await self._hand_over(b"".join(buffer))
        await self._hand_over(None)

    async def _hand_over(self, item: bytes | None) -> None:
        putting = asyncio.ensure_future(self._queue.put(item))
        gone = asyncio.ensure_future(self._reader_gone.wait())
        try:
            await asyncio.wait({putting, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            putting.cancel()
        if self._reader_gone.is_set() and item is not None:
            raise UnavailableError("Storage stopped taking the upload.")

    def abort(self) -> None:
        super().abort()
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    def close_reader(self) -> None:
        self._loop.call_soon_threadsafe(self._reader_gone.set)

    def read(self, size: int = -1) -> bytes:
        if not self._rest and not self._ended:
            self._next()
        end = len(self._rest) if size < 0 else size
        data = bytes(self._rest[:end])
        self._rest = self._rest[end:]
        return data

    def _next(self) -> None:
        item = asyncio.run_coroutine_threadsafe(self._queue.get(), self._loop).result()
        self._ended = item is None
        self._count(item or b"")
        self._rest = memoryview(item or b"")
