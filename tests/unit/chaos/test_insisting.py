"""What a client asks again for, and what it notes."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.chaos import insisting
from tests.chaos.insisting import GaveUpError, Insisting

AWAY = {"error": "Service Unavailable", "message": "Try again."}
REQUEST = httpx.Request("POST", "http://reelbus/jobs")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept, in no time."""
    slept: list[float] = []
    monkeypatch.setattr("tests.chaos.insisting.time.sleep", slept.append)
    return slept


def answers(*each: httpx.Response | httpx.TransportError) -> Callable[[], httpx.Response]:
    left = list(each)

    def call() -> httpx.Response:
        found = left.pop(0)
        if isinstance(found, httpx.TransportError):
            raise found
        found.request = REQUEST
        return found

    return call


def test_troubles_are_counted_and_asked_again(pauses: list[float]) -> None:
    client = Insisting()
    away = httpx.Response(503, json=AWAY, headers={"Retry-After": "3"})
    found = client.ask(answers(away, httpx.ReadError("gone"), httpx.Response(200)), 200)
    assert found.status_code == 200
    assert client.trouble == {"503": 1, "ReadError": 1}
    assert pauses == [3.0, 1.0]
    assert client.breaches == []


def test_a_server_does_not_say_how_long_for_ever(pauses: list[float]) -> None:
    away = httpx.Response(503, json=AWAY, headers={"Retry-After": "3600"})
    Insisting().ask(answers(away, httpx.Response(200)), 200)
    assert pauses == [5.0]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json={"error": "Bad Request", "message": "…"}),
        httpx.Response(409, json={"error": "Conflict", "message": "…"}),
        httpx.Response(404, json={"detail": "…"}),
    ],
)
def test_a_4xx_is_a_breach(answer: httpx.Response, pauses: list[float]) -> None:
    client = Insisting()
    assert client.ask(answers(answer), 200) is answer
    assert client.breaches
    assert not pauses


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(503, json={"detail": "The service is starting."}),
        httpx.Response(502, text="<html>"),
        httpx.Response(503, json={"error": "Bad Gateway", "message": "…"}),
        httpx.Response(503, json=["error", "message"]),
    ],
)
def test_an_error_of_no_family_is_a_breach(answer: httpx.Response, pauses: list[float]) -> None:
    client = Insisting()
    client.ask(answers(answer, httpx.Response(200)), 200)
    assert len(client.breaches) == 1
    assert client.trouble == {str(answer.status_code): 1}


def test_a_conflict_that_was_to_be_expected_is_an_answer() -> None:
    client = Insisting()
    conflict = httpx.Response(409, json={"error": "Conflict", "message": "It has ended."})
    assert client.ask(answers(conflict), 200, 409) is conflict
    assert client.breaches == []


def test_patience_ends(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    monkeypatch.setattr(insisting, "PATIENCE", -1.0)
    with pytest.raises(GaveUpError):
        Insisting().ask(answers(), 200)
