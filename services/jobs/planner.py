"""From a spec to tasks: pure. What cannot be planned fails with words for the user."""

from __future__ import annotations

from dataclasses import dataclass

from libs.contracts.errors import MediaError
from libs.contracts.jobs import EnhanceSpec, ExtractMetadataSpec, JobError
from libs.contracts.media import Asset
from libs.contracts.tasks import SERVICE_OF, MetadataTask, RenderTask, TaskSpec
from libs.media.enhance import enhance_graph
from libs.media.graph import fingerprint


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


AssetSpec = EnhanceSpec | ExtractMetadataSpec
"""What is asked of one asset."""


def plan(spec: AssetSpec, asset: Asset) -> list[PlannedTask]:
    """The tasks of `spec`, in an order in which they could run. Raises `MediaError` when the asset does
    not hold what the spec needs."""
    match spec:
        case EnhanceSpec():
            task: TaskSpec = _enhance(asset)
        case ExtractMetadataSpec():
            task = _metadata(asset)
    return [PlannedTask("main", SERVICE_OF[type(task)], task, fingerprint(task))]


def _enhance(asset: Asset) -> RenderTask:
    if asset.info is None:
        raise MediaError(asset.probe_error or "This file cannot be read as a video.")
    graph = enhance_graph(asset.object, asset.info, asset.name)
    return RenderTask(graph=graph, file_name=f"enhanced.{graph.extension}")


def _metadata(asset: Asset) -> MetadataTask:
    if asset.info is None:
        raise MediaError(asset.probe_error or "This file cannot be read as a video.")
    if asset.info.video is None:
        raise MediaError("There is no video in this file, only sound.")
    return MetadataTask(source=asset.object, info=asset.info)
