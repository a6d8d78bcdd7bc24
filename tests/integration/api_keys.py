"""API keys of users."""

from __future__ import annotations

import asyncio

from pydantic import SecretStr

from libs.chassis.database import Database
from libs.chassis.settings import DatabaseSettings
from reelbus.stack.connection import load
from services.edge.auth.administration import Administration
from services.edge.auth.repository import KeyRepository
from tests.stack.harness import Stack


def api_key(stack: Stack, user_id: str, *scopes: str) -> str:
    """A new key, made as `reelbus keys create` makes it, but here: the command alone takes most of a second
    to import what it needs."""

    async def create() -> str:
        url = load(stack.data).database_url
        database = Database(DatabaseSettings(database_url=SecretStr(url)))
        try:
            return (await Administration(KeyRepository(database)).create(user_id, list(scopes))).secret
        finally:
            await database.close()

    return asyncio.run(create())
