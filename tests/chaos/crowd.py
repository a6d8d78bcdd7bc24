"""Users who upload, order, take back and download, all at once, while parts of the system are killed."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.ears import Ears
from tests.chaos.insisting import GaveUpError, Insisting
from tests.chaos.patience import Patience
from tests.chaos.plan import Order
from tests.chaos.records import ENDS, Download, Outcome
from tests.integration.office import Colleague
from tests.media.looking import describe
from tests.stack.harness import Stack

_LISTEN, _LOOK = 0.5, 10.0
"""Seconds between looks at what the socket has told, and at a job of which it told nothing."""


class Customer:
    """One user with his orders. `outcomes` grow while he works."""

    def __init__(self, stack: Stack, user_id: str, orders: Sequence[Order], clips: Sequence[Path]) -> None:
        self.insisting = Insisting()
        self.outcomes = {order.key: Outcome(order.key, user_id) for order in orders}
        self._orders = sorted(orders, key=lambda order: order.at)
        self._clips = clips
        self._colleague = Colleague(stack, user_id)
        self.ears = Ears(self._colleague, self.insisting)

    def work(self, begun: float, patience: Patience) -> None:
        """Until every job has ended and its output is here, or until the patience with them is over."""
        try:
            paths = [self._upload(clip) for clip in self._clips]
        except GaveUpError:  # nothing comes of his orders, which their outcomes show
            return
        with ThreadPoolExecutor(len(self._orders) or 1) as pool:
            following: list[Future[None]] = []
            for order in self._orders:
                _sleep_until(begun + order.at)
                if job_id := self._post(order, paths[order.clip]):
                    following.append(pool.submit(self._follow, order, job_id, patience))
        for each in following:
            each.result()

    def _upload(self, clip: Path) -> str:
        def send() -> httpx.Response:
            with clip.open("rb") as file:
                return self._colleague.http.post("/uploads", files={"file": (clip.name, file, "video/mp4")})

        answer = self.insisting.ask(send, 200)
        if answer.status_code != 200:
            raise GaveUpError
        return str(answer.json()["path"])

    def _post(self, order: Order, path: str) -> str | None:
        """The job, or `None` when it was refused or nobody answered, which its outcome shows."""

        def send() -> httpx.Response:
            return self._colleague.post(path, idempotency_key=order.key, **order.fields)

        try:
            answer = self.insisting.ask(send, 200)
        except GaveUpError:
            return None
        if answer.status_code != 200:
            return None
        job_id = str(answer.json()["job_id"])
        self.outcomes[order.key].job_ids.add(job_id)
        return job_id

    def _follow(self, order: Order, job_id: str, patience: Patience) -> None:
        outcome = self.outcomes[order.key]
        try:
            if order.cancel_after is not None:
                time.sleep(order.cancel_after)
                outcome.cancel = self._cancel(job_id)
            outcome.final = self._ended(job_id, patience)
            if outcome.status == "COMPLETED":
                outcome.download = self._download(outcome.final)
        except GaveUpError:
            return

    def _cancel(self, job_id: str) -> int:
        answer = self.insisting.ask(lambda: self._colleague.http.delete(f"/jobs/{job_id}"), 200, 409)
        return answer.status_code

    def _ended(self, job_id: str, patience: Patience) -> dict[str, Any]:
        """The job at its end, or as it is when the patience is over."""
        while True:
            answer = self.insisting.ask(lambda: self._colleague.http.get(f"/jobs/{job_id}"), 200)
            if answer.status_code != 200:
                raise GaveUpError
            found: dict[str, Any] = answer.json()
            if found["status"] in ENDS:
                patience.renew()
            if found["status"] in ENDS or patience.over:
                return found
            look = time.monotonic() + _LOOK
            while job_id not in self.ears.ends and time.monotonic() < look:
                time.sleep(_LISTEN)

    def _download(self, final: dict[str, Any]) -> Download | None:
        answer = self.insisting.ask(
            lambda: self._colleague.http.get(final["output_data"]["download_url"]), 200
        )
        if answer.status_code != 200:
            return None
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            file.write(answer.content)
            file.flush()
            probed = describe(Path(file.name))
        streams: list[dict[str, Any]] = probed.get("streams", [])
        video = next((each for each in streams if each["codec_type"] == "video"), {})
        return Download(
            size=len(answer.content),
            sha256=hashlib.sha256(answer.content).hexdigest(),
            width=video.get("width", 0),
            height=video.get("height", 0),
            duration=float(probed.get("format", {}).get("duration", 0)),
        )


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
