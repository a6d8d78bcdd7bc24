"""Movies of many users at once, movies that are cancelled in each of their steps, and sources that are slow,
lie, or are gone."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from tests.integration.cinema import (
    API,
    FIFTH,
    FIRST,
    SECOND,
    THIRD,
    Director,
    Props,
    audio,
    image,
    movie,
    subtitles,
)
from tests.integration.client import Operator
from tests.integration.leftovers import OfJob
from tests.integration.warehouse import Warehouse
from tests.stack.harness import Stack, wait_until


@pytest.fixture(scope="module")
def ann(stack: Stack) -> Director:
    return Director(stack, "ann")


@pytest.fixture(scope="module")
def props(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Props:
    return Props(warehouse, tmp_path_factory.mktemp("props"))


@pytest.fixture(scope="module")
def lecture(props: Props, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Ten minutes of speech."""
    path = tmp_path_factory.mktemp("lecture") / "lecture.wav"
    command = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", str(FIRST), "-t", "600", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return props.warehouse.put(path, "audio/wav")


def test_movies_of_many_users_are_all_made(stack: Stack, props: Props) -> None:
    """Twenty of four users, some of them alike."""
    users = [Director(stack, f"user-{number}") for number in range(4)]
    speech = [props.speech(path) for path in (SECOND, FIFTH)]
    blue = props.picture("blue.png", "blue")

    def one(number: int) -> tuple[Director, str]:
        director = users[number % 4]
        scene = {"elements": [image(blue, x=number % 5 * 20, y=10), audio(speech[number % 2])]}
        return director, director.generate(
            movie(scene, elements=[subtitles(**{"font-size": 16 + number % 3})])
        )

    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(one, range(20)))
    for director, job_id in jobs:
        ended = director.ended(job_id, within=200)
        assert ended["status"] == "completed", director.get(f"jobs/{job_id}")
        assert ended["result"]["duration"] > 2
    for director in users:
        own = {job_id for owner, job_id in jobs if owner is director}
        assert {each["job_id"] for each in director.get("videos", limit=100)["videos"]} == own
        page = director.get("jobs", limit=3, offset=1, status="completed")
        assert (len(page["jobs"]), page["pagination"]["total"]) == (3, 5)


# --- cancel in each step --------------------------------------------------------------------------


def cancel(director: Director, job_id: str) -> None:
    answer = director.http.post(f"{API}/jobs/{job_id}/cancel")
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["status"] == "cancelled"


def nothing_is_left(director: Director, operator: Operator, job_id: str) -> None:
    """But results of steps that are content of their own, and remembered."""
    left = OfJob(operator, job_id)
    wait_until(lambda: set(left.all()) <= {"artifacts"}, 20)
    known = {fingerprint for (fingerprint,) in operator.sql("SELECT fingerprint FROM jobs.results")}
    assert all(any(each in key for each in known) for key in left.all().get("artifacts", []))
    assert director.get(f"jobs/{job_id}/status")["status"] == "cancelled"
    fetched = (
        "SELECT count(*) FROM jobs.results JOIN jobs.tasks USING (fingerprint)"
        " WHERE name LIKE 'fetch.%' AND job_id = $1::uuid"
    )
    assert operator.sql(fetched, job_id) == [(0,)]
    assert director.http.post(f"{API}/jobs/{job_id}/cancel").status_code in (200, 409)


def in_step(director: Director, job_id: str, words: str, within: float = 60) -> None:
    wait_until(lambda: director.get(f"jobs/{job_id}/status")["current_step"] == words, within)


def test_cancel_while_sources_come(
    ann: Director, props: Props, operator: Operator, lecture: str, warehouse: Warehouse
) -> None:
    job_id = ann.generate(movie({"elements": [audio(lecture.replace("/lecture", "/slow/lecture"))]}))
    in_step(ann, job_id, "Fetching sources")
    wait_until(lambda: warehouse.open > 0)
    cancel(ann, job_id)
    wait_until(lambda: warehouse.open == 0)
    nothing_is_left(ann, operator, job_id)


def test_cancel_while_speech_is_recognised(
    ann: Director, operator: Operator, lecture: str, props: Props
) -> None:
    job_id = ann.generate(movie({"elements": [audio(lecture)]}, elements=[subtitles()]))
    in_step(ann, job_id, "Transcribing speech")
    cancel(ann, job_id)
    nothing_is_left(ann, operator, job_id)
    short = {"elements": [audio(props.speech(THIRD))]}
    ann.made(movie(short, elements=[subtitles()]), within=60)  # the lane is free again


def test_cancel_while_it_is_rendered(ann: Director, props: Props, operator: Operator) -> None:
    elements = [image(props.picture("large.png", "red", "1920x1080"))]
    job_id = ann.generate(movie({"elements": elements, "duration": 600}, resolution="1920x1080"))
    with operator.frozen():
        in_step(ann, job_id, "Generating video with FFmpeg")
        cancel(ann, job_id)
        nothing_is_left(ann, operator, job_id)
        wait_until(lambda: not operator.encoders())


def test_cancel_before_anything_began(ann: Director, operator: Operator, lecture: str, props: Props) -> None:
    """More downloads than one owner may have at once: the last movie waits."""
    slow = lecture.replace("/lecture", "/slow/lecture")
    waiting = [ann.generate(movie({"elements": [audio(f"{slow}?{uuid4()}")]})) for _ in range(4)]
    assert ann.get(f"jobs/{waiting[-1]}/status")["status"] == "pending"
    for job_id in reversed(waiting):
        cancel(ann, job_id)
    for job_id in waiting:
        nothing_is_left(ann, operator, job_id)


# --- sources --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("gone.wav", "audio", "404"),
        ("liar.wav", "audio", ""),
        ("liar.png", "image", ""),
        ("deaf.mp4", "audio", "no sound"),
        ("first.wav", "video", "no video"),
        ("first.wav", "image", "no picture"),
        ("home", "audio", ""),
    ],
)
def test_a_source_that_is_of_no_use_is_named(
    ann: Director, props: Props, name: str, kind: str, words: str
) -> None:
    props.text("liar.wav", "I am a sound, honestly.", "audio/wav")
    props.text("liar.png", "<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png")
    props.warehouse.put(FIRST, "audio/wav", "first.wav")
    props.make("deaf.mp4", "video/mp4", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64")
    good = audio(props.speech(FIRST))
    broken = {"type": kind, "src": props.warehouse.url(name)}
    job_id = ann.generate(movie({"elements": [good]}, {"elements": [broken], "duration": 1}))
    assert ann.ended(job_id)["status"] == "failed"
    error = ann.get(f"jobs/{job_id}")["error"]
    assert error["message"].startswith("scenes[1].elements[0]"), error
    assert words in error["message"]
    assert "127." not in error["message"]


def test_a_server_that_is_away_is_asked_again_and_then_given_up(ann: Director, props: Props) -> None:
    job_id = ann.generate(movie({"elements": [audio(props.warehouse.url("away"))]}))
    assert ann.ended(job_id)["status"] == "failed"
    assert ann.get(f"jobs/{job_id}")["error"]["message"].startswith("scenes[0].elements[0].src")
    assert sum(path == "/away" for path in props.warehouse.asked) >= 2


def test_a_slow_server_is_waited_for(ann: Director, props: Props, tmp_path: Path) -> None:
    """A hundred kilobytes at twenty a second."""
    url = props.make("slow.wav", "audio/wav", "-f", "lavfi", "-i", "sine=d=1.2:r=44100")
    job_id = ann.generate(movie({"elements": [audio(url.replace("/slow.wav", "/slow/slow.wav"))]}))
    ended = ann.ended(job_id)
    assert ended["status"] == "completed", ended
    assert ended["result"]["duration"] == pytest.approx(1.2, abs=0.05)
    assert ann.steps(job_id)["audio_analysis"]["duration"] > 4
