"""`docs/api/openapi.json`: the edge's document, from its real routes over parts that do nothing."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

from litestar import Litestar, Router
from litestar.serialization import encode_json

from reelbus.docs.errors import DocsError
from services.edge import contracts
from services.edge.api import litestar


class Inert:
    """Stands for a part that routes are built over and that no request will ever reach."""


def document() -> dict[str, Any]:
    """The OpenAPI document of all contract families. Litestar orders paths by hash and makes up random
    examples for the schemas of declared errors: keys are sorted here, and those examples left out."""
    encoded = encode_json(edge().openapi_schema.to_schema())
    found: dict[str, Any] = json.loads(encoded, object_pairs_hook=lambda pairs: dict(sorted(pairs)))
    found["components"]["schemas"] = _without_examples(found["components"]["schemas"])
    return found


def edge() -> Litestar:
    """The edge's application with every family in `services.edge.contracts`."""
    modules = [importlib.import_module(f"{contracts.__name__}.{family}.routes") for family in families()]
    shared = [_built(each.health_route) for each in modules if hasattr(each, "health_route")]
    return litestar([*map(_router, modules), Router("/", route_handlers=shared)])


def families() -> list[str]:
    """The contract families that have routes."""
    packages = pkgutil.iter_modules(contracts.__path__)
    return sorted(package.name for package in packages if package.ispkg)


def _router(module: ModuleType) -> Router:
    build = getattr(module, "router", None)
    if build is None:
        raise DocsError(f"{module.__name__} has no function `router`.")
    router: Router = _built(build)
    return router


def _built(build: Callable[..., Any]) -> Any:
    return build(**{name: Inert() for name in inspect.signature(build).parameters})


def _without_examples(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_examples(part)
            for name, part in value.items()
            if name != "examples" or isinstance(part, dict)
        }
    return [_without_examples(each) for each in value] if isinstance(value, list) else value
