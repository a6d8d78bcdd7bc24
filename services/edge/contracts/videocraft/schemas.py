"""Bodies of the videocraft contract, as its document words them. Times are ISO 8601, UTC, whole seconds."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

FAMILY = "videocraft"
BASE = "/api/v1"

T = TypeVar("T")


class Body(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Answer(Body, Generic[T], frozen=True, kw_only=True):
    """What was asked for; `success` is true, `request_id` that of the request."""

    success: bool
    data: T
    request_id: str


class Told(Answer[T], Generic[T], frozen=True, kw_only=True):
    """An answer that says what was done."""

    message: str


class Deleted(Body, frozen=True, kw_only=True):
    """A video that is not there any more."""

    success: bool
    message: str
    request_id: str


class Pagination(Body, frozen=True, kw_only=True):
    """`total` counts what all pages hold together."""

    limit: int
    offset: int
    total: int
    has_more: bool


class Failure(Body, frozen=True, kw_only=True):
    """Why a job failed."""

    code: str
    message: str


class CreatedJob(Body, frozen=True, kw_only=True):
    """A job that was accepted."""

    job_id: str
    status: str
    progress: int
    created_at: str
    status_url: str


class ListedJob(Body, frozen=True, kw_only=True):
    """A job in a list. `progress` is 0 to 100, `current_step` is in words."""

    id: str
    status: str
    progress: int
    current_step: str
    created_at: str
    updated_at: str


class JobListing(Body, frozen=True, kw_only=True):
    """One page of the jobs, newest first."""

    jobs: list[ListedJob]
    pagination: Pagination


class LogEntry(Body, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the work and how far it is: `status` is `in_progress` since then (with `progress`, 0 to
    100), or since then `completed`, `failed` or `cancelled` (with `duration`, seconds of work)."""

    timestamp: str
    step: str
    status: str
    duration: float | None = None
    progress: int | None = None


class JobResult(Body, frozen=True, kw_only=True):
    """What a completed job made: bytes, seconds."""

    video_id: str
    download_url: str
    file_size: int
    duration: float


class JobDetails(Body, frozen=True, kw_only=True):
    """All about a job; `video_config` is what was asked for, as it was written."""

    id: str
    status: str
    progress: int
    current_step: str
    estimated_completion: str | None
    video_config: dict[str, Any]
    processing_log: list[LogEntry]
    created_at: str
    updated_at: str
    completed_at: str | None
    result: JobResult | None
    error: Failure | None


class JobStatus(Body, frozen=True, kw_only=True):
    """How far a job is; `result` when it is completed and its video still there."""

    job_id: str
    status: str
    progress: int
    current_step: str
    result: JobResult | None
    error: Failure | None
    updated_at: str


class CancelledJob(Body, frozen=True, kw_only=True):
    """A job that nobody works on any more."""

    job_id: str
    status: str
    cancelled_at: str


class ListedVideo(Body, frozen=True, kw_only=True):
    """A video in a list: bytes, seconds, and its size as `1920x1080`."""

    id: str
    job_id: str
    status: str
    file_size: int
    duration: float
    resolution: str
    created_at: str
    completed_at: str
    download_url: str


class VideoListing(Body, frozen=True, kw_only=True):
    """One page of the videos, newest first."""

    videos: list[ListedVideo]
    pagination: Pagination


class SubtitleTrack(Body, frozen=True, kw_only=True):
    """Captions that were drawn into the pictures. Their text is served beside the video."""

    language: str
    style: str
    word_count: int


class ProcessingStats(Body, frozen=True, kw_only=True):
    """Seconds of work; 0 for what was known already."""

    audio_analysis_time: float
    transcription_time: float
    subtitle_generation_time: float
    video_encoding_time: float


class VideoDetails(Body, frozen=True, kw_only=True):
    """All about a video, as it was measured. The last three URLs are null without captions."""

    id: str
    job_id: str
    status: str
    file_size: int
    file_format: str
    duration: float
    resolution: str
    framerate: int | float
    audio_codec: str | None
    video_codec: str | None
    subtitle_tracks: list[SubtitleTrack]
    processing_stats: ProcessingStats
    created_at: str
    completed_at: str
    download_url: str
    preview_url: str
    subtitles_srt_url: str | None
    subtitles_vtt_url: str | None
    transcript_url: str | None


class CsrfTokenData(Body, frozen=True, kw_only=True):
    """For the header `X-CSRF-Token`."""

    csrf_token: str
    expires_at: str


class VideocraftProblem(Body, frozen=True, kw_only=True, omit_defaults=True):
    """Every error. `details` has what is not valid by its path (`scenes[0].elements[1].src`); `retry_after`
    (seconds) and the three after it come with 429."""

    error: str
    code: str
    timestamp: str
    request_id: str
    details: dict[str, str] | None = None
    help_url: str | None = None
    retry_after: int | None = None
    limit: int | None = None
    remaining: int | None = None
    reset_at: str | None = None
