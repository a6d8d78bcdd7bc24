"""From specs to tasks."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from libs.contracts.errors import InvalidInputError, MediaError
from libs.contracts.jobs import EditQueueSpec, EnhanceSpec, ExtractMetadataSpec
from libs.contracts.tasks import MetadataTask, RenderTask
from services.jobs.planner import AssetSpec, PlannedTask, plan
from services.jobs.submission import asset_spec
from tests.unit.samples import asset, info

ENHANCE = EnhanceSpec(asset_id=UUID(int=1))
EXTRACT = ExtractMetadataSpec(asset_id=UUID(int=1))
BOTH = pytest.mark.parametrize("spec", [ENHANCE, EXTRACT], ids=["enhance", "metadata"])


def only(spec: AssetSpec, **changes: object) -> PlannedTask:
    (task,) = plan(spec, asset(**changes))  # type: ignore[arg-type]
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


@BOTH
def test_what_does_not_decode_fails_in_the_words_of_the_probe(spec: AssetSpec) -> None:
    with pytest.raises(MediaError, match=r"^It is a text file\.$"):
        plan(spec, asset(info=None, probe_error="It is a text file."))


@BOTH
def test_what_does_not_decode_fails_in_words_even_without_a_reason(spec: AssetSpec) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        plan(spec, asset(info=None))


@BOTH
def test_sound_alone_fails_in_words(spec: AssetSpec) -> None:
    with pytest.raises(MediaError, match="only sound"):
        plan(spec, asset(info=info(video=None)))


@BOTH
def test_equal_bytes_have_equal_fingerprints_wherever_they_lie(spec: AssetSpec) -> None:
    assert only(spec, number=1).fingerprint == only(spec, number=2).fingerprint


@BOTH
def test_other_bytes_have_other_fingerprints(spec: AssetSpec) -> None:
    assert only(spec).fingerprint != only(spec, sha256="cd" * 32).fingerprint


def test_other_work_has_other_fingerprints() -> None:
    prints = [
        only(ENHANCE).fingerprint,
        only(EXTRACT).fingerprint,
        only(ENHANCE, name="clip.mkv").fingerprint,
    ]
    assert len(set(prints)) == 3


def test_planning_is_pure() -> None:
    before = msgspec.json.encode(asset())
    source = asset()
    assert plan(ENHANCE, source) == plan(ENHANCE, source)
    assert msgspec.json.encode(source) == before


def test_an_edit_queue_is_not_asked_of_an_asset() -> None:
    assert asset_spec(ENHANCE) is ENHANCE
    with pytest.raises(InvalidInputError, match="cannot be submitted"):
        asset_spec(EditQueueSpec(request_code="user", video_ids=[1]))
