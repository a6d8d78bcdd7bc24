"""Every curl example of the videocraft document, run in the order in which a user would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.cinema import SECOND, Director, Props
from tests.integration.movie_examples import EXAMPLES, MovieCurl
from tests.integration.warehouse import Warehouse
from tests.media.looking import describe
from tests.stack.harness import Stack, wait_until

VIDEO, JOB, TOKEN = "video_123", "550e8400-e29b-41d4-a716-446655440000", "CSRF_TOKEN"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(scope="module")
def curl(stack: Stack, warehouse: Warehouse, folder: Path) -> MovieCurl:
    sound = Props(warehouse, folder).make("audio.mp3", "audio/mpeg", "-i", str(SECOND))
    return MovieCurl(stack.url, folder, Director(stack, "eve").key, sound)


@pytest.fixture(scope="module")
def run(curl: MovieCurl) -> dict[str, Any]:
    """What each example answered."""
    said = {name: curl(name) for name in ("csrf", "health", "metrics", "live", "ready", "detailed health")}
    curl.know(TOKEN, said["csrf"].json["data"]["csrf_token"])
    said["create"] = curl("create")
    curl.know(JOB, said["create"].json["data"]["job_id"])
    wait_until(lambda: curl("job status").json["data"]["status"] in ("completed", "failed"), 100)
    said["job status"] = curl("job status")
    curl.know(VIDEO, said["job status"].json["data"]["result"]["video_id"])
    for name in ("job", "list jobs", "list videos", "video", "download", "delete"):
        said[name] = curl(name)
    curl.know(JOB, curl("create").json["data"]["job_id"])
    said["cancel"] = curl("cancel")
    return said


def test_every_example_was_run(run: dict[str, Any]) -> None:
    assert run.keys() == EXAMPLES.keys()
    statuses = {name: said.status for name, said in run.items()}
    assert statuses == {**dict.fromkeys(EXAMPLES, 200), "create": 202}


def test_they_answer_as_documented(run: dict[str, Any], folder: Path) -> None:
    created = run["create"].json
    assert created["data"].keys() == {"job_id", "status", "progress", "created_at", "status_url"}
    assert (created["success"], created["data"]["status"], created["data"]["progress"]) == (
        True,
        "pending",
        0,
    )
    assert created["message"] == "Video generation job created successfully"
    status = run["job status"].json["data"]
    assert (status["progress"], status["current_step"]) == (100, "Video generation completed")
    assert status["result"].keys() == {"video_id", "download_url", "file_size", "duration"}
    job = run["job"].json["data"]
    assert job["video_config"]["elements"][0]["settings"]["font-family"] == "Arial"
    steps = [each["step"] for each in job["processing_log"]]
    assert steps == ["audio_analysis", "transcription", "subtitle_generation", "video_generation"]
    assert all(each["status"] == "completed" and each["duration"] >= 0 for each in job["processing_log"])
    video = run["video"].json["data"]
    assert (video["file_format"], video["resolution"], video["framerate"]) == ("mp4", "1920x1080", 30)
    assert (video["audio_codec"], video["video_codec"]) == ("aac", "h264")
    (track,) = video["subtitle_tracks"]
    assert (track["language"], track["style"]) == ("en", "progressive")
    assert 7 <= track["word_count"] <= 9
    assert video["processing_stats"]["video_encoding_time"] > 0
    listed = run["list videos"].json["data"]
    assert listed["videos"][0]["id"] == video["id"]
    assert listed["pagination"] == {"limit": 10, "offset": 0, "total": 1, "has_more": False}
    assert run["list jobs"].json["data"]["pagination"]["total"] == 0
    path = folder / "video.mp4"
    assert path.stat().st_size == video["file_size"]
    assert float(describe(path)["format"]["duration"]) == pytest.approx(video["duration"], abs=0.05)
    assert run["delete"].json["message"] == "Video deleted successfully"
    assert run["cancel"].json["data"]["status"] == "cancelled"


def test_health_and_metrics_answer_as_documented(run: dict[str, Any]) -> None:
    assert run["health"].json.keys() >= {"status", "timestamp", "version"}
    assert (run["health"].json["status"], run["live"].json["status"]) == ("healthy", "ok")
    assert run["ready"].json["status"] == "ok"
    detailed = run["detailed health"].json["data"]
    assert set(detailed["services"].values()) == {"healthy"}
    assert detailed["services"].keys() == {"database", "whisper_daemon", "ffmpeg", "storage"}
    assert detailed["system"]["memory"]["total"] > detailed["system"]["memory"]["used"] > 1 << 20
    for series in (
        'videocraft_jobs_total{status="completed"}',
        'videocraft_job_duration_seconds_bucket{le="10"}',
        "# TYPE videocraft_jobs_total counter",
    ):
        assert series in run["metrics"].out
