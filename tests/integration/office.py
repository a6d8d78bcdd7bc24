"""Users of the jobs contract."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.integration.api_keys import api_key
from tests.stack.harness import NO_TLS, Stack, wait_until

Json = dict[str, Any]
ENDS = ("COMPLETED", "FAILED", "CANCELLED")
EDIT: Json = {"target_duration": 5.0, "target_width": 320, "target_height": 180}


class Colleague:
    """`user_id` with an API key of his own."""

    def __init__(self, stack: Stack, user_id: str) -> None:
        self.user_id = user_id
        self.url = stack.url
        self.key = api_key(stack, user_id, "read", "write")
        self.http = httpx.Client(
            base_url=self.url, timeout=60, headers={"X-API-Key": self.key}, verify=NO_TLS
        )

    def upload(self, path: Path) -> str:
        with path.open("rb") as file:
            answer = self.http.post("/uploads", files={"file": (path.name, file, "video/mp4")})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["path"])

    def post(self, input_path: str, *, idempotency_key: str | None = None, **changes: Any) -> httpx.Response:
        body = {"job_type": "VIDEO_EDIT", "input_data": {"input_path": input_path, **EDIT, **changes}}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self.http.post("/jobs", json=body, headers=headers)

    def edit(self, input_path: str, **changes: Any) -> str:
        answer = self.post(input_path, **changes)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["job_id"])

    def look(self, job_id: str) -> Json:
        answer = self.http.get(f"/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def ended(self, job_id: str, within: float = 60) -> Json:
        wait_until(lambda: self.look(job_id)["status"] in ENDS, within)
        return self.look(job_id)

    def socket(self, user_id: str | None = None, **headers: str) -> Listening:
        shown = headers or {"X-API-Key": self.key}
        return Listening(f"{self.url.replace('http', 'ws', 1)}/ws/{user_id or self.user_id}", shown)


class Listening:
    """A socket of the jobs channel, with everything that it was told and the code that it was closed with."""

    def __init__(self, url: str, headers: dict[str, str], *offered: str) -> None:
        protocols = [Subprotocol(each) for each in offered] or None
        self.told: list[Json] = []
        self.code: int | None = None
        self._connection = connect(url, additional_headers=headers, subprotocols=protocols, legacy=True)
        self.subprotocol = self._connection.subprotocol
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for text in self._connection:
                self.told.append(json.loads(text))
        except ConnectionClosed as closed:
            self.code = closed.rcvd.code if closed.rcvd else None
        else:
            self.code = self._connection.close_code

    def send(self, kind: str) -> None:
        self._connection.send(json.dumps({"type": kind, "data": {}}))

    def of(self, job_id: str) -> list[tuple[str, str | None]]:
        """Types and statuses of what was told of a job."""
        return [
            (each["type"], each["data"].get("status"))
            for each in list(self.told)
            if each["data"].get("job_id") == job_id
        ]

    def wait_closed(self, within: float) -> bool:
        """Whether the socket is closed, from whichever side, after so many seconds at most."""
        self._thread.join(within)
        return not self._thread.is_alive()

    def close(self) -> None:
        self._connection.close()
        self._thread.join(10)
