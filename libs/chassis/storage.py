"""S3 objects for async code: the `minio` SDK in a thread pool of its own. A thread is taken only while
storage works, never while a client is waited for.

Uploads stream in parts and are hashed on the way; downloads stream in chunks; both in constant memory.
Works with any S3 server; the tests run against two.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import CopySource
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error

from libs.chassis.multipart_upload import MultipartUpload
from libs.chassis.settings import StorageSettings
from libs.chassis.telemetry import STORAGE_BYTES, STORAGE_SECONDS
from libs.contracts.errors import NotFoundError, ReelbusError, TooLargeError, UnavailableError
from libs.contracts.media import ObjectRef

log = logging.getLogger(__name__)
T = TypeVar("T")

CHUNK = 256 << 10
_FILE_CHUNK = 2 << 20
_THREADS = 16


@dataclass(frozen=True)
class Stat:
    """An object's size in bytes, its quoted-less ETag and its content type."""

    size: int
    etag: str
    content_type: str


class Storage:
    """Objects of one bucket. Raises `NotFoundError`, `UnavailableError` and, for an upload that grows
    too large, `TooLargeError`."""

    def __init__(self, settings: StorageSettings) -> None:
        url = urlsplit(settings.s3_endpoint)
        self._bucket = settings.s3_bucket
        self._ttl = timedelta(seconds=settings.s3_presign_ttl)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="storage")
        self._http = urllib3.PoolManager(
            maxsize=_THREADS * 2,
            timeout=urllib3.Timeout(connect=2, read=60),
            retries=urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        )
        self._client = Minio(
            url.netloc,
            access_key=settings.s3_access_key.get_secret_value(),
            secret_key=settings.s3_secret_key.get_secret_value(),
            secure=url.scheme == "https",
            region=settings.s3_region,
            http_client=self._http,
        )

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._http.clear()

    async def check(self) -> None:
        """Raise unless the bucket is there."""
        if not await self._run("check", self._client.bucket_exists, self._bucket):
            raise UnavailableError(f"There is no bucket {self._bucket}.")

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], content_type: str, *, max_size: int
    ) -> ObjectRef:
        """Store `chunks` under `key`. When the source raises, the size passes `max_size`, storage fails or
        the caller is cancelled, the upload is aborted and nothing is left under `key`: but the object, when
        storage had all of it before the cancel. Nothing arrives there after the end of the call."""
        upload = MultipartUpload(
            self._client, self._http, self._run, bucket=self._bucket, key=key, content_type=content_type
        )
        try:
            async for chunk in chunks:
                if upload.size + len(chunk) > max_size:
                    raise TooLargeError(f"The file is larger than the limit of {max_size} bytes.")
                await upload.add(chunk)
            stored = await upload.finish()
        except BaseException:
            await upload.abort()
            raise
        STORAGE_BYTES.labels("in").inc(stored.size)
        return stored

    async def put_file(self, key: str, path: Path, content_type: str) -> ObjectRef:
        """Store a local file under `key`. A cancelled upload is aborted, as by `put_stream`."""

        async def chunks() -> AsyncGenerator[bytes, None]:
            with path.open("rb") as file:
                while chunk := await asyncio.get_running_loop().run_in_executor(
                    self._pool, file.read, _FILE_CHUNK
                ):
                    yield chunk

        async with aclosing(chunks()) as content:
            return await self.put_stream(key, content, content_type, max_size=path.stat().st_size)

    async def stat(self, key: str) -> Stat:
        found = await self._run("stat", self._client.stat_object, self._bucket, key)
        return Stat(found.size or 0, (found.etag or "").strip('"'), found.content_type or "")

    async def get(
        self, key: str, offset: int = 0, length: int = 0, *, chunk_size: int = CHUNK
    ) -> AsyncIterator[bytes]:
        """The bytes of an object from `offset`, `length` of them (0: to the end), in chunks."""
        response = await self._run(
            "get", self._client.get_object, self._bucket, key, offset=offset, length=length
        )
        try:
            while chunk := await self._run("read", response.read, chunk_size):
                STORAGE_BYTES.labels("out").inc(len(chunk))
                yield chunk
        finally:
            response.close()
            response.release_conn()

    async def get_bytes(self, key: str, *, max_size: int) -> bytes:
        """A small object whole. Raises `ReelbusError` when it is larger than `max_size`."""
        data = b""
        async for chunk in self.get(key):
            data += chunk
            if len(data) > max_size:
                raise ReelbusError("The object is too large to be read at once.", key=key)
        return data

    async def get_file(self, key: str, path: Path) -> None:
        """Copy an object to a local file; nothing incomplete is left at `path`."""
        partial = path.with_name(f"{path.name}.part")
        with partial.open("wb") as file:
            async for chunk in self.get(key, chunk_size=_FILE_CHUNK):
                file.write(chunk)
        partial.rename(path)

    async def presign(self, key: str, *, ttl: float | None = None) -> str:
        """A URL under which anybody can read the object for `ttl` seconds (default: by settings)."""
        expires = self._ttl if ttl is None else timedelta(seconds=round(ttl))
        return await self._run(
            "presign", self._client.presigned_get_object, self._bucket, key, expires=expires
        )

    async def copy(self, source: str, target: str) -> None:
        await self._run(
            "copy", self._client.copy_object, self._bucket, target, CopySource(self._bucket, source)
        )

    async def delete(self, key: str) -> None:
        """Delete an object and every unfinished upload to its key; nothing there is fine too."""
        await self._run("delete", self._delete, key)

    async def delete_prefix(self, prefix: str) -> int:
        """Delete everything under `prefix`; the number of objects that were there."""

        def delete() -> int:
            names = [found.object_name for found in self._objects(prefix)]
            targets = [DeleteObject(name) for name in names if name]
            errors = list(self._client.remove_objects(self._bucket, targets))
            if errors:
                raise UnavailableError(f"Storage did not delete {len(errors)} objects.")
            return len(targets)

        return await self._run("delete", delete)

    async def keys(self, prefix: str) -> list[str]:
        """Keys under `prefix`, sorted."""

        def find() -> list[str]:
            return sorted(found.object_name or "" for found in self._objects(prefix))

        return await self._run("list", find)

    # --- in the pool ------------------------------------------------------------------------------

    def _objects(self, prefix: str) -> Iterator[Any]:
        for found in self._client.list_objects(self._bucket, prefix=prefix, recursive=True):
            if not found.is_dir:  # juicefs lists folders that were emptied
                yield found

    def _delete(self, key: str) -> None:
        for upload in self._uploads(key):
            # No public call aborts an upload that another process began.
            self._client._abort_multipart_upload(self._bucket, key, upload)
        self._client.remove_object(self._bucket, key)

    def _uploads(self, key: str) -> list[str]:
        found = self._client._list_multipart_uploads(self._bucket, prefix=key)
        return [
            upload.upload_id for upload in found.uploads if upload.object_name == key and upload.upload_id
        ]

    async def unfinished_uploads(self, key: str) -> int:
        """Number of multipart uploads to exactly `key` that were begun and neither completed nor aborted."""
        return len(await self._run("list", self._uploads, key))

    async def _run(self, operation: str, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        def timed() -> T:
            with _timed(operation):
                return call(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._pool, timed)


@contextmanager
def _timed(operation: str) -> Iterator[None]:
    """Meter an operation and translate the SDK's errors."""
    started = time.perf_counter()
    outcome = "ok"
    try:
        yield
    except S3Error as error:
        outcome = error.code or "error"
        if error.code in ("NoSuchKey", "NoSuchBucket", "NoSuchUpload"):
            raise NotFoundError("There is no such object.") from error
        raise UnavailableError(f"Storage refused: {error.code}.") from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        outcome = type(error).__name__
        raise UnavailableError("Storage does not answer.") from error
    except ReelbusError as error:
        outcome = error.code
        raise
    finally:
        STORAGE_SECONDS.labels(operation, outcome).observe(time.perf_counter() - started)
