"""The document of the video editor, read from top to bottom. `docs/contracts/video-editor.md`."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.client import Operator
from tests.integration.editor import Editor, Json
from tests.media.corpus import Corpus
from tests.media.numbered import numbered
from tests.stack.harness import Stack

ORIGIN = r"\./storage/origin/clip_\d{14}(_\d+)?\.mp4"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("editor-contract")


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    return numbered(folder / "clip.mp4", 50)


@pytest.fixture(scope="module")
def video(stack: Stack, clip: Path) -> int:
    return Editor(stack).upload(clip)[0]


@pytest.fixture
def editor(stack: Stack) -> Editor:
    return Editor(stack)


def detail(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    words: str = answer.json()["detail"]
    assert isinstance(words, str)
    return words


def test_upload_of_several(editor: Editor, clip: Path, corpus: Corpus) -> None:
    answer = editor.try_upload(clip, corpus.path("vp9"))
    first, second = answer.json()
    assert first.keys() == {
        "processed_file_path", "trim_info", "concat_info", "encode_info", "original_file_path", "id",
    }  # fmt: skip
    assert isinstance(first["id"], int)
    assert re.fullmatch(ORIGIN, first["original_file_path"])
    assert first["processed_file_path"] is first["trim_info"] is first["concat_info"] is None
    served = editor.http.get(second["original_file_path"][1:])
    assert (served.content, served.headers["content-type"]) == (
        corpus.path("vp9").read_bytes(), "video/webm",
    )  # fmt: skip


@pytest.mark.parametrize("odd", ["text", "empty", "audio-only", "picture", "no-index"])
def test_one_bad_file_and_none_is_registered(
    editor: Editor, operator: Operator, clip: Path, corpus: Corpus, odd: str
) -> None:
    before = editor.records()
    stored = operator.sql("SELECT count(*) FROM ingest.assets")
    detail(editor.try_upload(clip, corpus.path(odd), names=["clip.mp4", "odd.mp4"]), 415)
    assert editor.records() == before
    assert operator.sql("SELECT count(*) FROM ingest.assets") == stored


def test_an_extension_that_is_not_supported(editor: Editor, clip: Path) -> None:
    assert "mp4" in detail(editor.try_upload(clip, names=["clip.exe"]), 415)


def test_no_file(editor: Editor) -> None:
    detail(editor.http.put("/video/upload", data={"x": "y"}, files={"other": b""}), 400)
    detail(editor.http.put("/video/upload"), 400)


@pytest.mark.parametrize("name", ["../../etc/passwd.mp4", "휴가 영상.mp4", "a\\b:c*?.mp4", "-.mp4"])
def test_hostile_and_foreign_names(editor: Editor, clip: Path, name: str) -> None:
    answer = editor.try_upload(clip, names=[name])
    assert answer.status_code == 200, answer.text
    path = answer.json()[0]["original_file_path"]
    assert re.fullmatch(r"\./storage/origin/[\w-]+_\d{14}(_\d+)?\.mp4", path)
    assert editor.http.get(path[1:]).content == clip.read_bytes()


def test_the_life_of_a_trim(editor: Editor, video: int) -> None:
    answer = editor.post("trim", video_id=video, trim_start="0", trim_end="1000")
    assert answer.json()["message"] == "Trim job added to queue"
    assert isinstance(answer.json()["job_id"], int)
    result = answer.json()["video_id"]
    assert detail(editor.http.get(f"/video/download?video_id={result}"), 404)
    editor.execute()
    link = urlsplit(editor.link(result))
    assert re.fullmatch(r"/storage/modi/clip_trim_\d{14}(_\d+)?\.mp4", link.path)
    record = editor.record(result)
    assert record["processed_file_path"] == f".{link.path}"
    assert record["original_file_path"] is record["concat_info"] is record["encode_info"] is None
    assert record["trim_info"]["trim_end"] == "1000"
    part = editor.http.get(link.path, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert editor.http.head(link.path).headers["content-length"]
    assert detail(editor.post("execute"), 400)


def test_info(editor: Editor, video: int, corpus: Corpus) -> None:
    expected = {
        "video_streams": "h264", "audio_streams": "aac", "resolution": "192:96", "frame_rate": 25,
    }  # fmt: skip
    assert editor.info(video) == expected
    assert editor.http.get(f"/video/view/info/?video_id={video}").json() == expected
    rotated, silent = editor.upload(corpus.path("rotated-90"), corpus.path("no-audio"))
    assert editor.info(rotated)["resolution"] == "120:160"
    assert editor.info(silent)["audio_streams"] is None


def test_pages(editor: Editor, clip: Path) -> None:
    ids = editor.upload(clip, clip, clip)
    everything = [record["id"] for record in editor.records()]
    assert everything == sorted(everything)
    page = editor.http.get("/video/view/all", params={"skip": 1, "limit": 2}).json()
    assert [record["id"] for record in page] == everything[2:4]
    assert set(ids) <= set(everything)
    for wrong in ({"limit": 0}, {"limit": "many"}, {"skip": -1}, {"skip": "x"}):
        detail(editor.http.get("/video/view/all", params=wrong), 400)


@pytest.mark.parametrize("video_id", ["0", "-1", "999999", "99999999999999999999999", "x", ""])
def test_ids_that_are_not_there(editor: Editor, video_id: str) -> None:
    status = 400 if video_id in ("x", "") else 404
    for path in ("/video/download", "/video/view/info"):
        detail(editor.http.get(path, params={"video_id": video_id}), status)
    bodies: dict[str, Json] = {
        "trim": {"video_id": video_id, "trim_start": "0", "trim_end": "1"},
        "concat": {"video_ids": [video_id]},
        "encoding": {"video_id": video_id},
    }
    for process, body in bodies.items():
        detail(editor.post(process, **body), status)


@pytest.mark.parametrize(
    ("start", "end"),
    [("x", "5"), ("5", "5"), ("500", "100"), ("-1", "5"), ("0:99", "5:00:00:00"), ("60000", "70000")],
)
def test_times_that_make_no_trim(editor: Editor, video: int, start: str, end: str) -> None:
    detail(editor.post("trim", video_id=video, trim_start=start, trim_end=end), 400)
    if start != "60000":  # format and order are looked at before the video
        detail(editor.post("trim", video_id=10**9, trim_start=start, trim_end=end), 400)


def test_an_end_past_the_video_is_its_end(editor: Editor, video: int) -> None:
    result = editor.trim(video, 1.0, 500.0)
    editor.execute()
    assert editor.info(result)["frame_rate"] == 25


def test_a_concat_of_what_does_not_fit(editor: Editor, video: int, corpus: Corpus, folder: Path) -> None:
    other, silent = editor.upload(corpus.path("vp9"), corpus.path("no-audio"))
    words = detail(editor.post("concat", video_ids=[video, other]), 400)
    assert "h264" in words
    assert "vp9" in words
    detail(editor.post("concat", video_ids=[video, silent]), 400)
    detail(editor.post("concat", video_ids=[]), 400)
    faster = editor.upload(numbered(folder / "fast.mp4", 50, rate="50"))[0]
    assert "50" in detail(editor.post("concat", video_ids=[video, faster]), 400)


@pytest.mark.parametrize(
    "wish",
    [
        {"video_codec": "nonsense"},
        {"video_codec": "h264_nvenc"},
        {"audio_codec": "nonsense"},
        {"resolution": "1920"},
        {"resolution": "15:16"},
        {"resolution": "641:480"},
        {"resolution": "99999:480"},
        {"frame_rate": 0},
        {"frame_rate": 121},
        {"frame_rate": "fast"},
        {"video_codec": "h264", "resolution": "192:96", "frame_rate": 25},
    ],
)
def test_encodings_that_cannot_be(editor: Editor, video: int, wish: dict[str, object]) -> None:
    detail(editor.post("encoding", video_id=video, **wish), 400)


def test_encoding_by_default(editor: Editor, video: int) -> None:
    result = editor.encode(video)
    editor.execute()
    assert editor.info(result) == {
        "video_streams": "h264",
        "audio_streams": "aac",
        "resolution": "1920:1080",
        "frame_rate": 30,
    }


def test_a_container_that_fits_is_chosen(editor: Editor, video: int) -> None:
    result = editor.encode(video, video_codec="wmv2", audio_codec="wmav2", resolution="64:64")
    editor.execute()
    assert not editor.link(result).endswith(".mp4")
    assert editor.info(result)["video_streams"] == "wmv2"


def test_a_failing_entry_fails_what_depends_on_it_alone(
    editor: Editor, operator: Operator, clip: Path, folder: Path
) -> None:
    """The source of one disappears from storage before the queue runs."""
    lost, good = editor.upload(numbered(folder / "lost.mp4", 40, first=77), clip)
    broken = editor.trim(lost, 0, 1)
    dependent = editor.encode(broken, resolution="64:64")
    fine = editor.trim(good, 0, 1)
    _remove(operator, lost)
    answer = editor.post("execute")
    words = detail(answer, 500)
    failed = {job["video_id"]: job for job in answer.json()["failed"]}
    assert failed.keys() == {broken, dependent}
    for job in failed.values():
        assert f"ob {job['job_id']} ({job['operation']}) failed: {job['error']}" in words
    gone = "The stored file is no longer there."
    assert failed[broken]["error"] == gone
    # Both are made of the lost file: the second may have met that by itself, or have been told.
    assert failed[dependent]["error"] in (gone, f"It is made of video {broken}, which could not be made.")
    assert editor.link(fine)
    detail(editor.http.get(f"/video/download?video_id={broken}"), 404)


def _remove(operator: Operator, video_id: int) -> None:
    ((key,),) = operator.sql("SELECT object->>'key' FROM jobs.videos WHERE video_id = $1", video_id)
    operator.delete_object(key)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"request_code": 5}', b"null"])
@pytest.mark.parametrize("process", ["trim", "concat", "encoding", "execute"])
def test_bodies_that_make_no_sense(editor: Editor, process: str, body: bytes) -> None:
    answer = editor.http.post(
        f"/video/process/{process}", content=body, headers={"content-type": "application/json"}
    )
    detail(answer, 400)


def test_unknown_paths_and_methods(editor: Editor) -> None:
    detail(editor.http.get("/video/nothing"), 404)
    detail(editor.http.get("/storage/modi/nothing.mp4"), 404)
    detail(editor.http.get("/storage/origin/..%2f..%2fetc"), 404)
    detail(editor.http.post("/video/upload"), 405)
