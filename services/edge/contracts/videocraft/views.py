"""Jobs and videos in the words of the contract. Pure."""

from __future__ import annotations

from fractions import Fraction

from libs.contracts.jobs import ComposeSpec, Job
from libs.contracts.jobs_view import time_of
from libs.contracts.media import MediaInfo
from libs.contracts.movie import SUBTITLES
from libs.contracts.movies import Making
from services.edge.contracts.videocraft.progress import current_step_of, log_of, percent_of, seconds_of
from services.edge.contracts.videocraft.schemas import (
    BASE,
    CancelledJob,
    CreatedJob,
    Failure,
    JobDetails,
    JobResult,
    JobStatus,
    ListedJob,
    ListedVideo,
    ProcessingStats,
    SubtitleTrack,
    VideoDetails,
)
from services.edge.contracts.videocraft.videos import (
    DOWNLOAD,
    PREVIEW,
    SUBRIP,
    TRANSCRIPT,
    WEBVTT,
    Made,
    made_of,
    video_id_of,
)


def created_of(job: Job) -> CreatedJob:
    return CreatedJob(
        job_id=str(job.job_id),
        status=job.state.value,
        progress=percent_of(job),
        created_at=time_of(job.created_at),
        status_url=f"{BASE}/jobs/{job.job_id}/status",
    )


def cancelled_of(job: Job) -> CancelledJob:
    return CancelledJob(job_id=str(job.job_id), status=job.state.value, cancelled_at=time_of(job.updated_at))


def listed_job_of(making: Making) -> ListedJob:
    job = making.job
    return ListedJob(
        id=str(job.job_id),
        status=job.state.value,
        progress=percent_of(job),
        current_step=current_step_of(making),
        created_at=time_of(job.created_at),
        updated_at=time_of(job.updated_at),
    )


def job_details_of(making: Making) -> JobDetails:
    job, spec = making.job, making.spec
    return JobDetails(
        id=str(job.job_id),
        status=job.state.value,
        progress=percent_of(job),
        current_step=current_step_of(making),
        estimated_completion=time_of(making.ready_at) if making.ready_at else None,
        video_config=spec.given if isinstance(spec, ComposeSpec) else {},
        processing_log=log_of(making),
        created_at=time_of(job.created_at),
        updated_at=time_of(job.updated_at),
        completed_at=time_of(making.completed_at) if making.completed_at else None,
        result=_result_of(making),
        error=_failure_of(job),
    )


def job_status_of(making: Making) -> JobStatus:
    job = making.job
    return JobStatus(
        job_id=str(job.job_id),
        status=job.state.value,
        progress=percent_of(job),
        current_step=current_step_of(making),
        result=_result_of(making),
        error=_failure_of(job),
        updated_at=time_of(job.updated_at),
    )


def listed_video_of(made: Made) -> ListedVideo:
    job = made.making.job
    return ListedVideo(
        id=video_id_of(job),
        job_id=str(job.job_id),
        status=job.state.value,
        file_size=made.result.artifact.size,
        duration=_seconds(made.result.info),
        resolution=_resolution(made.result.info),
        created_at=time_of(job.created_at),
        completed_at=_completed_at(made.making),
        download_url=_url(job, DOWNLOAD),
    )


def video_details_of(made: Made) -> VideoDetails:
    job, info = made.making.job, made.result.info
    captioned = made.captions is not None
    return VideoDetails(
        id=video_id_of(job),
        job_id=str(job.job_id),
        status=job.state.value,
        file_size=made.result.artifact.size,
        file_format="mp4",
        duration=_seconds(info),
        resolution=_resolution(info),
        framerate=_rate(info),
        audio_codec=info.audio[0].codec if info.audio else None,
        video_codec=info.video.codec if info.video else None,
        subtitle_tracks=_tracks(made),
        processing_stats=ProcessingStats(
            audio_analysis_time=seconds_of(made.making, "audio_analysis"),
            transcription_time=seconds_of(made.making, "transcription"),
            subtitle_generation_time=seconds_of(made.making, "subtitle_generation"),
            video_encoding_time=seconds_of(made.making, "video_generation"),
        ),
        created_at=time_of(job.created_at),
        completed_at=_completed_at(made.making),
        download_url=_url(job, DOWNLOAD),
        preview_url=_url(job, PREVIEW),
        subtitles_srt_url=_url(job, SUBRIP) if captioned else None,
        subtitles_vtt_url=_url(job, WEBVTT) if captioned else None,
        transcript_url=_url(job, TRANSCRIPT) if captioned else None,
    )


def _tracks(made: Made) -> list[SubtitleTrack]:
    """All captions of a movie are one track; its style is that of the first element that asks for any."""
    captions, spec = made.captions, made.making.spec
    if captions is None or not isinstance(spec, ComposeSpec):
        return []
    levels = [spec.movie.elements, *(scene.elements for scene in spec.movie.scenes)]
    styles = [each.style.style for level in levels for each in level if each.kind == SUBTITLES and each.style]
    style = styles[0] if styles else ""
    return [SubtitleTrack(language=captions.language, style=style, word_count=captions.words)]


def _result_of(making: Making) -> JobResult | None:
    made = made_of(making)
    if made is None:
        return None
    return JobResult(
        video_id=video_id_of(making.job),
        download_url=_url(making.job, DOWNLOAD),
        file_size=made.result.artifact.size,
        duration=_seconds(made.result.info),
    )


def _failure_of(job: Job) -> Failure | None:
    return Failure(code=job.error.code.upper(), message=job.error.message) if job.error else None


def _url(job: Job, name: str) -> str:
    return f"{BASE}/videos/{video_id_of(job)}/{name}"


def _completed_at(making: Making) -> str:
    return time_of(making.completed_at or making.job.updated_at)


def _seconds(info: MediaInfo) -> float:
    return round(info.duration or 0.0, 3)


def _resolution(info: MediaInfo) -> str:
    return f"{info.video.display_width}x{info.video.display_height}" if info.video else "0x0"


def _rate(info: MediaInfo) -> int | float:
    """30 for `30/1`, 29.97 for `30000/1001`."""
    try:
        rate = Fraction(info.video.frame_rate) if info.video else Fraction(0)
    except (ValueError, ZeroDivisionError):
        return 0
    return int(rate) if rate.denominator == 1 else round(float(rate), 3)
