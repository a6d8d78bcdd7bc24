"""A user's WebSocket, opened again whenever it breaks."""

from __future__ import annotations

import threading
import time
from typing import Any

from websockets.exceptions import WebSocketException

from tests.chaos.insisting import Insisting
from tests.chaos.records import Hearing, Told
from tests.integration.office import Colleague, Listening

_PAUSE, _LOOK = 0.5, 0.2
_REFUSED = (4401, 4403)
_STATUS = {"JOB_COMPLETED": "COMPLETED", "JOB_ERROR": "FAILED"}


class Ears:
    """Listens from `start` to `stop`; `hearings` has one entry for each connection."""

    def __init__(self, colleague: Colleague, insisting: Insisting) -> None:
        self.hearings: list[Hearing] = []
        self._colleague = colleague
        self._insisting = insisting
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._open: Listening | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def ended(self) -> set[str]:
        """Jobs whose ends were told, on whichever connection."""
        past = [told for hearing in list(self.hearings) for told in hearing.told]
        socket = self._open
        now = heard(socket) if socket is not None else []
        return {told.job_id for told in (*past, *now) if told.progress is None}

    def _listen(self) -> None:
        while not self._done.is_set():
            opened = time.time()
            try:
                self._open = self._colleague.socket()
            except (WebSocketException, OSError, EOFError) as error:
                self._insisting.note(f"socket {type(error).__name__}")
                self._done.wait(_PAUSE)
                continue
            while not self._done.is_set() and not self._open.wait_closed(_LOOK):
                pass
            self._close(self._open, opened)

    def _close(self, socket: Listening, opened: float) -> None:
        closed = time.time() if socket.wait_closed(0) else None
        socket.close()
        hearing = Hearing(self._colleague.user_id, opened, heard(socket), closed, socket.code)
        self.hearings.append(hearing)
        self._open = None
        if socket.code in _REFUSED:
            self._insisting.breach(f"the socket of {hearing.user} was refused: {socket.code}")


def heard(socket: Listening) -> list[Told]:
    """What a socket told of jobs so far."""
    return [_told(each) for each in list(socket.told) if "job_id" in each["data"]]


def _told(message: dict[str, Any]) -> Told:
    """An end has no progress, whatever is written beside it."""
    data = message["data"]
    status = _STATUS.get(message["type"]) or str(data["status"])
    return Told(data["job_id"], status, data["progress"] if status in ("PENDING", "PROCESSING") else None)
