"""Work beside other work ends with its block, and does not fail unheard."""

from __future__ import annotations

import pytest

from tests.chaos.beside import Beside


class Waiting(Beside):
    ended = False

    def _work(self) -> None:
        self.ended = self._done.wait(10)


class Failing(Beside):
    def _work(self) -> None:
        raise ZeroDivisionError


def test_the_end_of_the_block_ends_the_work() -> None:
    with Waiting() as waiting:
        assert not waiting.ended
    assert waiting.ended


def test_a_failure_is_raised_at_the_end_of_the_block() -> None:
    began = []
    with pytest.raises(ZeroDivisionError), Failing():
        began.append(True)
    assert began
