"""The plan of a video edit, and how it goes on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.contracts.errors import InternalError, InvalidInputError, MediaError
from libs.contracts.graph import Focus
from libs.contracts.jobs import EnhanceSpec, VideoEditSpec
from libs.contracts.media import StoredMedia
from libs.contracts.tasks import (
    EditAnalysisResult,
    EditAnalysisTask,
    FetchResult,
    FetchTask,
    RenderTask,
    TaskResult,
)
from libs.contracts.video_edit import Analysis, Wanted
from libs.media.graph import fingerprint
from libs.media.video_edit.graph import video_edit_graph
from services.jobs.planner import continued, plan_video_edit
from services.jobs.plans import PlannedTask
from tests.unit.samples import asset, info

JOB = UUID(int=7)
WANTED = Wanted(duration=10.0, width=108, height=192, lufs=-14.0, fit="crop")
SEEN = msgspec.structs.replace(WANTED, lufs=None)
"""What is to be seen does not depend on what is to be heard."""
QUIET = Wanted(duration=5.0, width=64, height=64)
FOUND = Analysis(focus=[Focus(start=0.0, x=0.25, y=0.5)])
LOOKED = EditAnalysisResult(analysis=FOUND)
FETCHED = FetchResult(asset=asset())
SOURCE = StoredMedia(object=asset().object, info=info())
STORED = VideoEditSpec(wanted=WANTED, source=SOURCE)
LOUD = VideoEditSpec(wanted=msgspec.structs.replace(WANTED, fit="blur"), source=SOURCE)
REMOTE = VideoEditSpec(wanted=WANTED, url="https://example.com/clip.mp4")


def plan(spec: VideoEditSpec, job_id: UUID = JOB) -> list[PlannedTask]:
    return plan_video_edit(spec, "alice", job_id)


def shape(tasks: list[PlannedTask]) -> list[tuple[str, str, tuple[str, ...], bool]]:
    return [(task.name, task.service, task.needs, task.spec is not None) for task in tasks]


def silent(**changes: Any) -> VideoEditSpec:
    """Of a source without sound."""
    source = StoredMedia(object=SOURCE.object, info=info(audio=[]))
    return VideoEditSpec(wanted=msgspec.structs.replace(WANTED, **changes), source=source)


def test_a_stored_video_is_looked_at_and_then_rendered() -> None:
    tasks = plan(STORED)
    assert shape(tasks) == [("look", "analyze", (), True), ("main", "transcode", ("look",), False)]
    assert tasks[0].spec == EditAnalysisTask(source=SOURCE.object, info=SOURCE.info, wanted=SEEN)
    assert tasks[1].weight == 8 * tasks[0].weight


def test_a_url_is_fetched_first() -> None:
    tasks = plan(REMOTE)
    assert shape(tasks) == [
        ("fetch", "ingest", (), True),
        ("look", "analyze", ("fetch",), False),
        ("main", "transcode", ("look",), False),
    ]
    assert tasks[0].spec == FetchTask(url="https://example.com/clip.mp4", owner="alice", job_id=JOB)


@pytest.mark.parametrize("spec", [silent(fit="pad"), LOUD, VideoEditSpec(wanted=QUIET, source=SOURCE)])
def test_nothing_is_looked_for_where_there_is_nothing_to_find(spec: VideoEditSpec) -> None:
    (task,) = plan(spec)
    assert (task.name, task.service) == ("main", "transcode")
    assert spec.source is not None
    graph = video_edit_graph(spec.source.object, spec.source.info, spec.wanted, Analysis())
    assert task.spec == RenderTask(graph=graph, file_name="output.mp4")
    assert task.fingerprint == fingerprint(task.spec)


@pytest.mark.parametrize("spec", [silent(), silent(fit="pad", selection="highlight")])
def test_pictures_alone_are_looked_at_for_a_crop_or_a_highlight(spec: VideoEditSpec) -> None:
    assert [task.name for task in plan(spec)] == ["look", "main"]


@pytest.mark.parametrize(
    "spec", [VideoEditSpec(wanted=WANTED), msgspec.structs.replace(STORED, url="https://a/b")]
)
def test_there_is_one_source(spec: VideoEditSpec) -> None:
    with pytest.raises(InvalidInputError, match="one source"):
        plan(spec)


def test_sound_alone_fails_in_words() -> None:
    with pytest.raises(MediaError, match="only sound"):
        plan(VideoEditSpec(wanted=WANTED, source=StoredMedia(object=SOURCE.object, info=info(video=None))))


def test_what_is_fetched_is_the_jobs_own_and_what_is_seen_is_everybodys() -> None:
    assert plan(REMOTE)[0].fingerprint != plan(REMOTE, UUID(int=8))[0].fingerprint
    assert plan(STORED)[0].fingerprint == plan(STORED, UUID(int=8))[0].fingerprint


@pytest.mark.parametrize("change", [{"duration": 11.0}, {"fit": "blur"}, {"width": 110}])
def test_whatever_is_wanted_counts(change: dict[str, Any]) -> None:
    other = VideoEditSpec(wanted=msgspec.structs.replace(WANTED, **change), source=SOURCE)
    assert plan(other)[0].fingerprint != plan(STORED)[0].fingerprint


def test_a_fetched_video_is_rendered_at_once_where_there_is_nothing_to_find() -> None:
    remote = VideoEditSpec(wanted=LOUD.wanted, url="https://example.com/clip.mp4")
    assert shape(plan(remote)) == [
        ("fetch", "ingest", (), True),
        ("main", "transcode", ("fetch",), False),
    ]
    assert continued(remote, "main", {"fetch": FETCHED}) == plan(LOUD)[0].spec


def test_the_loudness_counts_where_it_is_rendered() -> None:
    quieter = VideoEditSpec(wanted=msgspec.structs.replace(LOUD.wanted, lufs=-16.0), source=SOURCE)
    assert plan(quieter)[0].fingerprint != plan(LOUD)[0].fingerprint


def test_a_fetched_video_is_looked_at() -> None:
    task = continued(REMOTE, "look", {"fetch": FETCHED})
    source = FETCHED.asset
    assert source.info is not None
    assert task == EditAnalysisTask(source=source.object, info=source.info, wanted=SEEN)


@pytest.mark.parametrize(
    ("spec", "done"), [(STORED, {"look": LOOKED}), (REMOTE, {"fetch": FETCHED, "look": LOOKED})]
)
def test_what_was_seen_decides_what_is_rendered(spec: VideoEditSpec, done: dict[str, TaskResult]) -> None:
    task = continued(spec, "main", done)
    graph = video_edit_graph(SOURCE.object, SOURCE.info, WANTED, FOUND)
    assert task == RenderTask(graph=graph, file_name="output.mp4")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"info": None, "probe_error": "It is a text file."}, "text file"),
        ({"info": info(video=None)}, "only sound"),
    ],
)
def test_a_fetched_file_that_is_no_video_fails_in_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(MediaError, match=words):
        continued(REMOTE, "look", {"fetch": FetchResult(asset=asset(**changes))})


@pytest.mark.parametrize(
    ("spec", "name", "done"),
    [
        (EnhanceSpec(asset_id=JOB), "main", {}),
        (REMOTE, "look", {}),
        (STORED, "main", {}),
        (STORED, "other", {"look": LOOKED}),
    ],
)
def test_what_nobody_knows_is_a_defect(spec: Any, name: str, done: dict[str, TaskResult]) -> None:
    with pytest.raises(InternalError):
        continued(spec, name, done)


def test_the_request_is_kept_as_it_was_written() -> None:
    spec = msgspec.structs.replace(
        REMOTE, given={"input_path": "https://example.com/clip.mp4", "x": [1, None]}
    )
    assert msgspec.convert(msgspec.to_builtins(spec), VideoEditSpec) == spec
    assert plan(spec) == plan(REMOTE)
