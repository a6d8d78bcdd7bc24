"""Requests that make no sense are told so before any video is looked at."""

from __future__ import annotations

from typing import Any

import pytest

from libs.contracts.editor import ConcatEdit, Edit, EncodeEdit, QueueEdit, TrimEdit
from libs.contracts.errors import InvalidInputError
from services.jobs.editor.checks import check_request, inputs_of

TRIM = TrimEdit(video_id=1, start=0.0, end=1.0)
ENCODE: dict[str, Any] = {
    "video_id": 1,
    "video_codec": "libx264",
    "audio_codec": "aac",
    "width": 1920,
    "height": 1080,
    "frame_rate": 30,
}


def check(edit: Edit, code: str = "user", request: dict[str, Any] | None = None) -> None:
    check_request(QueueEdit(owner="public", request_code=code, edit=edit, request=request or {}))


@pytest.mark.parametrize("code", ["u", "사용자 1", "x" * 200])
def test_codes(code: str) -> None:
    check(TRIM, code)


@pytest.mark.parametrize("code", ["", "x" * 201, "a\nb", "\x00", "\u202e"])
def test_codes_that_are_none(code: str) -> None:
    with pytest.raises(InvalidInputError, match="request_code"):
        check(TRIM, code)


@pytest.mark.parametrize(
    ("start", "end"), [(-1.0, 5.0), (5.0, 5.0), (5.0, 1.0), (0.0, float("inf")), (float("nan"), 1.0)]
)
def test_times_that_make_no_trim(start: float, end: float) -> None:
    with pytest.raises(InvalidInputError):
        check(TrimEdit(video_id=1, start=start, end=end))


@pytest.mark.parametrize("count", [1, 100])
def test_concats(count: int) -> None:
    check(ConcatEdit(video_ids=[7] * count))


@pytest.mark.parametrize("count", [0, 101])
def test_concats_of_too_few_or_many(count: int) -> None:
    with pytest.raises(InvalidInputError, match="Between 1 and 100"):
        check(ConcatEdit(video_ids=[7] * count))


@pytest.mark.parametrize(
    "wish", [{}, {"width": 16, "height": 8192}, {"frame_rate": 1}, {"frame_rate": 120}, {"video_codec": "x"}]
)
def test_encodings(wish: dict[str, Any]) -> None:
    check(EncodeEdit(**(ENCODE | wish)))


@pytest.mark.parametrize(
    "wish",
    [
        {"width": 14},
        {"height": 8194},
        {"width": 641},
        {"height": -2},
        {"frame_rate": 0},
        {"frame_rate": 121},
        {"video_codec": ""},
        {"audio_codec": "a\x00"},
        {"video_codec": "x" * 65},
    ],
)
def test_encodings_that_cannot_be(wish: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        check(EncodeEdit(**(ENCODE | wish)))


@pytest.mark.parametrize("text", ["\x00", "x\\\x00", "x" * 20_000])
def test_requests_that_cannot_be_kept(text: str) -> None:
    with pytest.raises(InvalidInputError):
        check(TRIM, request={"trim_start": text})


def test_a_backslash_is_no_control_character() -> None:
    check(TRIM, request={"trim_start": "\\u0000"})


def test_inputs_keep_their_order() -> None:
    assert inputs_of(ConcatEdit(video_ids=[3, 1, 3])) == [3, 1, 3]
    assert inputs_of(TRIM) == [1]
