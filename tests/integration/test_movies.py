"""The videocraft contract on a whole stack: movies that are looked at and listened to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from tests.integration.cinema import API, FIRST, SECOND, Director, Props, audio, image, movie, subtitles
from tests.integration.client import Operator
from tests.integration.leftovers import OfJob
from tests.integration.otlp import Collector
from tests.integration.warehouse import Warehouse
from tests.media.looking import describe, frames, run
from tests.stack.harness import Stack, wait_until

SAID = (
    "and mister john dashwood had then leisure to consider how much there might be prudently in his power to"
    " do for them he was not an ill disposed young man"
)


@pytest.fixture(scope="module")
def ann(stack: Stack) -> Director:
    return Director(stack, "ann")


@pytest.fixture(scope="module")
def props(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Props:
    return Props(warehouse, tmp_path_factory.mktemp("props"))


def told(props: Props, **settings: Any) -> dict[str, Any]:
    """Two scenes in which somebody speaks, and captions."""
    first = {"elements": [image(props.picture("blue.png", "blue")), audio(props.speech(FIRST))]}
    second = {"background-color": "#004000", "elements": [audio(props.speech(SECOND), volume=0.25)]}
    return movie(first, second, elements=[subtitles(**{"font-size": 18, **settings})])


@pytest.fixture(scope="module")
def told_job(ann: Director, props: Props) -> tuple[str, str]:
    return ann.made(told(props))


@pytest.fixture(scope="module")
def path(ann: Director, told_job: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ann.download(told_job[1], tmp_path_factory.mktemp("movie"))


def length(path: Path) -> float:
    return float(describe(path)["format"]["duration"])


def test_scenes_are_as_long_as_their_sound(path: Path) -> None:
    assert length(path) == pytest.approx(length(FIRST) + length(SECOND), abs=0.05)
    streams = {each["codec_type"]: each for each in describe(path)["streams"]}
    assert (streams["video"]["codec_name"], streams["audio"]["codec_name"]) == ("h264", "aac")
    assert abs(float(streams["video"]["duration"]) - float(streams["audio"]["duration"])) < 0.04


def test_scenes_are_as_loud_as_asked(path: Path) -> None:
    raw = run("ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", "16000", "-f", "f32le", "-")
    sound, cut = np.frombuffer(raw, np.float32), round(length(FIRST) * 16_000)
    sources = []
    for source in (FIRST, SECOND):
        raw = run("ffmpeg", "-v", "error", "-i", str(source), "-ac", "1", "-ar", "16000", "-f", "f32le", "-")
        sources.append(np.sqrt(np.mean(np.frombuffer(raw, np.float32) ** 2)))
    heard = [np.sqrt(np.mean(part**2)) for part in (sound[:cut], sound[cut:])]
    assert (heard[1] / heard[0]) / (sources[1] / sources[0]) == pytest.approx(0.25, rel=0.1)


def test_captions_are_there_while_somebody_speaks(
    ann: Director, told_job: tuple[str, str], path: Path
) -> None:
    cues = cues_of(ann, told_job[1])
    shown = frames(path, 320, 180).astype(int)
    scene = length(FIRST)
    for number in range(0, len(shown), 5):
        at = number / 25 + 0.02
        below = (0, 0, 254) if at < scene else (0, 64, 0)
        differs = np.abs(shown[number] - below).max(axis=2) > 90
        speaking = any(start + 0.08 < at < end - 0.08 for start, end in cues)
        silent = not any(start - 0.08 < at < end + 0.08 for start, end in cues)
        if speaking:
            assert differs[110:].any(), at
        if silent:
            assert not differs[110:].any(), at
        if abs(at - scene) > 0.1:
            assert not differs[:100].any(), at


def test_the_words_are_what_was_said_and_when(ann: Director, told_job: tuple[str, str]) -> None:
    found = ann.http.get(f"{API}/videos/{told_job[1]}/transcript.json").json()
    words = [word for each in found["utterances"] for word in each["words"]]
    said = re.sub(r"[^a-z ]", " ", " ".join(word["text"] for word in words).lower()).replace("mr ", "mister ")
    assert jiwer.wer(SAID, " ".join(said.split())) <= 0.1
    starts = [word["start"] for word in words]
    assert starts == sorted(starts)
    (he,) = [word["start"] for word in words if word["text"] == "He"]
    assert he == pytest.approx(length(FIRST) + 0.2, abs=0.4)


def cues_of(director: Director, video_id: str) -> list[tuple[float, float]]:
    answer = director.http.get(f"{API}/videos/{video_id}/subtitles.srt")
    assert answer.status_code == 200, answer.text
    times = re.findall(r"(\d+):(\d+):(\d+),(\d+) --> (\d+):(\d+):(\d+),(\d+)", answer.text)
    parts = [list(map(int, found)) for found in times]
    return [(_seconds(found[:4]), _seconds(found[4:])) for found in parts]


def _seconds(parts: list[int]) -> float:
    hours, minutes, seconds, thousandths = parts
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def test_other_colours_need_no_recognition(
    ann: Director, props: Props, operator: Operator, told_job: tuple[str, str], tmp_path: Path
) -> None:
    query = (
        "SELECT count(*) FROM jobs.tasks WHERE name LIKE 'recognise.%' AND started_at IS NOT NULL"
        " AND job_id = $1::uuid"
    )
    assert operator.sql(query, told_job[0]) == [(2,)]
    job_id, video_id = ann.made(told(props, **{"word-color": "#00FF00", "style": "progressive"}))
    assert operator.sql(query, job_id) == [(0,)]
    assert ann.steps(job_id)["transcription"]["duration"] == 0
    shown = frames(ann.download(video_id, tmp_path), 320, 180)
    red, green, blue = (shown[..., plane].astype(int) for plane in range(3))
    assert ((green > 180) & (red < 90) & (blue < 110)).any()


@pytest.mark.parametrize("sound", [[], ["-f", "lavfi", "-i", "anoisesrc=a=0.01:r=16000", "-shortest"]])
def test_narration_over_videos_in_which_nobody_speaks_is_captioned(
    ann: Director, props: Props, sound: list[str]
) -> None:
    picture = ["-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=3"]
    film = props.make(f"film-{len(sound)}.mp4", "video/mp4", *picture, *sound, "-pix_fmt", "yuv420p")
    scenes = [{"elements": [{"type": "video", "src": film}]}]
    _, video_id = ann.made(movie(*scenes, elements=[audio(props.speech(FIRST)), subtitles()]))
    assert len(cues_of(ann, video_id)) > 0
    assert ann.get(f"videos/{video_id}")["duration"] == pytest.approx(3.0, abs=0.05)


def test_a_deleted_video_is_gone_and_what_others_share_stays(
    ann: Director, props: Props, stack: Stack, operator: Operator, told_job: tuple[str, str]
) -> None:
    bob = Director(stack, "bob")
    mine, video_id = ann.made(told(props, position="center-top"))
    his, shared = bob.made(told(props, position="center-top"))
    assert bob.http.delete(f"{API}/videos/{video_id}").status_code == 404
    assert ann.http.delete(f"{API}/videos/{video_id}").status_code == 200
    assert ann.http.get(f"{API}/videos/{video_id}").json()["code"] == "VIDEO_NOT_FOUND"
    assert ann.http.delete(f"{API}/videos/{video_id}").status_code == 404
    assert ann.get(f"jobs/{mine}")["status"] == "completed"
    assert video_id not in [each["id"] for each in ann.get("videos")["videos"]]
    assert bob.http.get(f"{API}/videos/{shared}/download").status_code == 200
    assert bob.http.delete(f"{API}/videos/{shared}").status_code == 200
    left = OfJob(operator, his)
    main = "SELECT fingerprint FROM jobs.tasks WHERE name = 'main' AND job_id = $1::uuid"
    ((fingerprint,),) = operator.sql(main, his)
    wait_until(lambda: not [key for key in left.all().get("artifacts", []) if fingerprint in key])
    fetched = (
        "SELECT count(*) FROM jobs.results JOIN jobs.tasks USING (fingerprint)"
        " WHERE name LIKE 'fetch.%' AND job_id = $1::uuid"
    )
    assert operator.sql(fetched, his) == [(0,)]
    assert ann.http.get(f"{API}/videos/{told_job[1]}/download").status_code == 200


def test_one_request_is_one_trace_and_names_it(ann: Director, props: Props, collector: Collector) -> None:
    answer = ann.post(movie({"elements": [image(props.picture("grey.png", "gray"))], "duration": 0.4}))
    request_id = answer.json()["request_id"]
    assert answer.headers["X-Request-ID"] == request_id
    assert ann.ended(answer.json()["data"]["job_id"])["status"] == "completed"
    trace_id = request_id.removeprefix("req_")

    def names() -> set[str]:
        return {span.name for span in list(collector.spans) if span.trace == trace_id}

    wait_until(lambda: {"POST /api/v1/generate-video", "task fetch", "task render"} <= names(), 30)


def test_a_video_of_this_family_is_a_source_of_others(
    ann: Director, told_job: tuple[str, str], tmp_path: Path
) -> None:
    job_id = ann.generate(movie({"elements": [{"type": "video", "src": told_job[1]}]}))
    ended = ann.ended(job_id)
    assert ended["status"] == "completed", ended
    body = {
        "job_type": "VIDEO_EDIT",
        "input_data": {
            "input_path": f"{API}/videos/{told_job[1]}/download",
            "target_duration": 5.0,
            "target_width": 320,
            "target_height": 180,
        },
    }
    answer = ann.http.post("/jobs", json=body)
    assert answer.status_code == 200, answer.text
    job = answer.json()["job_id"]
    wait_until(lambda: ann.http.get(f"/jobs/{job}").json()["status"] == "COMPLETED", 60)
