"""The OpenAPI document and its UI, served from here without a CDN."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router

_STATIC = "/schema/static"
_SECURITY = Components(
    security_schemes={
        "JWT": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
        "APIKey": SecurityScheme(type="apiKey", name="X-API-Key", security_scheme_in="header"),
    }
)


def openapi_config() -> OpenAPIConfig:
    """`/schema` is the UI, `/schema/openapi.json` the document."""
    return OpenAPIConfig(
        title="Reelbus",
        version=version("reelbus"),
        description="Self-hosted media back end.",
        path="/schema",
        components=_SECURITY,
        render_plugins=[
            SwaggerRenderPlugin(
                js_url=f"{_STATIC}/swagger-ui-bundle.js",
                css_url=f"{_STATIC}/swagger-ui.css",
                standalone_preset_js_url=f"{_STATIC}/swagger-ui-standalone-preset.js",
                path=["/", "/swagger"],
                favicon="",
            ),
            JsonRenderPlugin(),
        ],
    )


def static_files() -> Router:
    """The UI's scripts and styles."""
    folder = str(files("litestar_offline_docs") / "static")
    return create_static_files_router(_STATIC, [folder], include_in_schema=False)
