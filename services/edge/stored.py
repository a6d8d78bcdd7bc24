"""Stored objects as something to be served."""

from __future__ import annotations

from libs.chassis.storage import Storage
from libs.contracts.media import ObjectRef
from services.edge.downloads import Content


async def stored_content(storage: Storage, stored: ObjectRef) -> Content:
    """The content of an object that is there. Raises `NotFoundError`, `UnavailableError` now, and not in the
    middle of the answer."""
    await storage.stat(stored.key)
    return Content(
        stored.size,
        stored.sha256[:32],
        stored.content_type,
        lambda offset, length: storage.get(stored.key, offset, length),
    )
