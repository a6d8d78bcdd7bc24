"""What readers accept and what they refuse, for every message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.chassis.codec import decode, encode
from libs.contracts import errors
from libs.contracts.editor import ConcatEdit, Edit, EncodeEdit, TrimEdit
from libs.contracts.errors import InvalidInputError, NotFoundError, ReelbusError, error_of
from libs.contracts.graph import (
    AudioEncoding,
    Filter,
    FilterStep,
    Output,
    Source,
    SubtitleEncoding,
    VideoEncoding,
)
from libs.contracts.jobs import (
    EditQueueSpec,
    EnhanceSpec,
    ExtractMetadataSpec,
    Job,
    JobCompleted,
    JobError,
    JobSpec,
    JobState,
)
from libs.contracts.media import AudioStream, MediaInfo, ObjectRef, SubtitleStream, VideoStream
from libs.contracts.rpc import CANCEL_JOB, METHODS, Ok, RpcError, Submission, SubmitJobs, reply_type
from libs.contracts.tasks import (
    MetadataResult,
    MetadataTask,
    RenderResult,
    RenderTask,
    Task,
    TaskFailed,
    TaskResult,
    TaskSpec,
)

ID = UUID("018f0000-0000-7000-8000-000000000001")
NOW = datetime(2026, 5, 17, 10, 30, 0, 123_456, tzinfo=UTC)
OBJECT = ObjectRef(key="uploads/1/a.mp4", size=17, sha256="00" * 32, content_type="video/mp4")
INFO = MediaInfo(
    formats=["mov", "mp4"],
    size=17,
    duration=5.28,
    video=VideoStream(
        index=0,
        codec="h264",
        width=1280,
        height=720,
        display_width=720,
        display_height=1280,
        frame_rate="30000/1001",
        nominal_rate="30/1",
        time_base="1/15360",
        rotation=90,
        color_transfer="arib-std-b67",
    ),
    audio=[AudioStream(index=1, codec="aac", sample_rate=48_000, channels=6)],
    subtitles=[SubtitleStream(index=2, codec="dvd_subtitle", text=False)],
)
GRAPH = Output(
    input=Filter(
        input=Filter(
            input=Source(object=OBJECT, info=INFO, start=1.5),
            steps=[FilterStep(name="scale", options={"w": 1280, "flags": "lanczos"})],
        ),
        steps=[FilterStep(name="unsharp", options={"la": 0.5})],
    ),
    container="mp4",
    extension="mp4",
    content_type="video/mp4",
    video=VideoEncoding(encoder="libx264", pixel_format="yuv420p", options={"crf": 20}),
    audio=[AudioEncoding(index=1, encoder="copy")],
    subtitles=[SubtitleEncoding(index=2, encoder="mov_text")],
    notes=["No bitmap subtitles in MP4."],
)
RESULT = RenderResult(artifact=OBJECT, info=INFO)
JOB = Job(
    job_id=ID,
    key="enhance/1",
    owner="public",
    family="enhancement",
    kind="enhance",
    asset_id=ID,
    state=JobState.COMPLETED,
    progress=100.0,
    created_at=NOW,
    updated_at=NOW,
    channel="c1",
    error=JobError(code="media_error", message="Größe — 寸法"),
    result=RESULT,
)
TASK = Task(
    task_id=ID, job_id=ID, owner="public", fingerprint="f1", spec=RenderTask(graph=GRAPH, file_name="a.mp4")
)
SUBMIT = SubmitJobs(
    owner="public", family="enhancement", submissions=[Submission(key="k", spec=EnhanceSpec(asset_id=ID))]
)


@pytest.mark.parametrize(
    "message",
    [OBJECT, INFO, GRAPH, JOB, JobCompleted(job=JOB), TASK, SUBMIT, RESULT],
    ids=lambda message: type(message).__name__,
)
def test_what_is_written_is_read_again(message: Any) -> None:
    assert decode(encode(message), type(message)) == message


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        (TaskSpec, RenderTask(graph=GRAPH, file_name="a.mp4")),
        (TaskSpec, MetadataTask(source=OBJECT, info=INFO)),
        (TaskResult, RESULT),
        (TaskResult, MetadataResult(artifact=OBJECT)),
        (JobSpec, EnhanceSpec(asset_id=ID)),
        (JobSpec, ExtractMetadataSpec(asset_id=ID)),
        (JobSpec, EditQueueSpec(request_code="me", video_ids=[3, 4])),
        (Edit, TrimEdit(video_id=1, start=0.5, end=2)),
        (Edit, ConcatEdit(video_ids=[1, 1])),
        (
            Edit,
            EncodeEdit(video_id=1, video_codec="h264", audio_codec="aac", width=64, height=64, frame_rate=5),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_union_is_read_by_its_tag(kind: Any, member: Any) -> None:
    assert json.loads(encode(member))["type"] == member.__struct_config__.tag
    assert decode(encode(member), kind) == member


FAILED = {"task_id": str(ID), "job_id": str(ID), "code": "x", "message": "y", "attempts": 17}


def failed(**changes: Any) -> bytes:
    return json.dumps({**FAILED, **changes}).encode()


def test_the_plain_message_is_fine() -> None:
    expected = TaskFailed(task_id=ID, job_id=ID, code="x", message="y", attempts=17)
    assert decode(failed(), TaskFailed) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attempts", "17"),
        ("attempts", 17.5),
        ("attempts", True),
        ("attempts", None),
        ("code", 17),
        ("code", None),
        ("task_id", "17"),
        ("task_id", 17),
    ],
)
def test_types_are_not_guessed(field: str, value: Any) -> None:
    with pytest.raises(InvalidInputError, match=field):
        decode(failed(**{field: value}), TaskFailed)


@pytest.mark.parametrize("field", FAILED)
def test_required_fields_are_required(field: str) -> None:
    data = json.dumps({name: value for name, value in FAILED.items() if name != field}).encode()
    with pytest.raises(InvalidInputError, match=field):
        decode(data, TaskFailed)


def test_fields_of_later_versions_are_ignored() -> None:
    later = failed(worker="w1", history=[{"at": 1}])
    assert decode(later, TaskFailed) == decode(failed(), TaskFailed)
    deep = json.loads(encode(TASK))
    deep["spec"]["graph"]["input"]["later"] = {"x": 1}
    assert decode(json.dumps(deep).encode(), Task) == TASK


def test_fields_that_earlier_versions_did_not_write_get_their_defaults() -> None:
    job = json.loads(encode(JOB))
    for name in ("channel", "error", "result"):
        del job[name]
    read = decode(json.dumps(job).encode(), Job)
    assert (read.channel, read.error, read.result) == (None, None, None)
    reference = {"key": "k", "size": 0, "sha256": ""}
    assert decode(json.dumps(reference).encode(), ObjectRef).content_type == "application/octet-stream"


def test_defaults_are_not_shared() -> None:
    first, second = MediaInfo(formats=[], size=0), MediaInfo(formats=[], size=0)
    first.audio.append(AudioStream(index=0, codec="aac", sample_rate=1, channels=1))
    assert second.audio == []


def test_defaults_are_written() -> None:
    """An older reader may need a field that has a default by now."""
    assert json.loads(encode(SUBMIT))["submissions"][0]["lane"] == "interactive"
    assert json.loads(encode(ObjectRef(key="k", size=0, sha256="")))["content_type"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[]", b"null", b'{"a":1}{}'])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        decode(data, TaskFailed)


@pytest.mark.parametrize(("kind", "tag"), [(TaskSpec, "unknown"), (TaskSpec, None), (JobSpec, 17)])
def test_unknown_tags_are_refused(kind: Any, tag: Any) -> None:
    data = {"asset_id": str(ID), **({} if tag is None else {"type": tag})}
    with pytest.raises(InvalidInputError):
        decode(json.dumps(data).encode(), kind)


def test_unknown_states_are_refused() -> None:
    job = {**json.loads(encode(JOB)), "state": "paused"}
    with pytest.raises(InvalidInputError, match="paused"):
        decode(json.dumps(job).encode(), Job)


def test_messages_do_not_change() -> None:
    with pytest.raises(AttributeError):
        OBJECT.size = 18  # type: ignore[misc]  # it must raise


def test_times_keep_their_zone() -> None:
    read = decode(encode(JOB), Job)
    assert read.created_at == NOW
    assert read.created_at.utcoffset() is not None


# --- replies --------------------------------------------------------------------------------------


def test_a_reply_is_a_value_or_an_error() -> None:
    kind = reply_type(CANCEL_JOB)
    assert decode(encode(Ok(value=JOB)), kind) == Ok(value=JOB)
    error = RpcError(code="not_found", message="No.", details={"a": [1, None]})
    assert decode(encode(error), kind) == error


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.subject)
def test_every_reply_knows_its_value(method: Any) -> None:
    with pytest.raises(InvalidInputError):
        decode(b'{"type":"ok"}', reply_type(method))
    with pytest.raises(InvalidInputError):
        decode(b'{"type":"ok","value":17}', reply_type(method))
    assert decode(b'{"type":"error","code":"x","message":"y"}', reply_type(method)).retryable is False


def test_named_errors_cross_by_code() -> None:
    error = error_of("not_found", "No such file.", {"key": "k"})
    assert isinstance(error, NotFoundError)
    assert (error.message, error.details) == ("No such file.", {"key": "k"})
    unknown = error_of("from_the_future", "What?")
    assert (unknown.code, unknown.retryable) == ("internal", True)


def test_codes_are_unique() -> None:
    members = (kind for kind in vars(errors).values() if isinstance(kind, type))
    kinds = [kind for kind in members if issubclass(kind, ReelbusError) and kind is not ReelbusError]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert {type(error_of(kind.code, "")) for kind in kinds} == set(kinds)


def test_json_schema_and_decoder_agree_on_required_fields() -> None:
    _, parts = msgspec.json.schema_components([TaskFailed])
    assert set(parts["TaskFailed"]["required"]) == set(FAILED)
