"""Times of a video that lasts ten seconds."""

from __future__ import annotations

import pytest

from libs.contracts.errors import InvalidInputError, OutOfRangeError
from services.sessions.times import ClipTimes, check_speed, clip_times, thumbnail_time

INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        ((0, 10, 5), (0, 10, 5)),
        ((2.5, 3.5, 2.5), (2.5, 3.5, 2.5)),
        ((2.5, 3.5, 3.5), (2.5, 3.5, 3.5)),
        ((-0.05, 10.05, 10.05), (0, 10, 10)),
        ((0.5, 9.5, 0.45), (0.5, 9.5, 0.5)),
        ((0.5, 9.5, 9.55), (0.5, 9.5, 9.5)),
        ((1 / 3, 2 / 3, 0.5000004), (0.333333, 0.666667, 0.5)),
        ((0, 0.001, 0), (0, 0.001, 0)),
    ],
)
def test_times_are_kept_within_the_video(
    asked: tuple[float, float, float], used: tuple[float, float, float]
) -> None:
    assert clip_times(*asked, 10.0) == ClipTimes(*used)


@pytest.mark.parametrize(
    "asked",
    [
        (-0.051, 5, 1),
        (0, 10.051, 1),
        (5, 5, 5),
        (6, 5, 5.5),
        (1, 1.0000001, 1),
        (-0.04, 0, 0),
        (10, 10.04, 10),
        (2, 4, 1.9),
        (2, 4, 4.1),
    ],
)
def test_times_that_make_no_sense_are_refused_by_name(asked: tuple[float, float, float]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        clip_times(*asked, 10.0)
    assert refused.value.details == {"error_code": "INVALID_TIME_RANGE"}
    assert not isinstance(refused.value, OutOfRangeError)


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("value", [INF, -INF, NAN])
def test_what_is_no_number_is_no_time(place: int, value: float) -> None:
    times = [1.0, 2.0, 1.5]
    times[place] = value
    start, end, cover = times
    with pytest.raises(InvalidInputError, match="must be a number") as refused:
        clip_times(start, end, cover, 10.0)
    assert "error_code" not in refused.value.details


@pytest.mark.parametrize("speed", [0.25, 1, 4])
def test_speeds_within_bounds_are_fine(speed: float) -> None:
    check_speed(speed)


@pytest.mark.parametrize("speed", [0.2499, 4.0001, 0, -1])
def test_other_speeds_are_out_of_range(speed: float) -> None:
    with pytest.raises(OutOfRangeError, match=r"0\.25 to 4"):
        check_speed(speed)


@pytest.mark.parametrize("speed", [INF, NAN])
def test_a_speed_is_a_number(speed: float) -> None:
    with pytest.raises(InvalidInputError, match="must be a number"):
        check_speed(speed)


@pytest.mark.parametrize(
    ("asked", "used"), [(0, 0), (10, 10), (-0.05, 0), (10.05, 10), (1 / 3, 0.333), (9.9996, 10)]
)
def test_a_thumbnail_is_taken_at_a_whole_millisecond(asked: float, used: float) -> None:
    assert thumbnail_time(asked, 10.0) == used


@pytest.mark.parametrize("asked", [-0.051, 10.051, 1e9])
def test_a_thumbnail_from_outside_is_out_of_range(asked: float) -> None:
    with pytest.raises(OutOfRangeError) as refused:
        thumbnail_time(asked, 10.0)
    assert refused.value.details == {"error_code": "INVALID_TIME_RANGE"}
