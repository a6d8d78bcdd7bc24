"""Routes of the videocraft contract: CSRF tokens, and what whoever runs it asks. At the root the shell of the
service answers `/live`, `/ready` and `/metrics` itself, in the same way, from its first moment on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import HttpMethod, Response, get, route
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST

from libs.chassis.health import Health
from libs.contracts.errors import UnavailableError
from libs.contracts.jobs_view import time_of
from services.edge.contracts.videocraft import openapi
from services.edge.contracts.videocraft.answers import PRIVATE, answer
from services.edge.contracts.videocraft.errors import envelope
from services.edge.contracts.videocraft.gate import Gate
from services.edge.contracts.videocraft.health import HealthReport
from services.edge.contracts.videocraft.health_schemas import HealthDetails, Healthy, Ok
from services.edge.contracts.videocraft.schemas import BASE, Answer, CsrfTokenData
from services.edge.errors import AnyRequest, exception_handlers

_READ = [HttpMethod.GET, HttpMethod.HEAD]
TAG = "videocraft"
_AWAY = "The service does not work now"


@get(f"{BASE}/csrf-token", responses=openapi.open_errors(), summary="A token for requests that write")
async def csrf_token(request: AnyRequest, gate: NamedDependency[Gate]) -> Response[Answer[CsrfTokenData]]:
    found = gate.token()
    expires_at = time_of(datetime.fromtimestamp(found.expires_at, UTC))
    return answer(request, CsrfTokenData(csrf_token=found.token, expires_at=expires_at))


@route(
    f"{BASE}/health",
    http_method=_READ,
    responses=openapi.open_errors(status_503=_AWAY),
    summary="Whether the service works",
)
async def health(
    report: NamedDependency[HealthReport], service: NamedDependency[Health]
) -> Response[Healthy]:
    return await _healthy(report, service)


@get(f"{BASE}/health/detailed", responses=openapi.errors(), summary="What works and how much is used")
async def detailed(
    request: AnyRequest, gate: NamedDependency[Gate], report: NamedDependency[HealthReport]
) -> Response[Answer[HealthDetails]]:
    await gate.reader(request)
    return answer(request, await report.details())


@route(
    ["/live", f"{BASE}/live"],
    http_method=_READ,
    responses=openapi.open_errors(),
    summary="Whether the process lives",
)
async def live() -> Response[Ok]:
    return Response(Ok(), headers=PRIVATE)


@route(
    ["/ready", f"{BASE}/ready"],
    http_method=_READ,
    responses=openapi.open_errors(status_503=_AWAY),
    summary="Whether the service can work",
)
async def ready(service: NamedDependency[Health]) -> Response[Ok]:
    await _require(service)
    return Response(Ok(), headers=PRIVATE)


@route(
    ["/metrics", f"{BASE}/metrics"],
    http_method=_READ,
    media_type="text/plain",
    responses=openapi.open_errors(),
    summary="Figures for Prometheus",
)
async def metrics(service: NamedDependency[Health]) -> Response[Any]:
    return Response(await service.metrics(), headers=PRIVATE, media_type=CONTENT_TYPE_LATEST)


def health_route(report: HealthReport, service: Health) -> HTTPRouteHandler:
    """`GET /health`: by itself, because `HEAD` there is another family's."""

    @get(
        "/health",
        responses=openapi.open_errors(status_503=_AWAY),
        exception_handlers=exception_handlers(envelope),
        summary="Whether the service works",
        tags=[TAG],
    )
    async def root_health() -> Response[Healthy]:
        return await _healthy(report, service)

    return root_health


async def _healthy(report: HealthReport, service: Health) -> Response[Healthy]:
    await _require(service)
    return Response(report.basic(), headers=PRIVATE)


async def _require(service: Health) -> None:
    works, _ = await service.report()
    if not works:
        raise UnavailableError("The service does not work now.")
