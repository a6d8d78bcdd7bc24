"""The videocraft family over its parts."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from libs.chassis.health import Health
from libs.chassis.links import Links
from services.edge.contracts.videocraft import job_routes, openapi, system_routes, video_routes
from services.edge.contracts.videocraft.creating import Creating
from services.edge.contracts.videocraft.errors import envelope
from services.edge.contracts.videocraft.gate import Gate
from services.edge.contracts.videocraft.health import HealthReport
from services.edge.contracts.videocraft.makings import MakingRecords
from services.edge.contracts.videocraft.system_routes import health_route
from services.edge.contracts.videocraft.videos import Videos
from services.edge.errors import exception_handlers

__all__ = ["health_route", "router"]

_CLOSED = [
    job_routes.generate, job_routes.listing, job_routes.details, job_routes.status, job_routes.cancel,
    video_routes.videos_listing, video_routes.video_details, video_routes.remove, video_routes.download,
    video_routes.preview, video_routes.subrip, video_routes.webvtt, video_routes.transcript,
    system_routes.detailed,
]  # fmt: skip
_OPEN = [
    system_routes.csrf_token, system_routes.health, system_routes.live,
    system_routes.ready, system_routes.metrics,
]  # fmt: skip


def router(
    gate: Gate,
    links: Links,
    *,
    creating: Creating,
    records: MakingRecords,
    videos: Videos,
    report: HealthReport,
    service: Health,
) -> Router:
    """The family's routes over these parts."""
    return Router(
        "/",
        route_handlers=[
            Router("/", route_handlers=_CLOSED, security=openapi.SECURITY),
            Router("/", route_handlers=_OPEN),
        ],
        dependencies={
            "gate": Provide(lambda: gate, sync_to_thread=False),
            "links": Provide(lambda: links, sync_to_thread=False),
            "creating": Provide(lambda: creating, sync_to_thread=False),
            "records": Provide(lambda: records, sync_to_thread=False),
            "videos": Provide(lambda: videos, sync_to_thread=False),
            "report": Provide(lambda: report, sync_to_thread=False),
            "service": Provide(lambda: service, sync_to_thread=False),
        },
        exception_handlers=exception_handlers(envelope),
        tags=[system_routes.TAG],
    )
