"""A job is cancelled at every stage of its life: it stops, everybody is told once, and nothing is left.

The transcode replicas of the stack are kept busy by encoders that are frozen, so that what is to be rendered
waits, or goes to a worker beside the stack whose storage holds what it is asked until it is released.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.holding import Holding, Matches, beginning, completing, storing, storing_a_part
from tests.integration.beside import beside
from tests.integration.cancelling import Job
from tests.integration.client import Operator, unique_copy
from tests.integration.conftest import IMPATIENT
from tests.integration.leftovers import OfJob
from tests.integration.office import Colleague
from tests.stack.harness import Stack, wait_until

SLOW: dict[str, Any] = {"target_height": 1080, "fit": "blur", "target_duration": 60}
LARGE: dict[str, Any] = {"target_width": 1280, "target_height": 720}
WORKER = "transcode-extra-held.log"
_WIDTHS = itertools.count(320, 2)


@pytest.fixture(scope="module")
def ann(stack: Stack) -> Colleague:
    return Colleague(stack, "ann")


@pytest.fixture(scope="module")
def clip(ann: Colleague, small_bunny: Path) -> str:
    return ann.upload(small_bunny)


@pytest.fixture(scope="module")
def long(ann: Colleague, small_bunny: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A minute, which takes a while to look at and to encode."""
    return ann.upload(unique_copy(small_bunny, tmp_path_factory.mktemp("cancel"), loops=11))


@pytest.fixture(scope="module")
def noise(ann: Colleague, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What becomes large enough to be uploaded in parts."""
    path = tmp_path_factory.mktemp("cancel") / "noise.mp4"
    picture = "testsrc2=s=1280x720:r=25,noise=alls=100:allf=t"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", picture, "-t", "1", "-preset", "ultrafast",
         "-qp", "24", "-pix_fmt", "yuv420p", str(path)],
        check=True, timeout=60,
    )  # fmt: skip
    return ann.upload(path)


@pytest.fixture
def job(stack: Stack, ann: Colleague, operator: Operator) -> Iterator[Any]:
    """Begins a job, of a size of its own so that nothing of it is known."""
    socket = ann.socket()
    begun: list[str] = []

    def begin(input_path: str, **changes: Any) -> Job:
        job_id = ann.edit(input_path, **{"target_width": next(_WIDTHS), **changes})
        begun.append(job_id)
        return Job(ann, job_id, socket, OfJob(operator, job_id), stack.data / "logs" / WORKER)

    yield begin
    socket.close()
    for job_id in begun:  # one that a failed test left would be held in the next
        ann.http.delete(f"/jobs/{job_id}")


@pytest.fixture(scope="module")
def busy(stack: Stack, operator: Operator, long: str, ann: Colleague) -> Iterator[None]:
    """Every transcode replica has an encoder that does not move."""
    blocking = [ann.edit(long, target_width=width, **SLOW) for width in (1920, 1918)]
    frozen: list[psutil.Process] = []
    try:
        wait_until(lambda: len(operator.encoders()) == 2, 60)
        for encoding in operator.encoders().values():
            for process in encoding:
                process.suspend()
                frozen.append(process)
        yield
    finally:
        for process in frozen:
            process.resume()
        for job_id in blocking:
            ann.http.delete(f"/jobs/{job_id}")
        wait_until(lambda: not operator.encoders(), 20)


@pytest.fixture(scope="module")
def storage(stack: Stack, operator: Operator, busy: None) -> Iterator[Holding]:
    """Of a worker that renders whatever there is to render."""
    holding = Holding(operator.connection.s3_endpoint)
    with beside(stack, "transcode", "held", IMPATIENT, s3_endpoint=holding.url) as worker:
        wait_until(worker.ready, 30)
        yield holding
    holding.close()


def test_looking(operator: Operator, job: Any, long: str) -> None:
    begun = job(long, selection="highlight")
    with operator.frozen("analyze"):
        assert "processes" in begun.left.all()
        begun.cancel()
        begun.is_over()


def test_encoding(operator: Operator, job: Any, long: str) -> None:
    begun = job(long, target_width=1916, **SLOW)
    with operator.frozen():
        begun.cancel()
        begun.is_over()


@pytest.mark.usefixtures("busy")
def test_queued(ann: Colleague, job: Any, clip: str) -> None:
    begun = job(clip)
    assert begun.ann.look(begun.job_id)["status"] == "PENDING"
    begun.cancel()
    begun.is_over()


def reading(method: str, path: str) -> bool:
    """By a tool, to which the URL was given."""
    return method == "GET" and path.startswith("/media/uploads/") and "X-Amz-Signature" in path


def staging(method: str, path: str) -> bool:
    return method == "GET" and path.startswith("/media/uploads/") and "X-Amz-Signature" not in path


@pytest.mark.parametrize("matches", [reading, staging])
def test_fetching(storage: Holding, job: Any, clip: str, matches: Matches) -> None:
    """Whoever reads the source is stopped, whether the source comes or not."""
    with storage.holding(matches) as hold:
        begun = job(clip)
        reader = hold.wait()
        begun.cancel()
        begun.is_over()
        if matches is reading:
            wait_until(lambda: not psutil.pid_exists(reader))
    assert begun.left.all() == {}


@pytest.mark.parametrize("matches", [storing, beginning, storing_a_part, completing])
def test_uploading(storage: Holding, job: Any, clip: str, noise: str, matches: Matches) -> None:
    """What storage is asked arrives after the worker was told to stop."""
    with storage.holding(matches) as hold:
        begun = job(clip) if matches is storing else job(noise, **LARGE)
        hold.wait()
        begun.cancel()
        begun.is_stopping()
    begun.is_over()


@pytest.mark.parametrize("matches", [storing, completing])
def test_finishing(storage: Holding, job: Any, clip: str, noise: str, matches: Matches) -> None:
    """The artifact is there, and its worker does not know yet."""
    with storage.holding(matches, answer=True) as hold:
        begun = job(clip) if matches is storing else job(noise, **LARGE)
        hold.wait()
        assert begun.left.all()["artifacts"]
        begun.cancel()
        begun.is_stopping()
    begun.is_over()
