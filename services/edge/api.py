"""The edge's HTTP application over its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from litestar import Litestar, Request, Router

from libs.chassis.health import NO_APP, ASGIApp, Scope
from services.edge.contracts.jobs import errors as jobs
from services.edge.contracts.motion_photo import errors as motion_photo
from services.edge.contracts.videocraft import errors as videocraft
from services.edge.contracts.videocraft.observing import Observing
from services.edge.cors import Cors, Pages
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
    return envelope_by(_ENVELOPES)(Request(cast("Any", scope)), Trouble(503, "unavailable", NO_APP))


def with_cors(app: Litestar, *, origins: Sequence[str], motion_origins: Sequence[str]) -> ASGIApp:
    """`app` as clients reach it: pages of `origins` may call all families but those with origins of their
    own, and requests of videocraft are counted."""
    motion = Pages(motion_origins, credentials=True)
    families = ByPrefix(Pages(origins), dict.fromkeys((*motion_photo.PREFIXES, motion_photo.HEALTH), motion))
    return Observing(Cors(cast("ASGIApp", app), families))
