"""Many users of the editor at once, and parts that die meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.client import Operator
from tests.integration.editor import Editor
from tests.media.numbered import numbered, numbers
from tests.stack.harness import Stack, wait_until


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered(tmp_path_factory.mktemp("load") / "clip.mp4", 75)


def test_fifty_uploads_at_once(stack: Stack, clip: Path) -> None:
    """All get numbers and paths of their own, though their names are the same."""

    def upload(_: int) -> dict[str, object]:
        answer = Editor(stack).try_upload(clip)
        assert answer.status_code == 200, answer.text
        record: dict[str, object] = answer.json()[0]
        return record

    with ThreadPoolExecutor(50) as pool:
        records = list(pool.map(upload, range(50)))
    assert len({record["id"] for record in records}) == 50
    assert len({record["original_file_path"] for record in records}) == 50


def test_twenty_executes_of_different_codes(stack: Stack, clip: Path, tmp_path: Path) -> None:
    video = Editor(stack).upload(clip)[0]

    def run(number: int) -> list[int]:
        editor = Editor(stack)
        result = editor.trim(video, number / 25, number / 25 + 1)
        editor.execute()
        folder = tmp_path / str(number)
        folder.mkdir()
        return numbers(editor.fetch(result, folder))

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(run, range(20)))
    assert found == [list(range(number, number + 25)) for number in range(20)]


def test_two_executes_of_one_code(stack: Stack, clip: Path) -> None:
    """One makes the queue, the other finds nothing to do."""
    editor = Editor(stack)
    video = editor.upload(clip)[0]
    results = [editor.trim(video, start / 10, 2) for start in range(5)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: editor.post("execute"), range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert all(editor.link(result) for result in results)


def test_a_worker_is_killed_in_mid_execute(
    stack: Stack, operator: Operator, clip: Path, tmp_path: Path
) -> None:
    editor = Editor(stack)
    video = editor.upload(clip)[0]
    trimmed = editor.trim(video, 1, 2)
    encoded = editor.encode(video, video_codec="libx264", resolution="640:360", frame_rate=25)
    with ThreadPoolExecutor(1) as pool:
        executing = pool.submit(editor.post, "execute")
        with operator.frozen() as encoding:
            name, orphans = encoding.popitem()
            operator.restart(name)
        answer = executing.result(90)
    assert answer.status_code == 200, answer.text
    assert not any(orphan.is_running() for orphan in orphans)
    assert numbers(editor.fetch(trimmed, tmp_path)) == list(range(25, 50))
    assert editor.info(encoded)["resolution"] == "640:360"
    wait_until(lambda: not operator.scratch_files())


def test_the_answer_comes_at_once_when_asked(stack: Stack, clip: Path) -> None:
    editor = Editor(stack)
    result = editor.trim(editor.upload(clip)[0], 0.1, 0.9)
    answer = editor.http.post(
        "/video/process/execute",
        json={"request_code": editor.code},
        headers={"Prefer": "respond-async"},
    )
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "respond-async"
    state = answer.json()["links"]["execution"]

    def completed() -> bool:
        found = editor.http.get(state).json()
        assert found["state"] in ("pending", "processing", "completed"), found
        return bool(found["state"] == "completed")

    wait_until(completed, 30)
    assert editor.link(result) == editor.http.get(state).json()["jobs"][0]["download_link"]


def test_a_repeated_queue_is_answered_from_known_results(
    stack: Stack, operator: Operator, clip: Path
) -> None:
    """No worker is asked again."""
    first, second = Editor(stack), Editor(stack)
    video = first.upload(clip)[0]
    for editor in (first, second):
        result = editor.encode(editor.trim(video, 0.2, 1.5), resolution="64:64", frame_rate=10)
        editor.execute()
        assert editor.info(result)["resolution"] == "64:64"
    rows = operator.sql(
        "SELECT count(*) FROM jobs.tasks t JOIN jobs.edits e USING (job_id)"
        " WHERE e.request_code = $1 AND t.released_at IS NOT NULL",
        second.code,
    )
    assert rows == [(0,)]
