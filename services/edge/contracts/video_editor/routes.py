"""Routes of the video editor contract."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from litestar import HttpMethod, Request, Response, Router, get, post, put, route
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter

from libs.chassis.links import Links
from libs.contracts.jobs import JobState
from services.edge.bodies import MAX_BODY, json_object
from services.edge.contracts.video_editor import openapi
from services.edge.contracts.video_editor.editing import Editing
from services.edge.contracts.video_editor.edits import concat_of, encode_of, request_code_of, trim_of
from services.edge.contracts.video_editor.fields import integer
from services.edge.contracts.video_editor.schemas import (
    Accepted,
    Download,
    Executed,
    ExecutionState,
    Failed,
    Info,
    Queued,
    Record,
    accepted_of,
    executed_of,
    failed_of,
    info_of,
    queued_of,
    record_of,
    state_of,
)
from services.edge.contracts.video_editor.upload import VideoUpload
from services.edge.contracts.video_editor.videos import DEFAULT_LIMIT, Videos
from services.edge.downloads import serve
from services.edge.errors import AWAY, detail_envelope, exception_handlers, problem
from services.edge.prefer import patience

AnyRequest = Request[Any, Any, Any]
_READ = [HttpMethod.GET, HttpMethod.HEAD]
_EXECUTIONS = "/video/process/jobs/"
_PRIVATE = {"Cache-Control": "no-store"}
"""For links that are made of what one client said about our address."""

_INTEGER = {"type": "integer", "one_of": None}
"""Judged here and not by Litestar: any number of digits, words of our own."""
_VideoId = Annotated[
    str | None, QueryParameter(description="Id of the video (required).", schema_extra=_INTEGER)
]
_Skip = Annotated[
    str | None, QueryParameter(description="Number of the page, from 0.", schema_extra=_INTEGER)
]
_Limit = Annotated[
    str | None, QueryParameter(description="Videos of a page, 1 to 1000.", schema_extra=_INTEGER)
]


_SENSELESS = problem("The request makes no sense")
_READ_ERRORS = {400: _SENSELESS, 404: problem("There is no such video"), 503: AWAY}
_FILE_ERRORS = {**_READ_ERRORS, 416: problem("The range lies outside of the file")}
_QUEUE_ERRORS = {
    400: problem("The body makes no sense, or these videos do not allow the operation"),
    404: problem("There is no such video"),
    413: problem("The body is too large"),
    503: AWAY,
}
_UPLOAD_ERRORS = {
    400: problem("There is no file, or the form cannot be read"),
    413: problem("A file or the form is larger than the limit, or there are too many files"),
    415: problem("A file is no video of a supported format"),
    503: AWAY,
}
_EXECUTE_ANSWERS = {
    202: ResponseSpec(Accepted, description="The work goes on", generate_examples=False),
    400: problem("Nothing waits in this queue, or the body makes no sense"),
    413: problem("The body is too large"),
    500: ResponseSpec(Failed, description="Jobs failed", generate_examples=False),
    503: AWAY,
}


@put(
    "/video/upload",
    operation_class=openapi.UploadOperation,
    responses=_UPLOAD_ERRORS,
    request_max_body_size=None,
    exception_handlers=exception_handlers(detail_envelope, media_error=415),
    summary="Upload one or several videos: all or none",
)
async def upload(request: AnyRequest, uploads: NamedDependency[VideoUpload]) -> list[Record]:
    content_type = request.headers.get("content-type", "")
    found = await uploads.run(request.stream(), content_type, request.content_length)
    return [record_of(video) for video in found]


@get("/video/download", responses=_READ_ERRORS, summary="Link to a video that was made by an edit")
async def download(
    request: AnyRequest,
    videos: NamedDependency[Videos],
    links: NamedDependency[Links],
    video_id: _VideoId = None,
) -> Response[list[Download]]:
    found = await videos.result(integer({"video_id": video_id}, "video_id"))
    link = Download(download_link=links.to(request, found.path))
    return Response([link], headers=_PRIVATE)


@get("/video/view/all", responses={400: _SENSELESS, 503: AWAY}, summary="Videos, in order of their ids")
async def view_all(videos: NamedDependency[Videos], skip: _Skip = None, limit: _Limit = None) -> list[Record]:
    asked = {"skip": skip, "limit": limit}
    found = await videos.page(integer(asked, "skip", 0), integer(asked, "limit", DEFAULT_LIMIT))
    return [record_of(video) for video in found]


@get(
    "/video/view/info",
    responses={**_READ_ERRORS, 500: problem("Nothing is known about this video")},
    summary="What is in a video",
)
async def view_info(videos: NamedDependency[Videos], video_id: _VideoId = None) -> Info:
    return info_of(await videos.get(integer({"video_id": video_id}, "video_id")))


@post(
    "/video/process/trim",
    status_code=200,
    operation_class=openapi.TrimOperation,
    responses=_QUEUE_ERRORS,
    request_max_body_size=MAX_BODY,
    summary="Queue the cutting of a part out of a video",
)
async def trim(request: AnyRequest, editing: NamedDependency[Editing]) -> Queued:
    return queued_of("Trim", await editing.queue(trim_of(await json_object(request))))


@post(
    "/video/process/concat",
    status_code=200,
    operation_class=openapi.ConcatOperation,
    responses=_QUEUE_ERRORS,
    request_max_body_size=MAX_BODY,
    summary="Queue the joining of videos",
)
async def concat(request: AnyRequest, editing: NamedDependency[Editing]) -> Queued:
    return queued_of("Concat", await editing.queue(concat_of(await json_object(request))))


@post(
    "/video/process/encoding",
    status_code=200,
    operation_class=openapi.EncodeOperation,
    responses=_QUEUE_ERRORS,
    request_max_body_size=MAX_BODY,
    summary="Queue the encoding of a video",
)
async def encoding(request: AnyRequest, editing: NamedDependency[Editing]) -> Queued:
    return queued_of("Encode", await editing.queue(encode_of(await json_object(request))))


@post(
    "/video/process/execute",
    status_code=200,
    operation_class=openapi.ExecuteOperation,
    responses=_EXECUTE_ANSWERS,
    request_max_body_size=MAX_BODY,
    summary="Execute everything that waits in a queue",
)
async def execute(
    request: AnyRequest, editing: NamedDependency[Editing], links: NamedDependency[Links]
) -> Response[Executed]:
    code = request_code_of(await json_object(request))
    base = links.to(request, _EXECUTIONS)  # a hostile Host is refused before anything is executed
    patient = patience(request.headers.getall("prefer", []), editing.timeout)
    execution = await editing.execute(code, seconds=patient.seconds, receive=request.receive)
    link = f"{base}{execution.job.job_id}"
    state = execution.job.state
    answer: Any
    if patient.seconds <= 0 or not state.terminal:
        applied = {"Preference-Applied": patient.applied} if patient.applied else {}
        answer = accepted_of(code, execution, link)
        return Response(answer, status_code=202, headers={"Location": link, **applied})
    if state is JobState.COMPLETED:
        return Response(executed_of(code, execution), status_code=200)
    answer = failed_of(execution)
    return Response(answer, status_code=500)


@get(
    f"{_EXECUTIONS}{{execution_id:str}}",
    responses={**_READ_ERRORS, 404: problem("There is no such execution")},
    summary="State of an execution and its jobs",
)
async def execution_state(
    request: AnyRequest,
    execution_id: FromPath[str],
    editing: NamedDependency[Editing],
    links: NamedDependency[Links],
) -> Response[ExecutionState]:
    found = await editing.execution(execution_id)
    return Response(state_of(found, partial(links.to, request)), headers=_PRIVATE)


@route(
    "/storage/origin/{name:str}",
    http_method=_READ,
    media_type="video/mp4",
    responses=_FILE_ERRORS,
    summary="An uploaded video",
)
async def uploaded_file(
    request: AnyRequest, name: FromPath[str], videos: NamedDependency[Videos]
) -> Response[Any]:
    return serve(request, await videos.content(f"/storage/origin/{name}"))


@route(
    "/storage/modi/{name:str}",
    http_method=_READ,
    media_type="video/mp4",
    responses=_FILE_ERRORS,
    summary="A video that was made by an edit",
)
async def made_file(
    request: AnyRequest, name: FromPath[str], videos: NamedDependency[Videos]
) -> Response[Any]:
    return serve(request, await videos.content(f"/storage/modi/{name}"))


def router(uploads: VideoUpload, videos: Videos, editing: Editing, links: Links) -> Router:
    """The family's routes over these parts."""
    return Router(
        "/",
        route_handlers=[
            upload,
            download,
            view_all,
            view_info,
            trim,
            concat,
            encoding,
            execute,
            execution_state,
            uploaded_file,
            made_file,
        ],
        dependencies={
            "uploads": Provide(lambda: uploads, sync_to_thread=False),
            "videos": Provide(lambda: videos, sync_to_thread=False),
            "editing": Provide(lambda: editing, sync_to_thread=False),
            "links": Provide(lambda: links, sync_to_thread=False),
        },
        tags=["video-editor"],
    )
