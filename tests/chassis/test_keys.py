"""API keys in a real database, asked for over a real bus by the composed edge and its replica."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import nats as raw_nats
import pytest
from nats.errors import NoRespondersError
from pydantic import SecretStr

from libs.chassis.bus import Bus
from libs.chassis.database import Database
from libs.chassis.health import Health
from libs.contracts.access import AUTHENTICATE, Authenticate, Principal
from libs.contracts.base import utcnow
from libs.contracts.errors import InvalidInputError, NotFoundError, UnauthorizedError, UnavailableError
from libs.contracts.rpc import METHODS
from services.edge.app import compose
from services.edge.auth.administration import Administration
from services.edge.auth.api_keys import CreatedKey
from services.edge.auth.authenticator import Authenticator
from services.edge.auth.repository import LISTED, KeyRepository
from services.edge.auth.tokens import TokenVerifier
from services.edge.settings import EdgeSettings
from tests.chassis.buses import running
from tests.chassis.databases import execute, opened
from tests.chassis.servers import Juicefs, Nats
from tests.signing import SECRET, hs256

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.fixture
def keys(database: Database) -> KeyRepository:
    return KeyRepository(database)


@pytest.fixture
async def replica(database_url: str) -> AsyncIterator[Authenticator]:
    """Another process."""
    async with opened(database_url) as database:
        yield authenticator(KeyRepository(database))


def authenticator(keys: KeyRepository) -> Authenticator:
    return Authenticator(keys, TokenVerifier(secret=SECRET, audience=None, issuer=None))


async def create(keys: KeyRepository, user: str = "ann", *scopes: str) -> CreatedKey:
    return await keys.create(user, [*scopes] or ["read", "write"], "")


async def by_key(who: Authenticator, secret: str) -> Principal:
    return await who.authenticate(Authenticate(api_key=secret))


async def refused(who: Authenticator, **credentials: str) -> None:
    with pytest.raises(UnauthorizedError, match=r"^Invalid or missing authentication token$"):
        await who.authenticate(Authenticate(**credentials))


# --- authentication -------------------------------------------------------------------------------


async def test_a_key_speaks_for_its_user(keys: KeyRepository) -> None:
    ann, bob = await create(keys), await create(keys, "bob", "read")
    who = authenticator(keys)
    assert await by_key(who, ann.secret) == Principal(user_id="ann", scopes=["read", "write"])
    assert await by_key(who, bob.secret) == Principal(user_id="bob", scopes=["read"])


async def test_what_is_stored_opens_nothing(keys: KeyRepository, database: Database) -> None:
    created = await create(keys)
    (row,) = await execute(database.url, "SELECT * FROM edge.api_keys")
    assert created.secret.rpartition("_")[2] not in str(dict(row))
    assert created.secret.startswith(created.key.prefix)
    for stored in (row["prefix"], row["digest"].hex(), f"{row['prefix']}_{row['digest'].hex()[:43]}"):
        await refused(authenticator(keys), api_key=stored)


async def test_keys_that_are_not_good(keys: KeyRepository) -> None:
    one, two = (await create(keys)).secret, (await create(keys, "bob")).secret
    who = authenticator(keys)
    last = "A" if one[-1] != "A" else "B"
    for spoilt in (
        "",
        "x",
        one[:-1],
        one + "A",
        one[:-1] + last,
        one[:12] + two[12:],
        "rb_" + "0" * 8 + one[11:],
    ):
        await refused(who, api_key=spoilt)
    await refused(who)
    await refused(who, token=one[:-1] + last)
    assert (await who.authenticate(Authenticate(token=one))).user_id == "ann"  # a bearer token may be one
    await refused(who, api_key=hs256())


async def test_a_revoked_key_opens_nothing_from_then_on_anywhere(
    keys: KeyRepository, replica: Authenticator
) -> None:
    created = await create(keys)
    here = authenticator(keys)
    for who in (here, replica):
        await by_key(who, created.secret)
    await keys.revoke(created.key.key_id)
    for who in (here, replica):
        await refused(who, api_key=created.secret)


async def test_both_kinds_of_credentials_must_agree(keys: KeyRepository) -> None:
    who = authenticator(keys)
    reader, bob = (await create(keys, "ann", "read")).secret, (await create(keys, "bob")).secret
    both = await who.authenticate(Authenticate(token=hs256(), api_key=reader))
    assert both == Principal(user_id="ann", scopes=["read"])
    narrow = await who.authenticate(Authenticate(token=hs256(scope="write"), api_key=reader))
    assert narrow == Principal(user_id="ann", scopes=[])
    await refused(who, token=hs256(), api_key=bob)
    await refused(who, token=hs256(exp=1), api_key=reader)
    await refused(who, token=hs256(), api_key="x")
    await refused(who, token="", api_key=reader)


async def test_without_a_database_keys_are_unavailable_and_tokens_are_not() -> None:
    nowhere = "postgresql+asyncpg://reelbus@127.0.0.1:1/reelbus"
    async with opened(nowhere) as database:
        who = authenticator(KeyRepository(database))
        assert (await who.authenticate(Authenticate(token=hs256()))).user_id == "ann"
        with pytest.raises(UnavailableError):
            await by_key(who, "rb_abcdefgh_" + "A" * 43)


# --- use ------------------------------------------------------------------------------------------


async def used_at(keys: KeyRepository) -> Any:
    (row,) = await keys.list("ann")
    return row.last_used_at


async def age(database: Database, seconds: float) -> None:
    await execute(
        database.url,
        "UPDATE edge.api_keys SET last_used_at = last_used_at - $1::interval",
        timedelta(seconds=seconds),
    )


async def test_the_last_use_is_noted_once_a_minute(keys: KeyRepository, database: Database) -> None:
    created = await create(keys)
    who = authenticator(keys)
    await refused(who, api_key=created.secret[:-1])
    assert await used_at(keys) is None
    begun = utcnow()
    await asyncio.gather(*(by_key(who, created.secret) for _ in range(20)))
    first = await used_at(keys)
    assert begun <= first <= utcnow()
    await age(database, 50)
    await by_key(who, created.secret)
    assert await used_at(keys) == first - timedelta(seconds=50)
    await age(database, 20)
    await by_key(who, created.secret)
    assert await used_at(keys) >= begun


# --- what operators see ---------------------------------------------------------------------------


async def test_keys_are_listed_by_user_newest_first(keys: KeyRepository) -> None:
    made = [(await create(keys, user)).key for user in ("ann", "bob", "ann")]
    assert [row.key_id for row in await keys.list(None)] == [key.key_id for key in reversed(made)]
    assert [row.key_id for row in await keys.list("ann")] == [made[2].key_id, made[0].key_id]
    assert await keys.list("carl") == []


async def test_a_list_is_not_endless(keys: KeyRepository, database: Database) -> None:
    await execute(
        database.url,
        "INSERT INTO edge.api_keys SELECT ARRAY['read'], gen_random_uuid(), 'ann', '', 'rb_' || n, '', now()"
        " FROM generate_series(1, $1) AS n",
        LISTED + 1,
    )
    assert len(await keys.list("ann")) == LISTED


async def test_a_prefix_that_is_taken_is_not_used_again(
    keys: KeyRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await create(keys)
    other = "rb_zzzzzzzz_" + "A" * 43
    drawn = iter([first.secret, first.secret, other])
    monkeypatch.setattr("services.edge.auth.repository.new_key", lambda: next(drawn))
    assert (await create(keys, "bob")).secret == other
    assert [row.user_id for row in await keys.list(None)] == ["bob", "ann"]


# --- over the bus ---------------------------------------------------------------------------------


@pytest.fixture
async def bus(nats: Nats, juicefs: Juicefs, database_url: str) -> AsyncIterator[Bus]:
    """The bus of somebody who asks; two edges answer."""
    settings = EdgeSettings(
        nats_url=SecretStr(nats.url),
        database_url=SecretStr(database_url),
        jwt_secret=SecretStr(SECRET),
        **juicefs.settings("edge").model_dump(),
    )
    async with compose(settings, Health()), compose(settings, Health()), running(nats) as bus:
        yield bus


async def test_the_life_of_a_key(bus: Bus, keys: KeyRepository) -> None:
    administration = Administration(keys)
    created = await administration.create("ann", ["write", "read", "read"], "ci")
    assert (created.key.user_id, created.key.scopes, created.key.name) == ("ann", ["read", "write"], "ci")
    assert await bus.call(AUTHENTICATE, Authenticate(api_key=created.secret)) == Principal(
        user_id="ann", scopes=["read", "write"]
    )
    (listed,) = await administration.list("ann")
    assert listed.last_used_at is not None
    assert await administration.list("bob") == []
    revoked = await administration.revoke(created.key.key_id)
    assert revoked.revoked_at is not None
    assert await administration.revoke(created.key.key_id) == revoked
    for _ in range(10):
        with pytest.raises(UnauthorizedError):
            await bus.call(AUTHENTICATE, Authenticate(api_key=created.secret))
    assert (await bus.call(AUTHENTICATE, Authenticate(token=hs256(sub="bob")))).owner == "user:bob"


@pytest.mark.usefixtures("bus")
async def test_nobody_on_the_bus_makes_keys(nats: Nats) -> None:
    """Whoever takes over a worker is on the bus: he would be anybody."""
    assert [each for each in METHODS if each.subject.startswith("rpc.edge.")] == [AUTHENTICATE]
    client = await raw_nats.connect(nats.url)
    for name in ("create_key", "list_keys", "revoke_key"):
        with pytest.raises(NoRespondersError):
            await client.request(f"rpc.edge.{name}", b'{"user_id":"ann"}', timeout=5)
    await client.close()


async def test_what_makes_no_sense(keys: KeyRepository) -> None:
    administration = Administration(keys)
    with pytest.raises(NotFoundError, match="There is no such key"):
        await administration.revoke(uuid4())
    for user_id, scopes, name in (
        ("", ["read"], ""),
        (" ann", ["read"], ""),
        ("a\x00", ["read"], ""),
        ("x" * 201, ["read"], ""),
        ("ann", [], ""),
        ("ann", ["read", "admin"], ""),
        ("ann", ["read"], "x" * 101),
        ("ann", ["read"], "a\nb"),
    ):
        with pytest.raises(InvalidInputError):
            await administration.create(user_id, scopes, name)
    assert await administration.list() == []
