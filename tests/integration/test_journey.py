"""The main job: a video goes in; an enhanced video, its metadata and live progress come out."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.client import ENHANCE, EXTRACT, PROCESSES, Socket, User, unique_copy


def ffprobe(path: Path) -> dict[str, Any]:
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-count_frames", "-of", "json",
         str(path)], capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(out.stdout)
    return found


@pytest.fixture(scope="module")
def journey(user: User, bunny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Socket]:
    """The id, the uploaded file and everything that a listening client was told."""
    clip = unique_copy(bunny, tmp_path_factory.mktemp("journey"))
    client_id = uuid4().hex
    with user.socket(client_id) as socket:
        file_id = user.upload(clip, client_id=client_id, name="Häschen & Freunde.mp4")
        socket.wait_ends(file_id)
    return file_id, clip, socket


def test_the_socket_says_connected_then_uploaded(journey: tuple[str, Path, Socket]) -> None:
    file_id, _, socket = journey
    first = socket.messages[0]
    assert (first["type"], first["status"]) == ("connection", "connected")
    assert set(first) == {"type", "status", "client_id", "timestamp"}
    (uploaded,) = [message for message in socket.messages if message["type"] == "upload_status"]
    assert uploaded["file_id"] == file_id
    assert (uploaded["status"], uploaded["message"]) == ("uploaded", "Video uploaded successfully")


@pytest.mark.parametrize("process", list(PROCESSES))
def test_progress_rises_and_ends_once(journey: tuple[str, Path, Socket], process: str) -> None:
    file_id, _, socket = journey
    updates = socket.updates(file_id, process)
    assert updates[0]["status"] == "pending"
    assert updates[-1]["status"] == "completed"
    assert updates[-1]["progress"] == 100
    assert all(set(update) == set(updates[0]) for update in updates)
    assert all(earlier["progress"] <= later["progress"] for earlier, later in pairwise(updates))
    assert [update["status"] for update in updates].count("completed") == 1


def test_live_progress_is_seen_while_encoding(journey: tuple[str, Path, Socket]) -> None:
    file_id, _, socket = journey
    moving = [update["progress"] for update in socket.updates(file_id, "video_enhancement")]
    assert len({progress for progress in moving if 0 < progress < 100}) >= 3


def test_at_most_four_progress_messages_a_second(journey: tuple[str, Path, Socket]) -> None:
    """The hub leaves 250 ms between two; half of that is allowed for the way to the client."""
    file_id, _, socket = journey
    times = [
        at
        for message, at in zip(socket.messages, socket.times, strict=True)
        if message.get("process_type") == "video_enhancement"
        and message["file_id"] == file_id
        and message["status"] == "processing"
    ]
    for first, fifth in zip(times, times[5:], strict=False):
        assert fifth - first > 1.0


def test_both_processes_are_completed(user: User, journey: tuple[str, Path, Socket]) -> None:
    for process in (ENHANCE, EXTRACT):
        status = user.status(journey[0], process)
        assert set(status) == {"status", "progress", "error", "last_updated"}
        assert (status["status"], status["progress"], status["error"]) == ("completed", 100, None)


def test_the_enhanced_video_keeps_what_it_must(
    user: User, journey: tuple[str, Path, Socket], tmp_path: Path
) -> None:
    file_id, clip, _ = journey
    answer = user.http.get(f"/processed_videos/enhanced_{file_id}.mp4")
    assert answer.headers["content-type"] == "video/mp4"
    enhanced = tmp_path / "enhanced.mp4"
    enhanced.write_bytes(answer.content)
    before, after = ffprobe(clip), ffprobe(enhanced)
    video = [next(s for s in probed["streams"] if s["codec_type"] == "video") for probed in (before, after)]
    for field in ("width", "height", "avg_frame_rate", "nb_read_frames"):
        assert video[0][field] == video[1][field], field
    sound = [[s["channels"] for s in p["streams"] if s["codec_type"] == "audio"] for p in (before, after)]
    assert sound[0] == sound[1] == [6]
    assert abs(float(before["format"]["duration"]) - float(after["format"]["duration"])) < 0.05


def test_the_metadata_is_true(user: User, journey: tuple[str, Path, Socket]) -> None:
    file_id, clip, _ = journey
    probed = ffprobe(clip)
    video = next(s for s in probed["streams"] if s["codec_type"] == "video")
    found = user.http.get(f"/processed_videos/metadata/{file_id}_metadata.json").json()
    assert found["file_id"] == file_id
    assert found["filename"] == "Häschen & Freunde.mp4"
    assert found["resolution"] == {"width": 1280, "height": 720}
    assert found["fps"] == 25.0
    assert found["frame_count"] == int(video["nb_read_frames"])
    assert found["duration_seconds"] == round(float(probed["format"]["duration"]))
    assert found["file_size_bytes"] == clip.stat().st_size
    assert isinstance(found["bit_rate"], str)
    assert abs(int(found["bit_rate"]) - int(probed["format"]["bit_rate"])) <= 1
    for channel in ("b", "g", "r"):
        histogram = found["color_profile"]["histograms"][channel]
        assert len(histogram) == 256
        assert abs(sum(histogram) - 1) < 1e-6
        mean = sum(value * share for value, share in enumerate(histogram))
        assert abs(mean - found["color_profile"]["average_color"][channel]) < 2
    assert found["advanced"]["streams"]


def test_the_same_bytes_again_are_answered_from_known_results(
    user: User, journey: tuple[str, Path, Socket]
) -> None:
    file_id, clip, _ = journey
    again = user.upload(clip, name="other.mp4")
    assert again != file_id
    status = user.status(again, ENHANCE)
    assert status["status"] == "completed"
    assert user.http.get(f"/metadata/{again}.json").json()["filename"] == "other.mp4"
