"""What the user is told of that could not be kept."""

from __future__ import annotations

from collections.abc import Iterable

from libs.contracts.media import AudioStream, MediaInfo, VideoStream


def count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


def video_notes(info: MediaInfo, video: VideoStream) -> list[str]:
    """Of cover pictures, further videos and transparency."""
    notes = []
    if info.pictures:
        notes.append("The cover picture was not kept.")
    if info.extra_videos:
        notes.append(f"{count(info.extra_videos, 'further video track')} could not be kept.")
    if video.alpha and video.codec != "gif":
        notes.append("Transparency was not kept.")
    return notes


def audible(info: MediaInfo) -> list[AudioStream]:
    """The sound tracks that ffmpeg can read."""
    return [each for each in info.audio if each.channels and each.sample_rate and each.codec != "unknown"]


def audio_notes(info: MediaInfo) -> list[str]:
    """Of sound tracks that nobody can read."""
    lost = len(info.audio) - len(audible(info))
    return [count(lost, "sound track") + " of an unknown kind could not be kept."] if lost else []


def editing_notes(infos: Iterable[MediaInfo], tracks: int) -> list[str]:
    """Of what an edit of these files leaves behind; a container holds so many `tracks` of sound."""
    notes: list[str] = []
    for info in infos:
        notes += video_notes(info, info.video) if info.video else []
        notes += audio_notes(info)
        if (lost := len(audible(info)) - tracks) > 0:
            notes.append(f"{count(lost, 'further sound track')} could not be kept.")
        if info.subtitles:
            notes.append(f"{count(len(info.subtitles), 'subtitle track')} could not be kept.")
    return list(dict.fromkeys(notes))
