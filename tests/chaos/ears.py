"""A user's WebSocket, opened again whenever it breaks."""

from __future__ import annotations

import time
from typing import Any

from websockets.exceptions import WebSocketException

from tests.chaos.beside import Beside
from tests.chaos.insisting import Insisting
from tests.chaos.records import ENDS, Hearing, Told
from tests.integration.office import Colleague, Listening

_PAUSE, _LOOK = 0.5, 0.2
_REFUSED = (4401, 4403)
_STATUS = {"JOB_COMPLETED": "COMPLETED", "JOB_ERROR": "FAILED"}


class Ears(Beside):
    """Listens while the block runs. `hearings` has one entry for each connection that is over, `ends` the
    jobs whose ends were told on whichever."""

    def __init__(self, colleague: Colleague, insisting: Insisting) -> None:
        super().__init__()
        self.hearings: list[Hearing] = []
        self.ends: set[str] = set()
        self._colleague = colleague
        self._insisting = insisting

    def _work(self) -> None:
        while not self._done.is_set():
            opened = time.time()
            try:
                socket = self._colleague.socket()
            except (WebSocketException, OSError, EOFError) as error:
                self._insisting.note(f"socket {type(error).__name__}")
                self._done.wait(_PAUSE)
                continue
            while not self._done.is_set() and not socket.wait_closed(_LOOK):
                self._note_ends(socket)
            self._close(socket, opened)

    def _note_ends(self, socket: Listening) -> None:
        self.ends |= {told.job_id for told in heard(socket) if told.status in ENDS}

    def _close(self, socket: Listening, opened: float) -> None:
        closed = time.time() if socket.wait_closed(0) else None
        socket.close()
        self._note_ends(socket)
        hearing = Hearing(self._colleague.user_id, opened, heard(socket), closed, socket.code)
        self.hearings.append(hearing)
        if socket.code in _REFUSED:
            self._insisting.breach(f"the socket of {hearing.user} was refused: {socket.code}")


def heard(socket: Listening) -> list[Told]:
    """What a socket told of jobs so far."""
    return [_told(each) for each in list(socket.told) if "job_id" in each["data"]]


def _told(message: dict[str, Any]) -> Told:
    """Of an end nobody asks how far it is, whatever is written beside it."""
    data = message["data"]
    status = _STATUS.get(message["type"]) or str(data["status"])
    return Told(data["job_id"], status, None if status in ENDS else data["progress"])
