"""When a message is tried again, and how much later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.chassis.delivery import Policy, backoff, exhausted
from libs.contracts.errors import (
    ConflictError,
    InternalError,
    InvalidInputError,
    MediaError,
    ReelbusError,
    TaskTimeoutError,
    UnavailableError,
)

POLICY = Policy(
    consumer="c", stream="S", ack_wait=30, max_attempts=5, max_deliver=20, backoff_base=1, backoff_cap=30
)


def test_backoff_doubles_up_to_the_cap() -> None:
    assert [backoff(attempt, 1, 30, 0) for attempt in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]


def test_jitter_takes_up_to_half_away() -> None:
    assert backoff(3, 1, 30, 0.5) == 3
    assert backoff(3, 1, 30, 1) == 2


@given(st.integers(1, 10_000), st.floats(0.001, 100), st.floats(0.001, 1000), st.floats(0, 1))
def test_backoff_is_bounded(attempt: int, base: float, cap: float, jitter: float) -> None:
    assert min(base, cap) / 2 <= backoff(attempt, base, cap, jitter) <= cap


@given(st.integers(1, 50), st.floats(0, 1))
def test_backoff_never_shortens_with_attempts(attempt: int, jitter: float) -> None:
    assert backoff(attempt, 0.5, 60, jitter) <= backoff(attempt + 1, 0.5, 60, jitter)


@pytest.mark.parametrize(
    ("error", "last_retry"),
    [
        (None, 4),
        (InternalError("x"), 4),
        (TaskTimeoutError("x"), 0),
        (UnavailableError("x"), 18),
        (InvalidInputError("x"), 0),
        (MediaError("x"), 0),
        (ConflictError("x"), 0),
        (ReelbusError("x"), 0),
    ],
)
def test_how_long_an_error_is_retried(error: ReelbusError | None, last_retry: int) -> None:
    retried = [attempt for attempt in range(1, 30) if not exhausted(error, attempt, POLICY)]
    assert retried == list(range(1, last_retry + 1))


@pytest.mark.parametrize("error", [None, InternalError("x"), UnavailableError("x")])
def test_a_message_is_given_up_before_the_server_does(error: ReelbusError | None) -> None:
    """Else nobody would be told why: the server's own limit is for crashes alone."""
    policy = replace(POLICY, max_attempts=50)
    assert exhausted(error, policy.max_deliver - 1, policy)
