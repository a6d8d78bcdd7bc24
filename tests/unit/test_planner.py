"""From specs to tasks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.contracts.errors import InvalidInputError, MediaError
from libs.contracts.jobs import (
    EditQueueSpec,
    EnhanceSpec,
    ExtractMetadataSpec,
    MotionPhotoSpec,
    PreviewSpec,
)
from libs.contracts.tasks import MetadataTask, MotionPhotoTask, PreviewTask, RenderTask
from libs.media.motion import clip_graph, preview_graph
from services.jobs.planner import AssetSpec, plan
from services.jobs.plans import PlannedTask
from services.jobs.submission import submitted
from tests.unit.samples import asset, info

ENHANCE = EnhanceSpec(asset_id=UUID(int=1))
EXTRACT = ExtractMetadataSpec(asset_id=UUID(int=1))
SESSION = UUID(int=9)
PREVIEW = PreviewSpec(asset_id=UUID(int=1), session_id=SESSION)
PHOTO = MotionPhotoSpec(
    asset_id=UUID(int=1),
    session_id=SESSION,
    range_start=0.5,
    range_end=1.5,
    cover_time=1.0,
    speed=2.0,
    device="google",
)
EVERY = pytest.mark.parametrize(
    "spec", [ENHANCE, EXTRACT, PREVIEW, PHOTO], ids=["enhance", "metadata", "preview", "photo"]
)


def only(spec: AssetSpec, **changes: object) -> PlannedTask:
    (task,) = plan(spec, asset(**changes))  # type: ignore[arg-type]  # fields of any type
    return task


def test_an_enhancement_is_one_render_in_transcode() -> None:
    task = only(ENHANCE)
    assert (task.name, task.service, task.needs) == ("main", "transcode", ())
    assert isinstance(task.spec, RenderTask)
    assert task.spec.file_name == "enhanced.mp4"
    assert task.spec.graph.container == "mp4"


def test_the_name_of_the_upload_chooses_the_container() -> None:
    task = only(ENHANCE, name="holiday.MKV")
    assert isinstance(task.spec, RenderTask)
    assert task.spec.file_name == "enhanced.mkv"


def test_metadata_is_one_task_in_analyze() -> None:
    task = only(EXTRACT)
    assert task.service == "analyze"
    assert isinstance(task.spec, MetadataTask)
    assert task.spec.source == asset().object


@EVERY
def test_what_does_not_decode_fails_in_the_words_of_the_probe(spec: AssetSpec) -> None:
    with pytest.raises(MediaError, match=r"^It is a text file\.$"):
        plan(spec, asset(info=None, probe_error="It is a text file."))


@EVERY
def test_what_does_not_decode_fails_in_words_even_without_a_reason(spec: AssetSpec) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        plan(spec, asset(info=None))


@EVERY
def test_sound_alone_fails_in_words(spec: AssetSpec) -> None:
    with pytest.raises(MediaError, match="only sound"):
        plan(spec, asset(info=info(video=None)))


@EVERY
def test_equal_bytes_have_equal_fingerprints_wherever_they_lie(spec: AssetSpec) -> None:
    assert only(spec, number=1).fingerprint == only(spec, number=2).fingerprint


@EVERY
def test_other_bytes_have_other_fingerprints(spec: AssetSpec) -> None:
    assert only(spec).fingerprint != only(spec, sha256="cd" * 32).fingerprint


def test_other_work_has_other_fingerprints() -> None:
    prints = [
        only(ENHANCE).fingerprint,
        only(EXTRACT).fingerprint,
        only(ENHANCE, name="clip.mkv").fingerprint,
    ]
    assert len(set(prints)) == 3


def test_a_preview_is_one_task_in_sessions() -> None:
    task = only(PREVIEW)
    assert task.service == "sessions"
    source = asset()
    assert source.info is not None
    graph = preview_graph(source.object, source.info)
    assert task.spec == PreviewTask(session_id=SESSION, graph=graph)


def test_a_motion_photo_is_one_task_in_sessions() -> None:
    task = only(PHOTO)
    assert task.service == "sessions"
    source = asset()
    assert source.info is not None
    assert task.spec == MotionPhotoTask(
        session_id=SESSION,
        source=source.object,
        info=source.info,
        clip=clip_graph(source.object, source.info, 0.5, 1.5, 2.0),
        cover_time=1.0,
        presentation_us=250_000,
        device="google",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"range_start": 0.4},
        {"range_end": 1.4},
        {"cover_time": 0.9},
        {"speed": 1.0},
        {"device": "samsung"},
        {"session_id": UUID(int=8)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_makes_another_motion_photo_counts(changes: dict[str, Any]) -> None:
    other = msgspec.structs.replace(PHOTO, **changes)
    assert only(other).fingerprint != only(PHOTO).fingerprint


def test_a_session_has_a_preview_of_its_own() -> None:
    other = msgspec.structs.replace(PREVIEW, session_id=UUID(int=8))
    assert only(other).fingerprint != only(PREVIEW).fingerprint


@pytest.mark.parametrize("spec", [ENHANCE, PREVIEW, PHOTO], ids=["enhance", "preview", "photo"])
def test_planning_is_pure(spec: AssetSpec) -> None:
    before = msgspec.json.encode(asset())
    source = asset()
    assert plan(spec, source) == plan(spec, source)
    assert msgspec.json.encode(source) == before


def test_an_edit_queue_cannot_be_submitted() -> None:
    assert submitted(ENHANCE) is ENHANCE
    with pytest.raises(InvalidInputError, match="cannot be submitted"):
        submitted(EditQueueSpec(request_code="user", video_ids=[1]))
