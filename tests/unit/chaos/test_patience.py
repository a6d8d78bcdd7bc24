"""Patience lasts as long as something comes, but not for ever."""

from __future__ import annotations

from tests.chaos.patience import Patience


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_patience_ends_when_nothing_comes() -> None:
    clock = Clock()
    patience = Patience(stalled=10, limit=1000, clock=clock)
    clock.now = 110
    assert not patience.over
    patience.renew()
    clock.now = 120
    assert not patience.over
    clock.now = 121
    assert patience.over


def test_patience_ends_whatever_comes() -> None:
    clock = Clock()
    patience = Patience(stalled=10, limit=15, clock=clock)
    clock.now = 115
    patience.renew()
    assert not patience.over
    clock.now = 116
    assert patience.over
