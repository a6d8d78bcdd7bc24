"""Videos: listed, described, downloaded, deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.contracts.errors import UnavailableError
from libs.contracts.jobs import JobState
from libs.contracts.movies import LIST_MAKINGS, REMOVE_RESULT
from libs.contracts.tasks import RenderResult
from tests.unit.edge.office import Client
from tests.unit.edge.videocraft.cinema import (
    BASE,
    FILM,
    SRT,
    Cinema,
    captions,
    data,
    problems,
    refusal,
    steps,
    stored,
)  # fmt: skip
from tests.unit.samples import SHA, at, info, video

ID = f"video_{UUID(int=7).hex}"
URL = f"{BASE}/videos/{ID}"


@pytest.fixture
def cinema() -> Cinema:
    found = Cinema()
    found.film(7)
    return found


def test_details(client: Client) -> None:
    assert data(client.get(URL)) == {
        "id": ID,
        "job_id": str(UUID(int=7)),
        "status": "completed",
        "file_size": 16,
        "file_format": "mp4",
        "duration": 45.2,
        "resolution": "1920x1080",
        "framerate": 30,
        "audio_codec": "aac",
        "video_codec": "h264",
        "subtitle_tracks": [{"language": "en", "style": "progressive", "word_count": 127}],
        "processing_stats": {
            "audio_analysis_time": 2.1,
            "transcription_time": 15.8,
            "subtitle_generation_time": 3.2,
            "video_encoding_time": 24.5,
        },
        "created_at": "2026-01-01T00:00:00Z",
        "completed_at": "2026-01-01T00:02:30Z",
        "download_url": f"{URL}/download",
        "preview_url": f"{URL}/preview",
        "subtitles_srt_url": f"{URL}/subtitles.srt",
        "subtitles_vtt_url": f"{URL}/subtitles.vtt",
        "transcript_url": f"{URL}/transcript.json",
    }
    assert b'"framerate":30,' in client.get(URL).content


def test_without_captions_and_sound(client: Client, cinema: Cinema) -> None:
    seen = video(frame_rate="30000/1001")
    result = RenderResult(artifact=stored("results/8/movie.mp4"), info=info(video=seen, audio=[]))
    cinema.film(8, found=[steps(8)[-1]], result=result)
    found = data(client.get(f"{BASE}/videos/video_{UUID(int=8).hex}"))
    assert (found["framerate"], found["audio_codec"], found["subtitle_tracks"]) == (29.97, None, [])
    assert found["subtitles_srt_url"] is found["transcript_url"] is None
    assert found["processing_stats"]["transcription_time"] == 0
    for name in ("subtitles.srt", "subtitles.vtt", "transcript.json"):
        refusal(client.get(f"{BASE}/videos/{found['id']}/{name}"), 404, "SUBTITLES_NOT_FOUND")


def test_where_nobody_says_a_word_nothing_was_drawn(client: Client, cinema: Cinema) -> None:
    silent = msgspec.structs.replace(captions(8), language="und", words=0)
    found = [msgspec.structs.replace(each, result=each.result and silent) for each in steps(8)]
    cinema.film(8, found=found)
    told = data(client.get(f"{BASE}/videos/video_{UUID(int=8).hex}"))
    assert told["subtitle_tracks"] == []
    for name in ("subtitles_srt_url", "subtitles_vtt_url", "transcript_url"):
        assert told[name] is None
    refusal(client.get(f"{BASE}/videos/{told['id']}/subtitles.srt"), 404, "SUBTITLES_NOT_FOUND")


def test_a_list(client: Client, cinema: Cinema) -> None:
    cinema.film(8)
    cinema.film(9, removed_at=at(1))
    cinema.making(10)
    found = data(client.get(f"{BASE}/videos?limit=1"))
    assert found["pagination"] == {"limit": 1, "offset": 0, "total": 2, "has_more": True}
    assert [each["id"] for each in found["videos"]] == [f"video_{UUID(int=8).hex}"]
    found = data(client.get(f"{BASE}/videos?limit=10&offset=1&status=completed"))
    assert found["videos"] == [
        {
            "id": ID,
            "job_id": str(UUID(int=7)),
            "status": "completed",
            "file_size": 16,
            "duration": 45.2,
            "resolution": "1920x1080",
            "created_at": "2026-01-01T00:00:00Z",
            "completed_at": "2026-01-01T00:02:30Z",
            "download_url": f"{URL}/download",
        }
    ]
    assert found["pagination"] == {"limit": 10, "offset": 1, "total": 2, "has_more": False}
    assert all(request.kept for request in cinema.asked(LIST_MAKINGS))


@pytest.mark.parametrize("status", ["pending", "processing", "failed", "cancelled"])
def test_videos_are_of_completed_jobs(client: Client, cinema: Cinema, status: str) -> None:
    found = data(client.get(f"{BASE}/videos?status={status}"))
    assert found["videos"] == []
    assert found["pagination"] == {"limit": 20, "offset": 0, "total": 0, "has_more": False}
    assert cinema.calls == []


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-01-01T12:00:00Z", datetime(2024, 1, 1, 12, tzinfo=UTC)),
        ("2024-01-01T12:00:00.250Z", datetime(2024, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)),
        ("2024-01-01T12:00:00+02:00", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("2024-01-01T12:00:00 02:00", datetime(2024, 1, 1, 10, tzinfo=UTC)),  # a plus that was not escaped
        ("2024-01-01T12:00:00", datetime(2024, 1, 1, 12, tzinfo=UTC)),
        ("2024-01-01 12:00:00", datetime(2024, 1, 1, 12, tzinfo=UTC)),
        ("2024-01-01", datetime(2024, 1, 1, tzinfo=UTC)),
    ],
)
def test_times(client: Client, cinema: Cinema, text: str, time: datetime) -> None:
    data(client.get(f"{BASE}/videos", params={"created_after": text, "created_before": text}))
    (asked,) = cinema.asked(LIST_MAKINGS)
    assert (asked.after, asked.before) == (time, time)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2024-13-01", "1704110400", "0001-01-01T00:00:00+14:00", "12:00"]
)
def test_times_that_are_none(client: Client, text: str) -> None:
    query = {"created_after": text, "created_before": text, "limit": "0"}
    found = problems(client.get(f"{BASE}/videos", params=query))
    assert set(found) == {"created_after", "created_before", "limit"}


@pytest.mark.parametrize(
    ("name", "content_type", "body"),
    [
        ("download", "video/mp4", FILM),
        ("preview", "video/mp4", FILM),
        ("subtitles.srt", "application/x-subrip; charset=utf-8", SRT),
        ("subtitles.vtt", "text/vtt; charset=utf-8", SRT),
        ("transcript.json", "application/json", SRT),
    ],
)
def test_files(client: Client, name: str, content_type: str, body: bytes) -> None:
    answer = client.get(f"{URL}/{name}")
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-type"] == content_type
    assert answer.headers["content-length"] == str(len(body))
    assert answer.headers["etag"] == f'"{SHA[:32]}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-request-id"].startswith("req_")
    disposition = {"download": f'attachment; filename="{ID}.mp4"', "preview": f'inline; filename="{ID}.mp4"'}
    assert answer.headers.get("content-disposition") == disposition.get(name)
    head = client.head(f"{URL}/{name}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(body))
    part = client.get(f"{URL}/{name}", headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, body[1:4])
    assert part.headers["content-range"] == f"bytes 1-3/{len(body)}"
    assert client.get(f"{URL}/{name}", headers={"range": "bytes=-4"}).content == body[-4:]
    same = {"if-none-match": answer.headers["etag"]}
    assert client.get(f"{URL}/{name}", headers=same).status_code == 304
    beyond = client.get(f"{URL}/{name}", headers={"range": "bytes=999-"})
    refusal(beyond, 416, "RANGE_NOT_SATISFIABLE")
    assert beyond.headers["content-range"] == f"bytes */{len(body)}"
    refusal(client.post(f"{URL}/{name}"), 405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "video_id",
    ["video_123", "x", str(UUID(int=7)), UUID(int=7).hex, ID.upper(), f"{ID}0", f"{ID}.mp4",
     "video_" + "g" * 32,
     f"video_{UUID(int=999).hex}", "%00", "视频"],
)  # fmt: skip
def test_videos_that_are_not_there(client: Client, video_id: str) -> None:
    for name in ("", "/download", "/preview", "/subtitles.srt", "/transcript.json"):
        body = refusal(client.get(f"{BASE}/videos/{video_id}{name}"), 404, "VIDEO_NOT_FOUND")
        assert body["error"] == "Video not found"
    refusal(client.delete(f"{BASE}/videos/{video_id}"), 404, "VIDEO_NOT_FOUND")


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.COMPLETED])
def test_jobs_that_made_no_video(client: Client, cinema: Cinema, state: JobState) -> None:
    cinema.making(7, state=state)
    for answer in (client.get(URL), client.get(f"{URL}/download"), client.delete(URL)):
        refusal(answer, 404, "VIDEO_NOT_FOUND")


def test_a_file_that_is_gone(client: Client, cinema: Cinema) -> None:
    cinema.objects.content.clear()
    refusal(client.get(f"{URL}/download"), 404, "NOT_FOUND")


def test_delete(client: Client, cinema: Cinema) -> None:
    answer = client.delete(URL)
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "message": "Video deleted successfully",
        "request_id": answer.headers["x-request-id"],
    }
    (asked,) = cinema.asked(REMOVE_RESULT)
    assert (asked.job_id, asked.owner, asked.family) == (UUID(int=7), "user:ann", "videocraft")
    for again in (
        client.delete(URL),
        client.get(URL),
        client.get(f"{URL}/download"),
        client.head(f"{URL}/preview"),
    ):
        assert again.status_code == 404
    assert data(client.get(f"{BASE}/videos"))["videos"] == []
    assert data(client.get(f"{BASE}/jobs/{UUID(int=7)}"))["status"] == "completed"


def test_a_result_of_another_kind(client: Client, cinema: Cinema) -> None:
    known: Any = cinema.makings[UUID(int=7)]
    cinema.makings[UUID(int=7)] = msgspec.structs.replace(
        known, job=msgspec.structs.replace(known.job, result=None)
    )
    refusal(client.get(URL), 404, "VIDEO_NOT_FOUND")


def test_services_that_are_away(client: Client, cinema: Cinema) -> None:
    cinema.fail(REMOVE_RESULT, UnavailableError("No answer."))
    refusal(client.delete(URL), 503, "SERVICE_UNAVAILABLE")
