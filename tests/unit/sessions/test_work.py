"""What is refused before it begins, because nobody would wait for it."""

from __future__ import annotations

import pytest

from libs.contracts.errors import InvalidInputError, MediaError
from libs.contracts.media import MediaInfo
from services.sessions.work import check_clip, check_length, check_packets, check_video
from tests.unit.samples import info, video

HOUR = 3600.0


def filmed(width: int, height: int, rate: str, frames: int | None = None) -> MediaInfo:
    return info(
        video=video(
            width=width, height=height, display_width=width, display_height=height,
            frame_rate=rate, nominal_rate=rate, declared_frames=frames,
        )
    )  # fmt: skip


HD, UHD = filmed(1920, 1080, "60/1"), filmed(3840, 2160, "60/1")


def test_what_people_film_is_taken() -> None:
    check_video(HD, 4 * HOUR)
    check_video(UHD, HOUR)
    check_clip(HD, 600)
    check_clip(UHD, 300)
    check_packets(4 * 3600 * 60)


@pytest.mark.parametrize("seconds", [4 * HOUR + 1, 1_310_700.0, float("inf")])
def test_a_video_of_days_is_refused(seconds: float) -> None:
    """2,000 pictures of a GIF may say that they are shown for eleven minutes each."""
    slow = filmed(16, 16, "20/13107", 2_000)
    with pytest.raises(MediaError, match="4 hours"):
        check_video(slow, seconds)
    with pytest.raises(MediaError, match="4 hours"):
        check_length(seconds)


@pytest.mark.parametrize(
    "large",
    [
        filmed(8192, 8192, "60/1"),
        filmed(8192, 8192, "0/1", 40_000),
        filmed(8192, 8192, "90000/1"),
    ],
)
def test_more_pixels_than_can_be_looked_at_are_refused(large: MediaInfo) -> None:
    with pytest.raises(MediaError, match="8192 x 8192"):
        check_video(large, 600)


def test_a_rate_that_nobody_films_counts_for_less() -> None:
    """Recorders of screens write clocks where a rate belongs."""
    check_video(filmed(1920, 1080, "1000/1"), HOUR)


@pytest.mark.parametrize(("source", "seconds", "words"), [(HD, 600.1, "600 s"), (UHD, 400, "shorter part")])
def test_a_clip_that_nobody_would_wait_for_is_refused(source: MediaInfo, seconds: float, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as refused:
        check_clip(source, seconds)
    assert refused.value.details["error_code"] == "INVALID_TIME_RANGE"


def test_packets_without_end_are_refused() -> None:
    with pytest.raises(MediaError, match="1,000,000"):
        check_packets(1_000_001)
