"""From faces and maps to what a crop looks at."""

from __future__ import annotations

import numpy as np
import pytest

from libs.contracts.graph import Focus
from libs.media.video_edit.framing import CENTRE, Box, Shot, faces_of, focuses, standing_out

NARROW = (0.3, 1.0)
EVEN = np.full((36, 64), 1 / (36 * 64))


def face(x: float, size: float = 0.1, y: float = 0.3) -> Box:
    return Box(x - size / 2, y - size / 2, size, size)


def blob(x: float, y: float = 0.5) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    rows, columns = np.mgrid[0:36, 0:64]
    found = np.exp(-(((columns + 0.5) / 64 - x) ** 2 + ((rows + 0.5) / 36 - y) ** 2) / 0.005)
    return np.asarray(found / found.sum())


def shot(first: int, *faces: Box) -> Shot:
    return Shot(first, faces=[list(faces)] * 3, maps=[EVEN] * 3)


def test_a_face_that_lasts_is_looked_at() -> None:
    frames = [[face(0.8)], [], [face(0.81)], [face(0.79)], [], []]
    assert faces_of(frames, NARROW) == pytest.approx((0.8, 0.3), abs=0.02)


def test_a_face_that_is_seen_once_is_none() -> None:
    assert faces_of([[face(0.8)], [], [], [face(0.2)], []], NARROW) is None
    assert faces_of([[face(0.8)], [face(0.8)], *[[]] * 8], NARROW) is None
    assert faces_of([[face(0.8)]], NARROW) is not None


def test_a_face_may_walk() -> None:
    frames = [[face(0.2 + 0.05 * i)] for i in range(9)]
    assert faces_of(frames, NARROW) == pytest.approx((0.4, 0.3), abs=0.01)


def test_faces_that_fit_are_kept_together_and_the_largest_is_kept_in_any_case() -> None:
    together = [[face(0.6), face(0.75)]] * 3
    assert faces_of(together, NARROW) == pytest.approx((0.675, 0.3))
    apart = [[face(0.1), face(0.9, 0.2)]] * 3
    assert faces_of(apart, NARROW) == pytest.approx((0.9, 0.3))


def test_what_stands_out_is_looked_at() -> None:
    assert standing_out(EVEN, NARROW) is None
    assert standing_out(blob(0.5), NARROW) is None
    assert standing_out(blob(0.85), NARROW) == pytest.approx((0.85, 0.5), abs=0.02)
    found = standing_out((blob(0.15) + EVEN) / 2, NARROW)
    assert found is not None
    assert found[0] == pytest.approx(0.15, abs=0.03)
    assert standing_out(blob(0.5, 0.9), (1.0, 0.4)) == pytest.approx((0.5, 0.9), abs=0.02)


def test_faces_come_before_what_stands_out() -> None:
    found = Shot(0, faces=[[face(0.2)]] * 3, maps=[blob(0.9)] * 3)
    assert found.look(NARROW) == pytest.approx((0.2, 0.3))
    assert Shot(0, faces=[[]] * 3, maps=[blob(0.9)] * 3).look(NARROW) == pytest.approx((0.9, 0.5), abs=0.02)
    moved = Shot(0, faces=[[]] * 3, maps=[EVEN] * 3, moves=[blob(0.9)] * 2)
    assert moved.look(NARROW) == pytest.approx((0.9, 0.5), abs=0.02)
    assert shot(0).look(NARROW) == CENTRE
    assert Shot(0).look(NARROW) is None


def test_each_shot_has_a_focus_from_half_a_frame_before_it_on() -> None:
    found = focuses([shot(0, face(0.3)), shot(50, face(0.7))], NARROW, 25.0, 9)
    assert found == [Focus(start=0.0, x=0.3, y=0.5), Focus(start=1.98, x=0.7, y=0.5)]


def test_the_middle_of_a_crop_stays_within_reach() -> None:
    assert focuses([shot(0, face(0.05))], NARROW, 25.0, 9) == [Focus(start=0.0, x=0.15, y=0.5)]


def test_shots_that_hardly_differ_are_joined() -> None:
    shots = [shot(0, face(0.3)), shot(50, face(0.33)), shot(90, face(0.7)), Shot(120)]
    assert [round(each.x, 3) for each in focuses(shots, NARROW, 25.0, 9)] == [0.315, 0.7]
    assert focuses([shot(0), shot(50), shot(90)], NARROW, 25.0, 9) == []


def test_there_are_never_too_many() -> None:
    shots = [shot(20 * i, face(0.3 if i % 2 else 0.7)) for i in range(200)]
    assert len(focuses(shots, NARROW, 25.0, 9)) <= 9
    assert len(focuses(shots, NARROW, 25.0, 200)) == 200
