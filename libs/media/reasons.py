"""From what ffmpeg said to a named error in words for users, without paths, URLs or addresses."""

from __future__ import annotations

import re
import signal

from libs.contracts.errors import (
    InternalError,
    MediaError,
    ReelbusError,
    TaskTimeoutError,
    TooLargeError,
    UnavailableError,
)
from libs.contracts.media import MediaInfo

NOT_A_VIDEO = "This does not look like a video, or it is damaged beyond reading."
NO_INDEX = "This is not a complete video: the index that players need was not found in the file."
CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
INTERRUPTED = 255
"""ffmpeg's exit code after a signal. The runner's own signals are not judged here, which leaves SIGXCPU."""

_KNOWN: tuple[tuple[str, type[ReelbusError], str], ...] = (
    ("no space left on device", UnavailableError, "There is no disk space left to work in."),
    ("disk quota exceeded", UnavailableError, "There is no disk space left to work in."),
    ("file too large", TooLargeError, "The result would be larger than allowed."),
    ("cannot allocate memory", MediaError, "This video needs more memory than allowed."),
    ("memoryerror", MediaError, "This video needs more memory than allowed."),
    ("x265 [error]: failed to allocate", MediaError, "This video needs more memory than allowed."),
    ("moov atom not found", MediaError, NO_INDEX),
    ("not on whitelist", MediaError, "This kind of file is not accepted as a video."),
    ("server returned", UnavailableError, "The stored file could not be read."),
    ("http error", UnavailableError, "The stored file could not be read."),
    ("connection refused", UnavailableError, "The storage does not answer."),
    ("connection timed out", UnavailableError, "The storage does not answer."),
    ("failed to resolve hostname", UnavailableError, "The storage does not answer."),
    ("no such file or directory", InternalError, "A file of this work has gone."),
    ("permission denied", InternalError, "A file of this work may not be read or written."),
    ("option not found", InternalError, "This ffmpeg does not know an option."),
    ("no such filter", InternalError, "This ffmpeg lacks a filter."),
    ("unknown encoder", InternalError, "This ffmpeg lacks an encoder."),
    ("decoder not found", MediaError, "The codec of this video is not supported."),
    ("decoder (codec none) not found", MediaError, "The codec of this video is not supported."),
    ("unknown decoder", MediaError, "The codec of this video is not supported."),
    ("output file is empty", MediaError, "Nothing in this video could be decoded."),
    ("empty output", MediaError, "Nothing in this video could be decoded."),
    ("invalid data found when processing input", MediaError, NOT_A_VIDEO),
    ("end of file", MediaError, NOT_A_VIDEO),
)


def no_video(info: MediaInfo) -> str:
    """Why a file without a video is none."""
    return f"There is no video in this file, only {'a picture' if info.picture else 'sound'}."


def failure(stderr: str, returncode: int) -> ReelbusError:
    """The error of a process that ended with `returncode` (negative: the signal that killed it)."""
    lowered = stderr.lower()
    for needle, kind, message in _KNOWN:
        if needle in lowered:
            return kind(message)
    if returncode in (-signal.SIGXCPU, INTERRUPTED):
        return TaskTimeoutError("The work took more CPU time than allowed.")
    if returncode == -signal.SIGXFSZ:
        return TooLargeError("The result would be larger than allowed.")
    if -returncode in CRASHES:
        return MediaError("The decoder crashed on this video.")
    if returncode < 0:
        return UnavailableError("The work was interrupted.")
    return MediaError("This video could not be processed.", reason=last_words(stderr))


def last_words(stderr: str) -> str:
    """The last line of ffmpeg's log without anything private; at most 200 characters."""
    lines = [line for line in map(clean, stderr.splitlines()) if line]
    return lines[-1][:200] if lines else "no reason given"


def clean(line: str) -> str:
    """One log line without `[component @ 0x…]`, URLs, paths, addresses and control characters."""
    line = re.sub(r"\[[^\]]*@ 0x[0-9a-f]+\]\s*", "", line)
    line = re.sub(r"\b[a-z][a-z0-9+.]*:/\S*", "…", line)
    line = re.sub(r"(?<![\w.])(?:\.{0,2}/)[^\s:]+", "…", line)
    line = re.sub(r"0x[0-9a-fA-F]{4,}|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b", "…", line)
    return "".join(character for character in line if character.isprintable()).strip()
