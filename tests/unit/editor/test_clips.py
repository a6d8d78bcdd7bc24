"""What an edit gives, from originals or from what is stored."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from libs.contracts.editor import ConcatEdit, EncodeEdit, TrimEdit
from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import Source
from libs.contracts.media import ObjectRef
from libs.contracts.rpc import EncodingTrial
from libs.media import edit as algebra
from libs.media.edit import Clip
from libs.media.walk import sources
from services.jobs.editor.clips import MAX_TASK, Input, effort, made_of, task_of
from tests.unit.samples import info, video

TRIAL = EncodingTrial(
    video_encoder="libx265",
    video_family="hevc",
    audio_encoder="aac",
    audio_family="aac",
    container="mp4",
)


def source(number: int = 1, **changes: Any) -> Clip:
    stored = ObjectRef(key=f"k{number}", size=1000, sha256=f"{number:064x}")
    return algebra.stored(stored, info(**changes), "clip.mp4")


def given(number: int, clip: Clip, artifact: Clip | None = None) -> Input:
    return Input(number, "clip", clip, artifact, len(msgspec.json.encode(clip.node)))


def original(number: int = 1) -> Input:
    clip = source(number)
    return given(number, clip, clip)


def encoding(**changes: Any) -> EncodeEdit:
    fields: dict[str, Any] = {
        "video_id": 1, "video_codec": "hevc", "audio_codec": "aac", "width": 320, "height": 240,
        "frame_rate": 25,
    }  # fmt: skip
    return EncodeEdit(**(fields | changes))


def hashes(clip: Clip) -> list[str]:
    return [found.object.sha256 for found in sources(clip.node)]


def test_edits_of_edits_are_made_from_originals() -> None:
    part = made_of(TrimEdit(video_id=1, start=0.5, end=1.5), [original()], None).clip
    both = made_of(ConcatEdit(video_ids=[9, 2]), [given(9, part), original(2)], None).clip
    made = made_of(encoding(video_id=10), [given(10, both)], TRIAL)
    assert hashes(made.clip) == [f"{1:064x}", f"{2:064x}"]
    assert made.clip.encoding == TRIAL
    task = task_of(made.clip, "encode")
    assert task.file_name == f"encode.{task.graph.extension}"
    assert made.size == pytest.approx(len(msgspec.json.encode(task)), abs=20)


def test_what_the_contract_forbids() -> None:
    with pytest.raises(InvalidInputError):
        made_of(TrimEdit(video_id=1, start=2.5, end=3.0), [original()], None)
    other = source(2, video=video(codec="vp9"))
    with pytest.raises(InvalidInputError, match="vp9"):
        made_of(ConcatEdit(video_ids=[1, 2]), [original(), given(2, other, other)], None)


def deep(clip: Clip, trims: int) -> Clip:
    for _ in range(trims):
        clip = algebra.trim(clip, 0.0, 1.9)
    return clip


def test_a_lineage_that_grew_too_deep_is_cut_at_what_is_stored() -> None:
    artifact = source(5)
    made = made_of(TrimEdit(video_id=5, start=0.5, end=1.5), [given(5, deep(source(), 80), artifact)], None)
    assert hashes(made.clip) == [f"{5:064x}"]


def test_a_queue_that_is_too_deep_must_be_executed_first() -> None:
    with pytest.raises(InvalidInputError):
        made_of(TrimEdit(video_id=5, start=0.5, end=1.5), [given(5, deep(source(), 80))], None)


def test_parts_that_do_not_fit_into_a_task() -> None:
    many = algebra.concat([source(number) for number in range(100)])
    wide = algebra.concat([many, many])
    edit = ConcatEdit(video_ids=[5] * 100)
    with pytest.raises(InvalidInputError, match="too many parts"):
        made_of(edit, [given(5, wide)] * 100, None)
    made = made_of(edit, [given(5, wide, source(7))] * 100, None)
    assert hashes(made.clip) == [f"{7:064x}"] * 100
    assert made.size < MAX_TASK


def test_encoding_takes_longer_than_copying_and_more_pixels_longer_than_few() -> None:
    copied = effort(algebra.trim(source(), 0.0, 1.0))
    small = effort(algebra.encode(source(), encoding(), TRIAL))
    large = effort(algebra.encode(source(), encoding(width=1920, height=1080), TRIAL))
    assert 0 < copied < small < large


def test_efforts_of_odd_streams_are_numbers() -> None:
    odd = source(duration=None, video=video(frame_rate="0/0"))
    assert effort(odd) > 0
    assert isinstance(odd.node, Source)
