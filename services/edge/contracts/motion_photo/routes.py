"""Routes of the Motion Photo contract."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Request, Response, Router, post, route
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from libs.chassis.health import Health
from libs.chassis.links import Links
from libs.contracts.errors import UnavailableError
from libs.contracts.sessions import MakeMotionPhoto, TakeThumbnail
from services.edge.bodies import MAX_BODY, form_fields, json_object
from services.edge.contracts.motion_photo import openapi
from services.edge.contracts.motion_photo.errors import HEALTH, STATUSES, envelope
from services.edge.contracts.motion_photo.gate import Gate
from services.edge.contracts.motion_photo.preparing import Preparing
from services.edge.contracts.motion_photo.schemas import Cleaned, Prepared, prepared_of
from services.edge.contracts.motion_photo.sessions import Sessions
from services.edge.contracts.motion_photo.values import number, preview_of, session_id_of
from services.edge.downloads import attachment, serve
from services.edge.errors import exception_handlers

AnyRequest = Request[Any, Any, Any]
_READ = [HttpMethod.GET, HttpMethod.HEAD]
_PREVIEW = "/preview/"
_PRIVATE = {"Cache-Control": "no-store"}
_TAG = "motion-photo"

_SENSELESS = "A field is missing or makes no sense"
_UNKNOWN = "There is no such session, or it has expired"
_OFTEN = "Too many requests; see Retry-After"
_AWAY = "A service does not answer, or too much waits; see Retry-After"


@post(
    "/prepare",
    status_code=200,
    operation_class=openapi.PrepareOperation,
    responses=openapi.errors(
        status_400="There is no file, or it is no video",
        status_413="The file is larger than the limit",
        status_429=_OFTEN,
        status_503=_AWAY,
    ),
    request_max_body_size=None,
    summary="Upload a video or GIF and make its preview",
)
async def prepare(
    request: AnyRequest,
    gate: NamedDependency[Gate],
    preparing: NamedDependency[Preparing],
    links: NamedDependency[Links],
) -> Response[Prepared]:
    caller = await gate.admit(request)
    base = links.to(request, _PREVIEW)  # a hostile Host is refused before anything is stored
    content_type, length = request.headers.get("content-type", ""), request.content_length
    session = await preparing.run(caller.owner, request.stream(), content_type, length, request.receive)
    key = caller.preview_key(session.session_id)
    url = f"{base}{session.session_id}.mp4" + (f"?key={key}" if key else "")
    return Response(prepared_of(session, url), status_code=200, headers=_PRIVATE)


@post(
    "/convert",
    status_code=200,
    operation_class=openapi.ConvertOperation,
    media_type="image/jpeg",
    responses=openapi.errors(
        status_400=f"{_SENSELESS}, or the times do not fit the video", status_404=_UNKNOWN,
        status_422="The speed is out of range", status_429=_OFTEN, status_503=_AWAY,
    ),
    request_max_body_size=MAX_BODY,
    summary="Make a Motion Photo of a part of the video",
)  # fmt: skip
async def convert(
    request: AnyRequest, gate: NamedDependency[Gate], sessions: NamedDependency[Sessions]
) -> Response[Any]:
    caller = await gate.admit(request)
    form = await form_fields(request)
    wanted = MakeMotionPhoto(
        range_start=number(form, "range_start"),
        range_end=number(form, "range_end"),
        cover_time=number(form, "cover_time"),
        speed=number(form, "speed"),
        device=form.get("device", "").strip().lower() or "google",
        session_id=session_id_of(form),
        owner=caller.owner,
    )
    photo = await sessions.photo(wanted, request.receive)
    return serve(request, photo.content, Content_Disposition=attachment(photo.name))


@post(
    "/thumbnail",
    status_code=200,
    operation_class=openapi.ThumbnailOperation,
    media_type="image/jpeg",
    responses=openapi.errors(
        status_400=_SENSELESS, status_404=_UNKNOWN, status_422="The timestamp lies outside of the video",
        status_429=_OFTEN, status_503=_AWAY,
    ),
    request_max_body_size=MAX_BODY,
    summary="Take a picture out of the video",
)  # fmt: skip
async def thumbnail(
    request: AnyRequest, gate: NamedDependency[Gate], sessions: NamedDependency[Sessions]
) -> Response[Any]:
    caller = await gate.admit(request)
    body = await json_object(request)
    timestamp = number(body, "timestamp")
    wanted = TakeThumbnail(session_id=session_id_of(body), owner=caller.owner, timestamp=timestamp)
    return serve(request, await sessions.thumbnail(wanted))


@post(
    "/cleanup",
    status_code=200,
    operation_class=openapi.CleanupOperation,
    responses=openapi.errors(status_400=_SENSELESS, status_404=_UNKNOWN, status_429=_OFTEN, status_503=_AWAY),
    request_max_body_size=MAX_BODY,
    summary="Close a session and remove its files",
)
async def cleanup(
    request: AnyRequest, gate: NamedDependency[Gate], sessions: NamedDependency[Sessions]
) -> Cleaned:
    caller = await gate.admit(request)
    await sessions.close(session_id_of(await json_object(request)), caller.owner)
    return Cleaned()


@route(
    f"{_PREVIEW}{{name:str}}",
    http_method=_READ,
    media_type="video/mp4",
    responses=openapi.errors(
        status_404=_UNKNOWN, status_416="The range lies outside of the file", status_503=_AWAY
    ),
    summary="The preview of a session: `{session_id}.mp4`",
)
async def preview(
    request: AnyRequest,
    name: FromPath[str],
    gate: NamedDependency[Gate],
    sessions: NamedDependency[Sessions],
) -> Response[Any]:
    session_id = preview_of(name)
    caller = await gate.viewer(request, session_id)
    content = await sessions.preview(session_id, caller.owner)
    return serve(request, content, Cross_Origin_Resource_Policy="cross-origin")


def health_route(gate: Gate, service: Health) -> HTTPRouteHandler:
    """`HEAD /health`: by itself, because `GET` there is another family's."""

    @route(
        HEALTH,
        http_method=[HttpMethod.HEAD],
        responses=openapi.errors(status_503="The service does not work"),
        exception_handlers=exception_handlers(envelope, **STATUSES),
        summary="Whether the service works",
        tags=[_TAG],
    )
    async def health(request: AnyRequest) -> Response[None]:
        await gate.check(request)
        ready, _ = await service.report()
        if not ready:
            raise UnavailableError("The service does not work now.")
        return Response(None, headers=_PRIVATE)

    return health


def router(gate: Gate, preparing: Preparing, sessions: Sessions, links: Links) -> Router:
    """The family's routes over these parts."""
    return Router(
        "/",
        route_handlers=[prepare, convert, thumbnail, cleanup, preview],
        dependencies={
            "gate": Provide(lambda: gate, sync_to_thread=False),
            "preparing": Provide(lambda: preparing, sync_to_thread=False),
            "sessions": Provide(lambda: sessions, sync_to_thread=False),
            "links": Provide(lambda: links, sync_to_thread=False),
        },
        exception_handlers=exception_handlers(envelope, **STATUSES),
        tags=[_TAG],
    )
