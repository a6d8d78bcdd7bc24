"""What these tests would say of wrong results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.media.cut.film import Film, Part
from tests.media.cut.sync import check_sound, lag
from tests.media.cut.truth import Stage, check_pictures, check_times


@pytest.fixture
def film(stage: Stage) -> Film:
    return stage.film("closed")


def sound_late(film: Film, seconds: float) -> Film:
    [track] = film.tracks
    return replace(film, tracks=[replace(track, start=track.start + seconds)])


def check(film: Film, source: Film) -> None:
    parts = [Part(source, 0, len(source.times))]
    check_pictures(film, parts)
    check_times(film, parts)
    check_sound(film, parts, 0)


def test_a_film_is_itself(film: Film) -> None:
    check(film, film)


@pytest.mark.parametrize("late", [-0.05, -0.0213, -0.001, 0.0, 0.0004, 0.019, 0.03])
def test_the_lag_of_sound_is_measured(film: Film, late: float) -> None:
    for at in (0.0, 2.0, 4.8):
        assert lag(sound_late(film, late), at, film, at, 0) == pytest.approx(late, abs=0.0001)


WRONGS: list[Callable[[Film], Film]] = [
    lambda film: replace(film, complaints="error while decoding"),
    lambda film: replace(film, pictures=film.pictures[:-1]),
    lambda film: replace(film, pictures=np.roll(film.pictures, 1, axis=0)),
    lambda film: replace(film, pictures=np.concatenate([film.pictures[:60], film.pictures[59:-1]])),
    lambda film: replace(film, times=[film.times[0] - Fraction(1, 50), *film.times[1:]]),
    lambda film: replace(film, times=[time * Fraction(1001, 1000) for time in film.times]),
    lambda film: replace(film, container=film.container | {"start_time": "-0.1"}),
    lambda film: sound_late(film, 0.0213),
    lambda film: sound_late(film, -0.0213),
    lambda film: replace(film, tracks=[replace(film.tracks[0], samples=film.tracks[0].samples[:-3000])]),
    lambda film: replace(film, tracks=[replace(film.tracks[0], samples=film.tracks[0].samples[::-1])]),
]


@pytest.mark.parametrize("wrong", range(len(WRONGS)))
def test_what_is_wrong_is_noticed(film: Film, wrong: int) -> None:
    with pytest.raises(AssertionError):
        check(WRONGS[wrong](film), film)
