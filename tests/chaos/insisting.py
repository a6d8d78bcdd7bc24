"""A client that does not give up soon: what fails for now is asked again, what the contract does not know is
noted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus

import httpx

PATIENCE = 120.0
"""Seconds after which an answer is not waited for any longer."""
_PAUSE, _LONGEST = 1.0, 5.0


class GaveUpError(Exception):
    """No answer of any use came within the patience of a client."""


class Insisting:
    """`trouble` counts what was asked again for, by status or kind of error; `is_envelope` says whether an
    error is one of the family."""

    def __init__(self, is_envelope: Callable[[httpx.Response], bool] | None = None) -> None:
        self._enveloped = is_envelope or enveloped
        self.trouble: Counter[str] = Counter()
        self.breaches: list[str] = []
        self._lock = threading.Lock()

    def ask(self, call: Callable[[], httpx.Response], *fine: int) -> httpx.Response:
        """The answer with one of the statuses `fine`, or a 4xx, which is noted. Raises `GaveUpError`."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = call()
            except httpx.TransportError as error:
                self.note(type(error).__name__)
                time.sleep(_PAUSE)
                continue
            if answer.status_code in fine and (answer.is_success or self._enveloped(answer)):
                return answer
            if not self._enveloped(answer):
                self._breach(answer, "is no envelope of the family")
            if answer.status_code < 500:
                self._breach(answer, "was not to be expected")
                return answer
            self.note(str(answer.status_code))
            time.sleep(_asked_pause(answer))
        raise GaveUpError

    def note(self, trouble: str) -> None:
        with self._lock:
            self.trouble[trouble] += 1

    def breach(self, what: str) -> None:
        with self._lock:
            self.breaches.append(what)

    def _breach(self, answer: httpx.Response, problem: str) -> None:
        request = answer.request
        self.breach(
            f"{request.method} {request.url.path}: {answer.status_code} {answer.text[:200]} {problem}"
        )


def enveloped(answer: httpx.Response) -> bool:
    """Whether an error is one of the jobs contract."""
    try:
        body = answer.json()
    except ValueError:
        return False
    if not isinstance(body, dict) or not isinstance(body.get("message"), str):
        return False
    return bool(body.get("error") == HTTPStatus(answer.status_code).phrase)


def _asked_pause(answer: httpx.Response) -> float:
    try:
        asked = float(answer.headers.get("Retry-After", _PAUSE))
    except ValueError:
        return _PAUSE
    return min(max(asked, 0.1), _LONGEST)
