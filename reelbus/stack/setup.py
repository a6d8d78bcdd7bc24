"""What a fresh stack needs before its services start: `python -m reelbus.stack.setup database|bucket`.

Idempotent, and told where to go by the environment variables of a service.
"""

import asyncio
import os
import sys
from urllib.parse import urlsplit

from reelbus.stack.errors import StackError

POSTGRES_SCHEME = "postgresql"
_S3_TIMEOUT = 10.0


def migrate(database_url: str) -> None:
    """Bring every service's schema up to date. Raises `StackError` when the server refuses or is away."""
    from asyncpg import PostgresError
    from sqlalchemy.exc import DBAPIError

    from libs.chassis.migrations import upgrade_all

    try:
        upgrade_all(database_url)
    except (PostgresError, DBAPIError, OSError) as error:
        raise StackError(f"The database could not be brought up to date: {error}") from error


def ensure_database(database_url: str) -> None:
    """Create the database itself when the server does not have it."""
    asyncio.run(_ensure_database(database_url))


def ensure_bucket(
    endpoint: str, access_key: str, secret_key: str, bucket: str, region: str = "us-east-1"
) -> None:
    """Raises `StackError` when the server refuses or is away."""
    from minio import Minio
    from minio.error import MinioException
    from urllib3 import PoolManager, Retry
    from urllib3.exceptions import HTTPError

    url = urlsplit(endpoint)
    try:
        client = Minio(
            url.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=url.scheme == "https",
            region=region,
            http_client=PoolManager(timeout=_S3_TIMEOUT, retries=Retry(2, backoff_factor=0.5)),
        )
        if not client.bucket_exists(bucket_name=bucket):
            client.make_bucket(bucket_name=bucket)
    except (MinioException, HTTPError, ValueError) as error:
        raise StackError(f"The bucket {bucket} at {endpoint} is not to be had: {error}") from error


async def _ensure_database(database_url: str) -> None:
    import asyncpg

    url = urlsplit(database_url)._replace(scheme=POSTGRES_SCHEME)
    name = url.path.lstrip("/")
    connection = await asyncpg.connect(url._replace(path="/postgres").geturl(), ssl=False)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            quoted = name.replace('"', '""')
            await connection.execute(f'CREATE DATABASE "{quoted}"')
    finally:
        await connection.close()


def main(step: str) -> None:
    env = os.environ
    if step == "database":
        ensure_database(env["REELBUS_DATABASE_URL"])
        migrate(env["REELBUS_DATABASE_URL"])
    elif step == "bucket":
        ensure_bucket(
            env["REELBUS_S3_ENDPOINT"],
            env["REELBUS_S3_ACCESS_KEY"],
            env["REELBUS_S3_SECRET_KEY"],
            env["REELBUS_S3_BUCKET"],
        )
    else:
        sys.exit(f"unknown step {step!r}: database or bucket")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except StackError as error:
        sys.exit(str(error))
