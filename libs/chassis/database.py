"""PostgreSQL for services: one engine, sessions, and errors by name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlencode

import asyncpg
import msgspec
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.chassis.settings import DatabaseSettings
from libs.contracts.errors import UnavailableError

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
"""What asyncpg raises, bare when it cannot even connect, while the server is away, starting, or full."""


def schema_metadata(schema: str) -> MetaData:
    """Metadata of a service's own schema, with constraint names that migrations can rely on."""
    return MetaData(schema=schema, naming_convention=NAMING)


def asyncpg_url(url: str) -> str:
    """The URL as asyncpg itself reads it: what SQLAlchemy calls `ssl` is `sslmode` there."""
    address, _, query = url.partition("?")
    known = [("sslmode" if name == "ssl" else name, value) for name, value in parse_qsl(query)]
    plain = address.replace("postgresql+asyncpg://", "postgresql://", 1)
    return f"{plain}?{urlencode(known)}" if known else plain


class Database:
    """The service's connections. A lost server shows as `UnavailableError`, and is found again."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self.url = settings.database_url.get_secret_value()
        self._engine = create_async_engine(
            self.url,
            pool_size=settings.database_pool,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=False,
            hide_parameters=True,
            json_serializer=lambda value: msgspec.json.encode(value).decode(),
            json_deserializer=msgspec.json.decode,
            connect_args={"timeout": 5, "command_timeout": 30},
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction: committed at the end, rolled back by an exception."""
        try:
            async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                yield session
        except (*_AWAY, OperationalError, InterfaceError, PoolTimeoutError, OSError, TimeoutError) as error:
            raise UnavailableError("The database does not answer.") from error
        except DBAPIError as error:
            if error.connection_invalidated or isinstance(
                error.orig.__cause__ if error.orig else None, _AWAY
            ):
                raise UnavailableError("The database does not answer.") from error
            raise

    async def check(self) -> None:
        async with self.transaction() as session:
            await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            await session.exec(text("SELECT 1"))  # type: ignore[call-overload]  # plain SQL is allowed

    async def close(self) -> None:
        await self._engine.dispose()
