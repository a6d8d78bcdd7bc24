"""From ffmpeg's log to words for users."""

from __future__ import annotations

import signal

import pytest

from libs.contracts.errors import MediaError, ReelbusError, TaskTimeoutError, TooLargeError, UnavailableError
from libs.media.reasons import clean, failure

PRIVATE = (
    "[mov,mp4 @ 0x55d0c8a3bc80] http://127.0.0.1:9000/media/uploads/1/a.mp4?X-Amz-Signature=abc: broken",
    "/data/scratch/task-1/in.mp4: broken",
    "file:/data/scratch/in.mp4: broken",
    "Could not reach 10.0.0.7:9000 (0x7fff12345678): broken",
)


@pytest.mark.parametrize("line", PRIVATE)
def test_nothing_private_is_repeated(line: str) -> None:
    told = clean(line)
    assert told.endswith("broken")
    for secret in ("0x", "http", "Amz", "scratch", "127.0", "10.0.0.7", "uploads"):
        assert secret not in told


@pytest.mark.parametrize(
    ("stderr", "code", "kind"),
    [
        ("av_interleaved_write_frame(): No space left on device", 1, UnavailableError),
        ("x.mp4: Invalid data found when processing input", 1, MediaError),
        ("Error writing trailer: File too large", 1, TooLargeError),
        ("Server returned 403 Forbidden (access denied)", 1, UnavailableError),
        ("", -signal.SIGSEGV, MediaError),
        ("", -signal.SIGKILL, UnavailableError),
        ("", -signal.SIGXCPU, TaskTimeoutError),
        ("", 255, TaskTimeoutError),
        ("something new", 1, MediaError),
    ],
)
def test_a_failure_has_its_error(stderr: str, code: int, kind: type[ReelbusError]) -> None:
    error = failure(stderr, code)
    assert type(error) is kind
    assert error.message.endswith(".")


def test_an_unknown_failure_keeps_the_last_words() -> None:
    assert failure("first\n[x @ 0x5555] the last", 1).details == {"reason": "the last"}
