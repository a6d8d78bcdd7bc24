"""How far the making of a movie is, told by its steps. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from libs.contracts.jobs import Job, JobState, StepState
from libs.contracts.jobs_view import time_of
from libs.contracts.movies import Making, Step
from services.edge.contracts.videocraft.schemas import LogEntry

FETCH, LISTEN, RECOGNISE, CAPTIONS, MAIN = KINDS = ("fetch", "listen", "recognise", "captions", "main")
"""Kinds of steps, in the order in which one needs the other; `fetch.3` is one of `fetch`."""
LOGGED = {
    "audio_analysis": (FETCH, LISTEN),
    "transcription": (RECOGNISE,),
    "subtitle_generation": (CAPTIONS,),
    "video_generation": (MAIN,),
}
"""Kinds of steps by the words of the log."""

_WORDS = {
    FETCH: "Fetching sources",
    LISTEN: "Analyzing audio",
    RECOGNISE: "Transcribing speech",
    CAPTIONS: "Generating subtitles",
    MAIN: "Generating video with FFmpeg",
}
_WAITING = "Waiting to start"
_ENDS = {
    JobState.PENDING: _WAITING,
    JobState.COMPLETED: "Video generation completed",
    JobState.FAILED: "Video generation failed",
    JobState.CANCELLED: "Video generation cancelled",
}


def percent_of(job: Job) -> int:
    """0…100, and 100 only for what is completed."""
    if job.state is JobState.COMPLETED:
        return 100
    return max(0, min(99, int(job.progress)))


def current_step_of(making: Making) -> str:
    """What is being done, in words; of several things the one that the others need."""
    if making.job.state in _ENDS:
        return _ENDS[making.job.state]
    for state in (StepState.IN_PROGRESS, StepState.PENDING):
        for kind in KINDS:
            if any(step.state is state for step in steps_of(making, kind)):
                return _WORDS[kind]
    return _WORDS[MAIN] if making.steps else _WAITING


def seconds_of(making: Making, name: str) -> float:
    """Seconds of work of the steps that the log calls `name`."""
    return round(sum(step.seconds for step in steps_of(making, *LOGGED[name])), 2)


def log_of(making: Making) -> list[LogEntry]:
    """One entry for all steps of the same name that have begun."""
    entries = ((name, steps_of(making, *kinds)) for name, kinds in LOGGED.items())
    return [_entry(name, steps, making.job) for name, steps in entries if any(map(_begun, steps))]


def steps_of(making: Making, *kinds: str) -> list[Step]:
    return [step for step in making.steps if step.name.partition(".")[0] in kinds]


def _begun(step: Step) -> bool:
    return step.started_at is not None or step.state not in (StepState.PENDING, StepState.CANCELLED)


def _entry(name: str, steps: Sequence[Step], job: Job) -> LogEntry:
    status = _status(steps, job)
    if status is StepState.IN_PROGRESS:
        done = sum(1.0 if step.state is StepState.COMPLETED else step.fraction for step in steps)
        began = [step.started_at for step in steps if step.started_at is not None]
        percent = max(0, min(99, int(100 * done / len(steps))))
        return LogEntry(
            timestamp=_time(min(began, default=None), job), step=name, status=status.value, progress=percent
        )
    ended = [step.ended_at for step in steps if step.ended_at is not None]
    seconds = round(sum(step.seconds for step in steps), 2)
    return LogEntry(
        timestamp=_time(max(ended, default=None), job), step=name, status=status.value, duration=seconds
    )


def _status(steps: Sequence[Step], job: Job) -> StepState:
    states = {step.state for step in steps}
    for state in (StepState.FAILED, StepState.CANCELLED):
        if state in states:
            return state
    if states == {StepState.COMPLETED}:
        return StepState.COMPLETED
    return StepState.CANCELLED if job.state.terminal else StepState.IN_PROGRESS


def _time(time: datetime | None, job: Job) -> str:
    """Of what was known already there are no times: it was when the job began."""
    return time_of(time or job.created_at)
