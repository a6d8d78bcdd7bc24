"""The edge's HTTP application over its parts."""

from __future__ import annotations

import re
from typing import cast

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.plugins.prometheus import PrometheusConfig
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

from libs.chassis.health import ASGIApp, Scope
from services.edge.docs_ui import openapi_config, static_files
from services.edge.errors import detail_envelope, exception_handlers

_EXPOSED = ["Accept-Ranges", "Content-Length", "Content-Range", "ETag", "Retry-After"]
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def litestar(routers: list[Router], cors_origins: list[str]) -> Litestar:
    """Routes, CORS, envelopes, metrics and the documentation."""
    return Litestar(
        [*routers, static_files()],
        cors_config=CORSConfig(allow_origins=cors_origins, expose_headers=_EXPOSED),
        exception_handlers=exception_handlers(detail_envelope),
        openapi_config=openapi_config(),
        logging_config=None,
        middleware=[
            PrometheusConfig(
                app_name="edge", prefix="reelbus_http", group_path=True, exclude_unhandled_paths=True
            ).middleware
        ],
    )


def traced(app: Litestar) -> ASGIApp:
    """A span per request, named by its path with ids taken out."""

    def name_of(scope: Scope) -> tuple[str, dict[str, str]]:
        path = _UUID.sub("{id}", scope["path"])
        return f"{scope.get('method', 'WS')} {path}", {"http.route": path}

    return cast(
        "ASGIApp",
        OpenTelemetryMiddleware(app, default_span_details=name_of, exclude_spans=["receive", "send"]),
    )
