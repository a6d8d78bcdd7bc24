"""From a spec to tasks: pure. What cannot be planned fails with words for the user."""

from __future__ import annotations

from dataclasses import dataclass

from libs.contracts.errors import MediaError
from libs.contracts.jobs import EnhanceSpec, ExtractMetadataSpec, JobError, MotionPhotoSpec, PreviewSpec
from libs.contracts.media import Asset, MediaInfo
from libs.contracts.tasks import (
    SERVICE_OF,
    MetadataTask,
    MotionPhotoTask,
    PreviewTask,
    RenderTask,
    TaskSpec,
)
from libs.media.enhance import enhance_graph
from libs.media.graph import fingerprint
from libs.media.motion import clip_graph, presentation_us, preview_graph


@dataclass(frozen=True)
class PlannedTask:
    """A task of a plan: `needs` and `follows` (see `TaskNode`) name others of the same plan. Without a `spec`
    there is an `error`: it cannot be done."""

    name: str
    service: str
    spec: TaskSpec | None
    fingerprint: str
    needs: tuple[str, ...] = ()
    weight: float = 1.0
    follows: tuple[str, ...] = ()
    error: JobError | None = None


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
    return [PlannedTask("main", SERVICE_OF[type(task)], task, fingerprint(task))]


def _enhance(asset: Asset) -> RenderTask:
    graph = enhance_graph(asset.object, _info(asset), asset.name)
    return RenderTask(graph=graph, file_name=f"enhanced.{graph.extension}")


def _metadata(asset: Asset) -> MetadataTask:
    info = _info(asset)
    if info.video is None:
        raise MediaError("There is no video in this file, only sound.")
    return MetadataTask(source=asset.object, info=info)


def _motion_photo(spec: MotionPhotoSpec, asset: Asset) -> MotionPhotoTask:
    info = _info(asset)
    return MotionPhotoTask(
        session_id=spec.session_id,
        source=asset.object,
        info=info,
        clip=clip_graph(asset.object, info, spec.range_start, spec.range_end, spec.speed),
        cover_time=spec.cover_time,
        presentation_us=presentation_us(spec.range_start, spec.cover_time, spec.speed),
        device=spec.device,
    )


def _info(asset: Asset) -> MediaInfo:
    if asset.info is None:
        raise MediaError(asset.probe_error or "This file cannot be read as a video.")
    return asset.info
