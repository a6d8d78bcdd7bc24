"""Users of other families, who do one thing after another as long as the crowd works and clear away what they
made: Motion Photos, movies with captions, uploads that take their time."""

from __future__ import annotations

import io
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx

from libs.media.motionphoto import read
from tests.chaos.beside import Beside
from tests.chaos.insisting import GaveUpError, Insisting
from tests.chaos.records import Errand
from tests.integration.cinema import API, ENDS, FIRST, Director, audio, movie, subtitles
from tests.integration.motion import Studio
from tests.integration.office import Colleague
from tests.integration.warehouse import Warehouse
from tests.stack.harness import Stack

_PAUSE, _LOOK = 1.0, 0.5
_MOVIE_WITHIN = 300.0
_STEPS, _STEP = 40, 0.25
"""Of an upload that takes ten seconds."""


class ProblemError(Exception):
    """An errand did not come to its proper end."""


class Errands(Beside):
    """`done` are all that were begun."""

    kind: str

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Errand] = []
        self.insisting = Insisting(_is_object)

    def _work(self) -> None:
        while not self._done.is_set():
            try:
                self._once()
            except GaveUpError:
                self.done.append(Errand(self.kind, "nobody answered"))
            except ProblemError as problem:
                self.done.append(Errand(self.kind, str(problem)))
            else:
                self.done.append(Errand(self.kind))
            self._done.wait(_PAUSE)

    def _once(self) -> None:
        raise NotImplementedError

    def _ask(self, call: Any, status: int = 200) -> httpx.Response:
        answer = self.insisting.ask(call, status)
        if answer.status_code != status:
            raise ProblemError(f"{answer.request.url.path}: {answer.status_code} {answer.text[:200]}")
        return answer


class Photographs(Errands):
    """A session with a preview, a Motion Photo and a thumbnail."""

    kind = "session"

    def __init__(self, stack: Stack, clip: Path) -> None:
        super().__init__()
        self._studio = Studio(stack)
        self._clip = clip

    def _once(self) -> None:
        prepared = self._ask(lambda: self._studio.try_prepare(self._clip)).json()
        session = prepared["session_id"]
        self._ask(lambda: self._studio.preview(prepared))
        photo = self._ask(lambda: self._studio.try_convert(session, 0.0, 1.5, 0.5)).content
        if not read(photo).video_size:
            raise ProblemError("a photo without a video")
        self._ask(lambda: self._studio.try_thumbnail(session, 1.0))
        self._ask(lambda: self._studio.try_cleanup(session))


class Movies(Errands):
    """A scene in which somebody speaks, and captions; each time other bytes, so that nothing is known yet."""

    kind = "movie"

    def __init__(self, stack: Stack, warehouse: Warehouse, folder: Path) -> None:
        super().__init__()
        self._director = Director(stack, "director")
        self._warehouse = warehouse
        self._folder = folder
        self._number = 0

    def _once(self) -> None:
        self._number += 1
        wanted = movie({"elements": [audio(self._speech())]}, elements=[subtitles()])
        job_id = self._ask(lambda: self._director.post(wanted), 202).json()["data"]["job_id"]
        ended = self._ended(job_id)
        if ended["status"] != "completed":
            raise ProblemError(f"{ended}"[:300])
        video = f"{API}/videos/{ended['result']['video_id']}"
        http = self._director.http
        if not self._ask(lambda: http.get(f"{video}/subtitles.srt")).content:
            raise ProblemError("nothing was said")
        self._ask(lambda: http.get(f"{video}/download"))
        self._ask(lambda: http.delete(video))

    def _ended(self, job_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + _MOVIE_WITHIN
        path = f"{API}/jobs/{job_id}/status"
        while True:
            found: dict[str, Any] = self._ask(lambda: self._director.http.get(path)).json()["data"]
            if found["status"] in ENDS or time.monotonic() > deadline:
                return found
            time.sleep(_LOOK)

    def _speech(self) -> str:
        path = self._folder / f"speech-{self._number}.wav"
        loudness = f"volume={1 - self._number / 1000}"
        subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(FIRST), "-af", loudness, str(path)],
            check=True, timeout=60,
        )  # fmt: skip
        return self._warehouse.put(path, "audio/wav")


class Uploads(Errands):
    """Files that come slowly, each under way for some ten seconds."""

    kind = "slow upload"

    def __init__(self, stack: Stack, clip: Path) -> None:
        super().__init__()
        self._colleague = Colleague(stack, "carrier")
        self._content = clip.read_bytes()

    def _once(self) -> None:
        def send() -> httpx.Response:
            return self._colleague.http.post(
                "/uploads", files={"file": ("slow.mp4", _Slow(self._content), "video/mp4")}
            )

        self._ask(send)


class _Slow(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        time.sleep(_STEP)
        share = len(self.getvalue()) // _STEPS + 1
        return super().read(share if size is None or size < 0 else min(size, share))


def _is_object(answer: httpx.Response) -> bool:
    try:
        return isinstance(answer.json(), dict)
    except ValueError:
        return False
