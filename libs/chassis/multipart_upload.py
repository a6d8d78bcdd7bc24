"""An upload to S3 in parts that go out while the next one comes in.

Bytes are never joined or copied: a part is the list of chunks as they came. Parts are sent to presigned
URLs, so that neither side hashes them for a signature; the content is hashed once, in order, on the way.
Content below one part is a single PUT.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Iterator
from datetime import timedelta
from typing import Any, Protocol

import anyio
import urllib3
from minio import Minio
from minio.datatypes import Part

from libs.contracts.errors import NotFoundError, ReelbusError, UnavailableError
from libs.contracts.media import ObjectRef

log = logging.getLogger(__name__)

PART = 8 << 20
"""Bytes of a part at least; S3 wants 5 MiB and at most 10,000 parts."""
_IN_FLIGHT = 3
_TRIES = 3
_URL_TTL = timedelta(minutes=10)


class Runner(Protocol):
    """Runs a blocking call of a named operation in the pool, with errors translated."""

    def __call__(self, operation: str, call: Any, *args: Any) -> Awaitable[Any]: ...


class MultipartUpload:
    """One upload: `add` chunks, then `finish`; or `abort`, which leaves nothing behind but, when `finish` was
    under way, perhaps the object.

    Holds at most four parts in memory. The SDK has no public calls for a multipart upload whose parts
    come from elsewhere: beginning, completing and aborting use its own private ones.
    """

    def __init__(
        self,
        client: Minio,
        http: urllib3.PoolManager,
        run: Runner,
        *,
        bucket: str,
        key: str,
        content_type: str,
    ) -> None:
        self._client = client
        self._http = http
        self._run = run
        self._bucket = bucket
        self._key = key
        self._type = content_type
        self._hash = hashlib.sha256()
        self._hashing: asyncio.Future[Any] | None = None
        self._part: list[bytes] = []
        self._held = 0
        self._beginning: asyncio.Future[str] | None = None
        self._upload_id = ""
        self._sending: set[asyncio.Future[Any]] = set()
        self._etags: dict[int, str] = {}
        self._aborted = False
        self.size = 0

    async def add(self, chunk: bytes) -> None:
        """Take the next bytes; waits while enough parts are under way. Raises what a part ran into."""
        self.size += len(chunk)
        self._part.append(chunk)
        self._held += len(chunk)
        if self._held >= PART:
            await self._send()

    async def finish(self) -> ObjectRef:
        """The object, once everything is stored."""
        if self._beginning is None:
            _update(self._hash, self._part)
            await self._through(self._put, None, self._part, self._held)
        else:
            if self._held:
                await self._send()
            await asyncio.shield(asyncio.gather(*self._sending))
            parts = [Part(number, etag) for number, etag in sorted(self._etags.items())]
            await self._through(self._complete, parts)
        if self._hashing is not None:
            await self._hashing
        return ObjectRef(
            key=self._key, size=self.size, sha256=self._hash.hexdigest(), content_type=self._type
        )

    async def abort(self) -> None:
        """Stop what is under way and remove it; when storage is away that is left to whoever sweeps. What
        storage was asked already is waited for, since it cannot be taken back: nothing arrives afterwards."""
        self._aborted = True
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*self._sending, return_exceptions=True)
            if self._beginning is None:
                return
            abort = self._client._abort_multipart_upload
            try:
                await self._run("abort", abort, self._bucket, self._key, await self._beginning)
            except NotFoundError:
                log.info("upload completed in spite of all", extra={"key": self._key})
            except ReelbusError as error:
                log.warning("upload not aborted", extra={"key": self._key, "error": error.message})

    async def _through(self, call: Any, *args: Any) -> None:
        """The end of a call that goes on when the caller is cancelled: `abort` waits for it then."""
        calling = asyncio.ensure_future(self._run("put", call, *args))
        self._sending.add(calling)
        await asyncio.shield(calling)

    async def _send(self) -> None:
        part, held = self._part, self._held
        self._part, self._held = [], 0
        if self._beginning is None:
            begin, headers = self._client._create_multipart_upload, {"Content-Type": self._type}
            self._beginning = asyncio.ensure_future(
                self._run("begin", begin, self._bucket, self._key, headers)
            )
            self._upload_id = await asyncio.shield(self._beginning)
        if self._hashing is not None:
            await self._hashing
        self._hashing = asyncio.ensure_future(self._run("hash", _update, self._hash, part))
        while len(self._sending) >= _IN_FLIGHT:
            done, self._sending = await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        number = len(self._etags) + 1
        self._etags[number] = ""
        self._sending.add(asyncio.ensure_future(self._run("put", self._put, number, part, held)))

    # --- in the pool ------------------------------------------------------------------------------

    def _complete(self, parts: list[Part]) -> None:
        self._check()
        self._client._complete_multipart_upload(self._bucket, self._key, self._upload_id, parts, None)

    def _put(self, number: int | None, part: list[bytes], held: int) -> None:
        """Send part `number`, or the whole content when it is `None`; a part that fails is sent again."""
        query: Any = {"partNumber": str(number), "uploadId": self._upload_id} if number else None
        headers = {"Content-Length": str(held), "Content-Type": self._type}
        for left in reversed(range(_TRIES)):
            self._check()
            url = self._client.get_presigned_url(
                "PUT", self._bucket, self._key, expires=_URL_TTL, extra_query_params=query
            )
            try:
                answer = self._http.request(
                    "PUT", url, body=self._chunks(part), headers=headers, retries=False
                )
            except urllib3.exceptions.HTTPError:
                if self._aborted or not left:
                    raise
            else:
                if answer.status == 200:
                    self._etags[number or 0] = answer.headers["ETag"].strip('"')
                    return
                if answer.status < 500 or not left:
                    raise UnavailableError(f"Storage refused an upload: {answer.status}.")
            time.sleep(0.2 * (_TRIES - left))

    def _chunks(self, part: list[bytes]) -> Iterator[bytes]:
        for chunk in part:
            self._check()
            yield chunk

    def _check(self) -> None:
        if self._aborted:
            raise UnavailableError("The upload was aborted.")


def _update(digest: Any, part: list[bytes]) -> None:
    for chunk in part:
        digest.update(chunk)
