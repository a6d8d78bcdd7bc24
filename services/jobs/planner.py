"""From a spec to tasks: pure. What cannot be planned fails with words for the user."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from libs.contracts.errors import InternalError, InvalidInputError, MediaError
from libs.contracts.jobs import (
    ComposeSpec,
    EnhanceSpec,
    ExtractMetadataSpec,
    JobSpec,
    MotionPhotoSpec,
    PreviewSpec,
    VideoEditSpec,
)
from libs.contracts.media import Asset, MediaInfo, StoredMedia
from libs.contracts.tasks import (
    EditAnalysisResult,
    EditAnalysisTask,
    FetchResult,
    FetchTask,
    MetadataTask,
    MotionPhotoTask,
    PreviewTask,
    RenderTask,
    TaskResult,
    TaskSpec,
)
from libs.contracts.video_edit import HIGHLIGHT, Analysis, Wanted
from libs.media.enhance import enhance_graph
from libs.media.motion import clip_graph, presentation_us, preview_graph
from libs.media.reasons import no_video
from libs.media.video_edit.graph import video_edit_graph
from services.jobs.movies.plan import continued_movie
from services.jobs.plans import MAIN, PlannedTask, planned, unplanned

FETCH, LOOK = "fetch", "look"
"""Names of tasks: get the source, look at it."""
_RENDERING = 8.0
"""Weight of making a video against looking at it or fetching it."""


AssetSpec = EnhanceSpec | ExtractMetadataSpec | PreviewSpec | MotionPhotoSpec
"""What is asked of one asset."""


def plan(spec: AssetSpec, asset: Asset) -> list[PlannedTask]:
    """The tasks of `spec`, in an order in which they could run. Raises `MediaError` when the asset does
    not hold what the spec needs."""
    match spec:
        case EnhanceSpec():
            task: TaskSpec = _enhance(asset)
        case ExtractMetadataSpec():
            task = _metadata(asset)
        case PreviewSpec():
            graph = preview_graph(asset.object, _info(asset))
            task = PreviewTask(session_id=spec.session_id, graph=graph)
        case MotionPhotoSpec():
            task = _motion_photo(spec, asset)
    return [planned(MAIN, task)]


def plan_video_edit(spec: VideoEditSpec, owner: str, job_id: UUID) -> list[PlannedTask]:
    """As `plan`, of a spec that brings its source along. Raises `InvalidInputError` unless there is one."""
    if (spec.source is None) == (spec.url is None):
        raise InvalidInputError("A video edit has one source: a stored video or a URL.")
    looks = _needs_look(spec.wanted)
    main = unplanned(MAIN, RenderTask, needs=(LOOK if looks else FETCH,), weight=_RENDERING)
    if spec.url is not None:
        fetch = planned(FETCH, FetchTask(url=spec.url, owner=owner, job_id=job_id))
        look = unplanned(LOOK, EditAnalysisTask, needs=(FETCH,))
        return [fetch, look, main] if looks else [fetch, main]
    source = _source(spec, {})
    if not looks:
        return [planned(MAIN, _edit(source, spec.wanted, Analysis()))]
    return [planned(LOOK, _look(source, spec.wanted)), main]


def continued(spec: JobSpec, name: str, done: Mapping[str, TaskResult]) -> TaskSpec:
    """What the task `name` of a plan of `spec` has to do, now that the results of tasks that are `done` are
    known, by their names. Raises `MediaError` when that cannot be done."""
    if isinstance(spec, ComposeSpec):
        return continued_movie(spec, name, done)
    if isinstance(spec, VideoEditSpec):
        source = _source(spec, done)
        if name == LOOK:
            return _look(source, spec.wanted)
        looked = done.get(LOOK)
        if name == MAIN and isinstance(looked, EditAnalysisResult):
            return _edit(source, spec.wanted, looked.analysis)
        if name == MAIN and not _needs_look(spec.wanted):
            return _edit(source, spec.wanted, Analysis())
    raise InternalError("What has to be done is not known.")


def _source(spec: VideoEditSpec, done: Mapping[str, TaskResult]) -> StoredMedia:
    source, fetched = spec.source, done.get(FETCH)
    if isinstance(fetched, FetchResult):
        source = StoredMedia(object=fetched.asset.object, info=_info(fetched.asset))
    if source is None:
        raise InternalError("The source of the edit is not known.")
    if source.info.video is None:
        raise MediaError(no_video(source.info))
    return source


def _needs_look(wanted: Wanted) -> bool:
    """Whether an edit depends on what is in its source."""
    return wanted.fit == "crop" or wanted.selection == HIGHLIGHT


def _look(source: StoredMedia, wanted: Wanted) -> EditAnalysisTask:
    """The same for every loudness, which is found as it is rendered."""
    seen = msgspec.structs.replace(wanted, lufs=None)
    return EditAnalysisTask(source=source.object, info=source.info, wanted=seen)


def _edit(source: StoredMedia, wanted: Wanted, found: Analysis) -> RenderTask:
    graph = video_edit_graph(source.object, source.info, wanted, found)
    return RenderTask(graph=graph, file_name=f"output.{graph.extension}")


def _enhance(asset: Asset) -> RenderTask:
    graph = enhance_graph(asset.object, _info(asset), asset.name)
    return RenderTask(graph=graph, file_name=f"enhanced.{graph.extension}")


def _metadata(asset: Asset) -> MetadataTask:
    info = _info(asset)
    if info.video is None:
        raise MediaError(no_video(info))
    return MetadataTask(source=asset.object, info=info)


def _motion_photo(spec: MotionPhotoSpec, asset: Asset) -> MotionPhotoTask:
    info = _info(asset)
    clip = clip_graph(asset.object, info, spec.range_start, spec.range_end, spec.speed)
    return MotionPhotoTask(
        session_id=spec.session_id,
        source=asset.object,
        info=info,
        clip=clip,
        cover_time=spec.cover_time,
        presentation_us=presentation_us(spec.range_start, spec.cover_time, spec.speed, clip),
        device=spec.device,
    )


def _info(asset: Asset) -> MediaInfo:
    if asset.info is None:
        raise MediaError(asset.probe_error or "This file cannot be read as a video.")
    return asset.info
