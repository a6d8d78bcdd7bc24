"""What differs between the channels of the contract families; their modules here are such families."""

from __future__ import annotations

from typing import Any, Protocol

from libs.contracts.jobs import Job

Body = dict[str, Any]
"""A message, as its contract words it."""


class Family(Protocol):
    """`FAMILY` is its name. With `SHOWS_RESULTS` the end of a job tells what came out of it."""

    FAMILY: str
    SHOWS_RESULTS: bool

    def status_update(self, job: Job, base_url: str) -> Body:
        """The state of a job; links begin with `base_url`."""

    def ping(self) -> Body | None:
        """What is sent from time to time, if anything is."""

    def answer(self, said: str | bytes) -> Body | None:
        """The answer to what a client said, if there is one."""
