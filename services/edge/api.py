"""The edge's HTTP application over its parts."""

from __future__ import annotations

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig

from services.edge.docs_ui import openapi_config, static_files
from services.edge.errors import detail_envelope, exception_handlers

_EXPOSED = [
    "Accept-Ranges",
    "Content-Length",
    "Content-Range",
    "ETag",
    "Location",
    "Preference-Applied",
    "Retry-After",
]


def litestar(routers: list[Router], cors_origins: list[str]) -> Litestar:
    """Routes, CORS, envelopes and the documentation."""
    return Litestar(
        [*routers, static_files()],
        cors_config=CORSConfig(allow_origins=cors_origins, expose_headers=_EXPOSED),
        exception_handlers=exception_handlers(detail_envelope),
        openapi_config=openapi_config(),
        logging_config=None,
    )
