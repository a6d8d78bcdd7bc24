"""`python -I -m libs.media.cut REQUEST`: cut as the JSON file REQUEST says and answer on stdout.

A named error is an answer (with exit status 1). Everything else that goes wrong is a traceback on stderr,
which `libs.media.reasons` makes sense of.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import msgspec

from libs.contracts.errors import ReelbusError
from libs.media.cut.engine import execute
from libs.media.cut.request import CutRequest
from libs.media.cut.wire import Done, Line, Progressed, encode, failed

SELDOM = 0.25
"""Seconds between two reports of progress."""


def main(path: str) -> int:
    request = msgspec.json.decode(Path(path).read_bytes(), type=CutRequest)
    with own_stdout() as out:

        def say(line: Line) -> None:
            out.write(encode(line))
            out.flush()

        try:
            outcome = execute(request, reporter(say))
        except ReelbusError as error:
            say(failed(error))
            return 1
        say(Done(outcome=outcome))
    return 0


def own_stdout() -> BinaryIO:
    """The real stdout; what a codec prints to stdout goes to stderr from now on."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def reporter(say: Callable[[Line], None]) -> Callable[[float], None]:
    """Says progress that grew, at most four times a second."""
    last, best = 0.0, 0.0

    def report(done: float) -> None:
        nonlocal last, best
        if done > best and monotonic() - last >= SELDOM:
            last, best = monotonic(), done
            say(Progressed(done=min(done, 1.0)))

    return report


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
