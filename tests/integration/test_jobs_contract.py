"""The jobs contract on a whole stack: VIDEO_EDIT, cancel, idempotency, the WebSocket channel."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from tests.integration.office import Colleague
from tests.media.looking import describe
from tests.stack.harness import Stack, wait_until

LOUDNESS, PEAK = re.compile(r"I:\s+(-?[0-9.]+) LUFS"), re.compile(r"Peak:\s+(-?[0-9.]+) dBFS")


@pytest.fixture(scope="module")
def ann(stack: Stack) -> Colleague:
    return Colleague(stack, "ann")


@pytest.fixture(scope="module")
def bob(stack: Stack) -> Colleague:
    return Colleague(stack, "bob")


@pytest.fixture(scope="module")
def clip(ann: Colleague, bunny: Path) -> str:
    """Path of an upload of Ann's."""
    return ann.upload(bunny)


@pytest.fixture(scope="module")
def done(ann: Colleague, clip: str) -> str:
    """A job of Ann's that is completed."""
    job_id = ann.edit(clip, target_width=540, target_height=960, target_lufs=-16.0, fit="crop")
    assert ann.ended(job_id)["status"] == "COMPLETED"
    return job_id


def test_an_edit_is_what_was_asked_for(ann: Colleague, done: str, tmp_path: Path) -> None:
    made = ann.look(done)["output_data"]
    assert (made["width"], made["height"]) == (540, 960)
    assert made["duration"] == pytest.approx(5.0, abs=0.1)
    answer = ann.http.get(made["download_url"])
    assert (answer.status_code, len(answer.content)) == (200, made["file_size"])
    part = ann.http.get(made["download_url"], headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    path = tmp_path / "output.mp4"
    path.write_bytes(answer.content)
    streams = {each["codec_type"]: each for each in describe(path)["streams"]}
    assert (streams["video"]["codec_name"], streams["audio"]["codec_name"]) == ("h264", "aac")
    assert (streams["video"]["width"], streams["video"]["height"]) == (540, 960)
    heard = subprocess.run(
        ["ffmpeg", "-nostdin", "-hide_banner", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
    assert float(LOUDNESS.findall(heard)[-1]) == pytest.approx(-16, abs=1)
    assert float(PEAK.findall(heard)[-1]) <= -1


def test_a_result_is_an_input(ann: Colleague, done: str) -> None:
    job_id = ann.edit(ann.look(done)["output_data"]["output_path"], fit="blur")
    found = ann.ended(job_id)
    assert (found["status"], found["output_data"]["width"]) == ("COMPLETED", 320)


def test_nobody_lists_or_edits_what_is_anothers(ann: Colleague, bob: Colleague, clip: str, done: str) -> None:
    assert done not in [job["job_id"] for job in bob.http.get("/jobs").json()["jobs"]]
    for path in (clip, ann.look(done)["output_data"]["output_path"]):
        refused = bob.post(path)
        assert (refused.status_code, refused.json()["details"]["field"]) == (400, "input_path")


def test_the_socket_tells_of_a_job(ann: Colleague, clip: str) -> None:
    socket = ann.socket()
    try:
        job_id = ann.edit(clip, target_width=426, target_height=240)
        ann.ended(job_id)
        wait_until(lambda: ("JOB_COMPLETED", None) in socket.of(job_id))
        socket.send("PING")
        wait_until(lambda: socket.told[-1]["type"] == "PONG")
    finally:
        socket.close()
    told = socket.of(job_id)
    assert told[-1] == ("JOB_COMPLETED", None)
    assert [kind for kind, _ in told].count("JOB_COMPLETED") == 1
    shares = [each["data"]["progress"] for each in socket.told if each["data"].get("job_id") == job_id
              and each["type"] == "JOB_UPDATE"]  # fmt: skip
    assert shares == sorted(shares)


def test_a_cancelled_job_stops(stack: Stack, ann: Colleague, clip: str) -> None:
    """No ffmpeg goes on, nothing came out, and everybody is told once."""
    socket = ann.socket()
    try:
        job_id = ann.edit(clip, target_width=3840, target_height=2160, fit="blur", target_lufs=-30.0)
        wait_until(lambda: _encoding(stack), 30)
        answer = ann.http.delete(f"/jobs/{job_id}")
        assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")
        wait_until(lambda: not _encoding(stack))
        assert ann.http.delete(f"/jobs/{job_id}").status_code == 200
        found = ann.look(job_id)
        assert (found["status"], found["output_data"]) == ("CANCELLED", None)
        wait_until(lambda: ("JOB_UPDATE", "CANCELLED") in socket.of(job_id))
    finally:
        socket.close()
    assert socket.of(job_id).count(("JOB_UPDATE", "CANCELLED")) == 1
    assert socket.of(job_id)[-1] == ("JOB_UPDATE", "CANCELLED")


def test_what_ended_is_not_cancelled(ann: Colleague, done: str) -> None:
    answer = ann.http.delete(f"/jobs/{done}")
    assert (answer.status_code, answer.json()["error"]) == (409, "Conflict")


def test_an_idempotency_key_makes_one_job(ann: Colleague, clip: str) -> None:
    key = uuid4().hex
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ann.post(clip, idempotency_key=key), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert ann.post(clip, idempotency_key=key, target_width=322).status_code == 409
    ann.ended(answers[0].json()["job_id"])


def test_lists_are_pages(ann: Colleague, done: str) -> None:
    whole = ann.http.get("/jobs?limit=100").json()
    assert done in [job["job_id"] for job in whole["jobs"]]
    page = ann.http.get("/jobs?limit=1&offset=1&status=COMPLETED").json()
    assert (page["limit"], page["offset"], len(page["jobs"])) == (1, 1, 1)
    assert page["jobs"][0]["status"] == "COMPLETED"
    assert page["total"] <= whole["total"]


def test_an_address_within_is_not_fetched(ann: Colleague) -> None:
    """Whether it is written as a number or is what a name stands for."""
    for url in ("https://127.0.0.1/x.mp4", "https://169.254.169.254/latest", "http://example.com/x.mp4"):
        refused = ann.post(url)
        assert (refused.status_code, refused.json()["details"]["field"]) == (400, "input_path")
    found = ann.ended(ann.edit("https://localhost/x.mp4"))
    assert (found["status"], found["output_data"]) == ("FAILED", None)


def _encoding(stack: Stack) -> list[psutil.Process]:
    """ffmpegs of the stack that make pictures of the size of the cancelled job."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        command = " ".join(process.info["cmdline"] or ())
        if process.info["name"] == "ffmpeg" and str(stack.data) in command and "3840" in command:
            found.append(process)
    return found
