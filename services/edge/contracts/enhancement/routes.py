"""Routes of the enhancement contract."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Request, Response, Router, get, post, route
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery

from libs.contracts.media import PUBLIC_OWNER
from services.edge.contracts.enhancement.files import (
    ENHANCE,
    EXTRACT,
    ResultFiles,
    file_id_of,
    job_key,
)
from services.edge.contracts.enhancement.openapi import UploadOperation
from services.edge.contracts.enhancement.schemas import Status, Uploaded, status_of
from services.edge.contracts.enhancement.upload import UploadFlow
from services.edge.downloads import serve
from services.edge.errors import AWAY, problem
from services.edge.job_loader import JobLoader

AnyRequest = Request[Any, Any, Any]
_READ = [HttpMethod.GET, HttpMethod.HEAD]


_NOT_FOUND = {
    400: problem("The request makes no sense"),
    404: problem("File not found"),
    503: AWAY,
}
_UPLOAD_ERRORS = {
    400: problem("File is not a video, or the form cannot be read"),
    413: problem("File is larger than the limit"),
    503: AWAY,
}


@post(
    "/upload",
    status_code=200,
    operation_class=UploadOperation,
    responses=_UPLOAD_ERRORS,
    request_max_body_size=None,
    summary="Upload a video and start both processes",
)
async def upload(
    request: AnyRequest, uploads: NamedDependency[UploadFlow], client_id: FromQuery[str | None] = None
) -> Uploaded:
    content_type = request.headers.get("content-type", "")
    stored = await uploads.run(request.stream(), content_type, request.content_length, client_id)
    return Uploaded(file_id=stored)


@get(
    "/internal/video-enhancement-status/{file_id:str}",
    responses=_NOT_FOUND,
    summary="State of the enhancement of a file",
)
async def enhancement_status(file_id: FromPath[str], jobs: NamedDependency[JobLoader]) -> Status:
    return status_of(await jobs.state(PUBLIC_OWNER, job_key(ENHANCE, file_id_of(file_id))))


@get(
    "/internal/metadata-extraction-status/{file_id:str}",
    responses=_NOT_FOUND,
    summary="State of the metadata extraction of a file",
)
async def metadata_status(file_id: FromPath[str], jobs: NamedDependency[JobLoader]) -> Status:
    return status_of(await jobs.state(PUBLIC_OWNER, job_key(EXTRACT, file_id_of(file_id))))


@route(
    "/processed_videos/{name:str}",
    http_method=_READ,
    media_type="video/mp4",
    responses=_NOT_FOUND,
    summary="Enhanced video: `enhanced_{file_id}.{ext}` or `{file_id}`",
)
async def enhanced_video(
    request: AnyRequest, name: FromPath[str], files: NamedDependency[ResultFiles]
) -> Response[Any]:
    return serve(request, await files.enhanced(name))


@route(
    ["/processed_videos/metadata/{name:str}", "/metadata/{name:str}"],
    http_method=_READ,
    responses=_NOT_FOUND,
    summary="Metadata of a video: `{file_id}_metadata.json` or `{file_id}.json`",
)
async def metadata(
    request: AnyRequest, name: FromPath[str], files: NamedDependency[ResultFiles]
) -> Response[Any]:
    return serve(request, await files.metadata(name))


def router(uploads: UploadFlow, jobs: JobLoader, files: ResultFiles) -> Router:
    """The family's routes over these parts."""
    return Router(
        "/",
        route_handlers=[
            upload,
            enhancement_status,
            metadata_status,
            enhanced_video,
            metadata,
        ],
        dependencies={
            "uploads": Provide(lambda: uploads, sync_to_thread=False),
            "jobs": Provide(lambda: jobs, sync_to_thread=False),
            "files": Provide(lambda: files, sync_to_thread=False),
        },
        tags=["enhancement"],
    )
