"""What each container that we write can hold, and what goes into it instead where it cannot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Container:
    """`muxer` is ffmpeg's name. A stream is copied when its codec is in `audio` or `subtitles`; otherwise
    it is encoded with `audio_encoder` or `text_encoder`."""

    muxer: str
    extension: str
    content_type: str
    audio: frozenset[str]
    audio_encoder: str
    subtitles: frozenset[str]
    text_encoder: str
    options: tuple[tuple[str, str], ...] = ()


PCM_FORMATS = ("s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "f32le", "f64le")
PCM = frozenset(f"pcm_{kind}" for kind in PCM_FORMATS)
MP4_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus"})
MKV_AUDIO = frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "vorbis", "flac", "dts",
                       "truehd", "wavpack", "tta", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_u8",
                       "pcm_f32le"})  # fmt: skip
MKV_SUBTITLES = frozenset({"subrip", "ass", "ssa", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle",
                           "dvb_subtitle"})  # fmt: skip
TIMED_TEXT = frozenset({"mov_text"})
FAST_START = (("movflags", "+faststart"),)

MP4 = Container("mp4", "mp4", "video/mp4", MP4_AUDIO, "aac", TIMED_TEXT, "mov_text", FAST_START)
M4V = Container("mp4", "m4v", "video/mp4", MP4_AUDIO, "aac", TIMED_TEXT, "mov_text", FAST_START)
MOV_AUDIO = MP4_AUDIO - {"opus"} | PCM
MOV = Container("mov", "mov", "video/quicktime", MOV_AUDIO, "aac", TIMED_TEXT, "mov_text", FAST_START)
MKV = Container("matroska", "mkv", "video/x-matroska", MKV_AUDIO, "aac", MKV_SUBTITLES, "subrip")
WEBM = Container(
    "webm", "webm", "video/webm", frozenset({"opus", "vorbis"}), "libopus", frozenset({"webvtt"}), "webvtt"
)

BY_EXTENSION = {container.extension: container for container in (MP4, M4V, MOV, MKV, WEBM)}
BY_MUXER = {"mp4": MP4, "mov": MOV, "matroska": MKV, "webm": WEBM}


def container_for(name: str, formats: list[str]) -> Container:
    """By the extension of a file name; where that is missing or not one of ours, by ffmpeg's `formats`."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension in BY_EXTENSION:
        return BY_EXTENSION[extension]
    return MKV if not extension and "matroska" in formats else MP4
