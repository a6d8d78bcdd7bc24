"""The edge's HTTP application over its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from litestar import Litestar, Request, Router

from libs.chassis.door import Door, Refusal
from libs.chassis.health import NO_APP, ASGIApp, Scope
from libs.chassis.hosts import Hosts
from libs.chassis.pages import Pages
from services.edge.contracts.jobs import errors as jobs
from services.edge.contracts.motion_photo import errors as motion_photo
from services.edge.contracts.videocraft import errors as videocraft
from services.edge.contracts.videocraft.observing import Observing
from services.edge.cors import Cors
from services.edge.docs_ui import openapi_config, static_files
from services.edge.errors import Envelope, Trouble, detail_envelope, envelope_by, exception_handlers
from services.edge.paths import ByPrefix

_ENVELOPES: ByPrefix[Envelope] = ByPrefix(
    detail_envelope,
    {
        **dict.fromkeys(motion_photo.PREFIXES, motion_photo.envelope),
        **dict.fromkeys(jobs.PREFIXES, jobs.envelope),
        **dict.fromkeys(videocraft.PREFIXES, videocraft.envelope),
    },
)


def litestar(routers: list[Router]) -> Litestar:
    """Routes, envelopes and the documentation."""
    return Litestar(
        [*routers, static_files()],
        exception_handlers=exception_handlers(envelope_by(_ENVELOPES)),
        openapi_config=openapi_config(),
        logging_config=None,
    )


def absent(scope: Scope) -> Any:
    """What is answered for an edge that has no application yet, or none any more."""
    return _worded(scope, Trouble(503, "unavailable", NO_APP))


def reachable(
    app: Litestar, *, hosts: Hosts, origins: Sequence[str], motion_origins: Sequence[str]
) -> ASGIApp:
    """`app` as clients reach it: under the names of `hosts`, from pages of `origins`, but for families with
    origins of their own. Requests of videocraft are counted. Pages that may call can read refusals too."""
    pages, motion = Pages(origins), Pages(motion_origins, credentials=True)
    families = ByPrefix(pages, dict.fromkeys((*motion_photo.PREFIXES, motion_photo.HEALTH), motion))
    return Observing(Cors(Door(cast("ASGIApp", app), hosts, pages, _refused), families))


def _refused(scope: Scope, refusal: Refusal) -> Any:
    return _worded(scope, Trouble(refusal.status, refusal.code, refusal.message))


def _worded(scope: Scope, trouble: Trouble) -> Any:
    """In the envelope of the family, where there is no application to ask."""
    return envelope_by(_ENVELOPES)(Request(cast("Any", scope)), trouble)
