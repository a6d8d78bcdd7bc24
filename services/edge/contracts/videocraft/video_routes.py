"""Routes of the videocraft contract: videos that were made."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Response, delete, get, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.edge.contracts.videocraft import openapi
from services.edge.contracts.videocraft.answers import answer, deleted
from services.edge.contracts.videocraft.gate import Gate
from services.edge.contracts.videocraft.paging import page_of, pagination_of
from services.edge.contracts.videocraft.queries import PageLimit, PageOffset, Status, Time
from services.edge.contracts.videocraft.schemas import BASE, Answer, Deleted, VideoDetails, VideoListing
from services.edge.contracts.videocraft.videos import (
    DOWNLOAD,
    PREVIEW,
    SUBRIP,
    TRANSCRIPT,
    WEBVTT,
    Videos,
    made_of,
)
from services.edge.contracts.videocraft.views import listed_video_of, video_details_of
from services.edge.downloads import attachment, serve
from services.edge.errors import AnyRequest

_READ = [HttpMethod.GET, HttpMethod.HEAD]
_UNKNOWN = "There is no such video of this user"
_FILE = openapi.errors(status_404=_UNKNOWN, status_416="The range lies outside of the file")


@get(
    f"{BASE}/videos",
    responses=openapi.errors(status_400="The query is not valid"),
    summary="Videos of the caller, newest first",
)
async def videos_listing(
    request: AnyRequest,
    gate: NamedDependency[Gate],
    videos: NamedDependency[Videos],
    *,
    status: Status = None,
    limit: PageLimit = None,
    offset: PageOffset = None,
    created_after: Time = None,
    created_before: Time = None,
) -> Response[Answer[VideoListing]]:
    principal = await gate.reader(request)
    asked = page_of(
        principal.owner,
        status=status,
        limit=limit,
        offset=offset,
        after=created_after,
        before=created_before,
        kept=True,
    )
    found = await videos.page(asked)
    made = filter(None, map(made_of, found.makings))
    shown = [listed_video_of(each) for each in made]
    return answer(request, VideoListing(videos=shown, pagination=pagination_of(asked, found)))


@get(
    f"{BASE}/videos/{{video_id:str}}",
    responses=openapi.errors(status_404=_UNKNOWN),
    summary="A video, as it was measured",
)
async def video_details(
    request: AnyRequest,
    video_id: FromPath[str],
    gate: NamedDependency[Gate],
    videos: NamedDependency[Videos],
) -> Response[Answer[VideoDetails]]:
    principal = await gate.reader(request)
    return answer(request, video_details_of(await videos.get(video_id, principal.owner)))


@delete(
    f"{BASE}/videos/{{video_id:str}}",
    status_code=200,
    operation_class=openapi.WritingOperation,
    responses=openapi.written(status_404=_UNKNOWN),
    summary="Delete a video and its files",
)
async def remove(
    request: AnyRequest,
    video_id: FromPath[str],
    gate: NamedDependency[Gate],
    videos: NamedDependency[Videos],
) -> Response[Deleted]:
    principal = await gate.writer(request)
    await videos.remove(video_id, principal.owner)
    return deleted(request, "Video deleted successfully")


@route(
    f"{BASE}/videos/{{video_id:str}}/{DOWNLOAD}",
    http_method=_READ,
    media_type="video/mp4",
    responses=_FILE,
    summary="The file of a video, to be saved",
)
async def download(
    request: AnyRequest,
    video_id: FromPath[str],
    gate: NamedDependency[Gate],
    videos: NamedDependency[Videos],
) -> Response[Any]:
    principal = await gate.reader(request)
    content = await videos.content(video_id, DOWNLOAD, principal.owner)
    return serve(request, content, Content_Disposition=attachment(f"{video_id}.mp4"))


@route(
    f"{BASE}/videos/{{video_id:str}}/{PREVIEW}",
    http_method=_READ,
    media_type="video/mp4",
    responses=_FILE,
    summary="The file of a video, to be played",
)
async def preview(
    request: AnyRequest,
    video_id: FromPath[str],
    gate: NamedDependency[Gate],
    videos: NamedDependency[Videos],
) -> Response[Any]:
    principal = await gate.reader(request)
    content = await videos.content(video_id, PREVIEW, principal.owner)
    return serve(request, content, Content_Disposition=f'inline; filename="{video_id}.mp4"')


@route(
    f"{BASE}/videos/{{video_id:str}}/{SUBRIP}",
    http_method=_READ,
    media_type="application/x-subrip",
    responses=_FILE,
    summary="The captions of a video as SubRip",
)
async def subrip(
    request: AnyRequest,
    video_id: FromPath[str],
    gate: NamedDependency[Gate],
    videos: NamedDependency[Videos],
) -> Response[Any]:
    principal = await gate.reader(request)
    return serve(request, await videos.content(video_id, SUBRIP, principal.owner))


@route(
    f"{BASE}/videos/{{video_id:str}}/{WEBVTT}",
    http_method=_READ,
    media_type="text/vtt",
    responses=_FILE,
    summary="The captions of a video as WebVTT",
)
async def webvtt(
    request: AnyRequest,
    video_id: FromPath[str],
    gate: NamedDependency[Gate],
    videos: NamedDependency[Videos],
) -> Response[Any]:
    principal = await gate.reader(request)
    return serve(request, await videos.content(video_id, WEBVTT, principal.owner))


@route(
    f"{BASE}/videos/{{video_id:str}}/{TRANSCRIPT}",
    http_method=_READ,
    media_type="application/json",
    responses=_FILE,
    summary="What is said in a video, word by word",
)
async def transcript(
    request: AnyRequest,
    video_id: FromPath[str],
    gate: NamedDependency[Gate],
    videos: NamedDependency[Videos],
) -> Response[Any]:
    principal = await gate.reader(request)
    return serve(request, await videos.content(video_id, TRANSCRIPT, principal.owner))
