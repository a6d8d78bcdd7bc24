"""Settings of the notify service."""

from __future__ import annotations

from pydantic import Field

from libs.chassis.links import AddressSettings
from libs.chassis.pages import PageSettings
from libs.chassis.service import ServiceSettings
from libs.chassis.settings import AccessSettings, BusSettings


class NotifySettings(ServiceSettings, BusSettings, AddressSettings, PageSettings, AccessSettings):
    """Everything that notify reads from its environment."""

    ws_queue: int = Field(
        256, description="Messages that wait for one slow socket; progress beyond is dropped.", ge=8
    )
    ws_queue_hard: int = Field(
        4096, description="Undroppable messages that wait for one socket before it is closed.", ge=8
    )
    ws_sockets: int = Field(10_000, description="Sockets of one process at most.", ge=1)
    ws_channel_sockets: int = Field(
        1000, description="Sockets of one user, or of one `client_id`, in one process at most.", ge=1
    )
    ws_replay_window: float = Field(
        600.0,
        description="Seconds that the end of a job is kept for a client that was away when it happened.",
        gt=0,
    )
    ws_ping: float = Field(
        30.0,
        description="Seconds between two PINGs on a socket of the jobs channel. Its credentials are looked at"
        " again as often, and a socket whose credentials expired or were revoked is closed.",
        gt=0,
    )
