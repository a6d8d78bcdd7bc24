"""A whole worker service: bus, storage, health, scratch and the worker, around its task handlers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from libs.chassis.bus import Bus, started
from libs.chassis.health import Health
from libs.chassis.service import ServiceSettings
from libs.chassis.settings import BusSettings, StorageSettings, WorkerSettings
from libs.chassis.storage import Storage
from libs.chassis.worker import TaskHandler, Worker


class WorkerServiceSettings(ServiceSettings, BusSettings, StorageSettings, WorkerSettings):
    """What every worker service needs."""


@asynccontextmanager
async def worker_service(
    name: str,
    settings: WorkerServiceSettings,
    health: Health,
    handlers: Mapping[type, TaskHandler],
    register: Callable[[Bus], None] | None = None,
) -> AsyncIterator[None]:
    """Work on the tasks of service `name` while the block runs. `register` adds what else it answers."""
    async with AsyncExitStack() as stack:
        bus = Bus(name, settings)
        await bus.connect()
        storage = Storage(settings)
        stack.callback(storage.close)
        bus.report_to(health)
        health.require("storage", storage.check)
        if register is not None:
            register(bus)
        worker = Worker(name, bus, storage, settings, handlers)
        stack.enter_context(worker.scratch())
        await stack.enter_async_context(started(bus))
        yield
