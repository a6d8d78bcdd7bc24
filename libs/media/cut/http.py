"""Parts of one object over HTTP(S): exactly the bytes that were asked for, of the same object each time."""

from __future__ import annotations

import re
import time

import urllib3
from urllib3.exceptions import HTTPError

from libs.contracts.errors import ConflictError, NotFoundError, ReelbusError, UnavailableError

ATTEMPTS = 6
PAUSE, LONGEST_PAUSE = 0.1, 2.0
CONNECT, SILENCE = 3.0, 30.0
PIECE = 64 << 10
GONE = {404, 410}
PASSING = {408, 425, 429}
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")

Response = urllib3.BaseHTTPResponse


class _PassingError(Exception):
    """This attempt failed; the next one may not."""


class Object:
    """The object at `url`, with its `size` and its `first` bytes (at most `head`). `fetched` counts the bytes
    of all answers. URLs are presigned for GET, so that size and ETag come from the first part of it."""

    def __init__(self, url: str, head: int, patience: float = 1.0) -> None:
        self._url = url
        self._patience = patience
        timeout = urllib3.Timeout(connect=CONNECT * patience, read=SILENCE * patience)
        self._http = urllib3.PoolManager(maxsize=1, timeout=timeout)
        self._mark: str | None = None
        self._opened = False
        self.size = head
        self.fetched = 0
        self.first = self.fetch(0, head)

    def close(self) -> None:
        self._http.clear()

    def fetch(self, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`. A broken answer is taken up where it broke, a few times.

        Raises `NotFoundError`, `UnavailableError`, and `ConflictError` when it has become another object.
        """
        data = bytearray()
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(min(PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE) * self._patience)
            try:
                self._attempt(start + len(data), end, data)
            except (_PassingError, HTTPError, OSError):
                continue
            if start + len(data) >= min(end, self.size):
                return bytes(data)
        raise UnavailableError("The storage does not answer.")

    def _attempt(self, start: int, end: int, data: bytearray) -> None:
        """Append what comes of [start, end) to `data`."""
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        if self._mark and self._mark.startswith('"'):  # a strong ETag
            headers["If-Match"] = self._mark
        response = self._http.request(
            "GET", self._url, headers=headers, preload_content=False, redirect=False, retries=False
        )
        whole = False
        try:
            whole = self._take(response, data, self._accept(response, start, end))
        finally:
            if not whole:  # the rest of a broken answer must not become the start of the next one
                response.close()
            response.release_conn()

    def _take(self, response: Response, data: bytearray, expected: int) -> bool:
        """Append the body. Whether it was exactly as long as its header said."""
        while expected and (piece := response.read(min(PIECE, expected), decode_content=False)):
            self.fetched += len(piece)
            data += piece
            expected -= len(piece)
        return not expected and not response.read(1, decode_content=False)

    def _accept(self, response: Response, start: int, end: int) -> int:
        """The number of bytes that the answer to a request of [start, end) brings; raises when it is none."""
        if response.status >= 500 or response.status in PASSING:
            raise _PassingError
        if response.status not in (200, 206, 416):
            raise _refusal(response.status)
        span = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if response.status == 206 and span:
            self._recognise(response, int(span[3]))
            if int(span[1]) != start or not start <= int(span[2]) < min(end, self.size):
                raise _PassingError
            return int(span[2]) + 1 - start
        if self._opened:
            raise ConflictError("The stored file has changed while it was read.")
        empty = response.status == 200 and response.headers.get("Content-Length") == "0"
        if empty or (response.status == 416 and start == 0):
            self._recognise(response, 0)
            return 0
        raise UnavailableError("The storage does not give parts of files.")

    def _recognise(self, response: Response, size: int) -> None:
        """Remember the object on first sight, and insist on the same one afterwards."""
        mark = response.headers.get("ETag") or response.headers.get("Last-Modified")
        if not self._opened:
            self._opened, self._mark, self.size = True, mark, size
        elif (mark, size) != (self._mark, self.size):
            raise ConflictError("The stored file has changed while it was read.")


def _refusal(status: int) -> ReelbusError:
    if status in GONE:
        return NotFoundError("The stored file is no longer there.")
    if status == 412:
        return ConflictError("The stored file has changed while it was read.")
    return UnavailableError("The stored file could not be read.")
