"""Looking at videos: records, info, links, files."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from libs.contracts.editor import FIND_VIDEO, LIST_VIDEOS, VideoList
from libs.contracts.errors import UnavailableError
from tests.unit.edge.backend import Backend, edge, video
from tests.unit.samples import info
from tests.unit.samples import video as stream

Client = TestClient[Litestar]
UPLOADED = "/storage/origin/video_20240910161824.mkv"
MADE = "/storage/modi/video_trim_20240910161824.mkv"
TRIM = {"video_id": 13, "trim_start": "0", "trim_end": "5000"}


@pytest.fixture(autouse=True)
def videos(backend: Backend) -> None:
    backend.add(
        video(13, path=UPLOADED),
        video(14, path=MADE, operation="trim", request=TRIM),
    )


# --- view/all -------------------------------------------------------------------------------------


def test_records_are_as_documented(client: Client, backend: Backend) -> None:
    backend.add(video(15, operation="concat", request={"video_ids": [13, 14]}))
    backend.add(video(16, operation="encode", request={"video_id": 13}))
    answer = client.get("/video/view/all?skip=0&limit=100")
    assert answer.status_code == 200
    empty = {"processed_file_path": None, "trim_info": None, "concat_info": None, "encode_info": None}
    assert answer.json() == [
        {**empty, "original_file_path": "./storage/origin/video_20240910161824.mkv", "id": 13},
        {
            **empty,
            "processed_file_path": "./storage/modi/video_trim_20240910161824.mkv",
            "trim_info": TRIM,
            "original_file_path": None,
            "id": 14,
        },
        {
            **empty,
            "processed_file_path": "./storage/modi/clip15.mp4",
            "concat_info": {"video_ids": [13, 14]},
            "original_file_path": None,
            "id": 15,
        },
        {
            **empty,
            "processed_file_path": "./storage/modi/clip16.mp4",
            "encode_info": {"video_id": 13},
            "original_file_path": None,
            "id": 16,
        },
    ]
    assert list(answer.json()[0]) == [*empty, "original_file_path", "id"]


def test_skip_is_a_page_number(client: Client, backend: Backend) -> None:
    backend.add(*(video(number) for number in range(15, 38)))

    def ids(query: str) -> list[int]:
        return [each["id"] for each in client.get(f"/video/view/all{query}").json()]

    assert ids("") == list(range(13, 38))
    assert ids("?limit=10") == list(range(13, 23))
    assert ids("?skip=1&limit=10") == list(range(23, 33))
    assert ids("?skip=2&limit=10") == list(range(33, 38))
    assert ids("?skip=3&limit=10") == ids(f"?skip={10**18}") == ids(f"?skip={10**30}") == []
    assert ids("?skip=0&limit=1000000000000000000000") == list(range(13, 38))
    assert {each.limit for each in backend.asked(LIST_VIDEOS)} <= set(range(1, 1001))


def test_a_message_that_holds_fewer_is_no_end(client: Client, backend: Backend) -> None:
    backend.add(*(video(number) for number in range(15, 38)))
    whole = backend.answers[LIST_VIDEOS.subject]
    backend.answers[LIST_VIDEOS.subject] = lambda request: VideoList(videos=whole(request).videos[:4])
    found = client.get("/video/view/all?skip=1&limit=10").json()
    assert [each["id"] for each in found] == list(range(23, 33))
    assert len(client.get("/video/view/all").json()) == 25


@pytest.mark.parametrize(
    "query", ["skip=-1", "limit=0", "limit=-1", "skip=x", "limit=1.5", "limit=", "skip=1e3"]
)
def test_pages_that_make_no_sense(client: Client, query: str) -> None:
    answer = client.get(f"/video/view/all?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["detail"]


# --- view/info ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/video/view/info", "/video/view/info/"])
def test_info_with_and_without_a_slash(client: Client, path: str) -> None:
    answer = client.get(f"{path}?video_id=13")
    assert (answer.status_code, answer.json()) == (
        200,
        {"video_streams": "h264", "audio_streams": "aac", "resolution": "320:240", "frame_rate": 25},
    )


@pytest.mark.parametrize(
    ("rate", "shown"), [("30000/1001", 30), ("24000/1001", 24), ("25/1", 25), ("0/1", 0)]
)
def test_info_of_odd_videos(client: Client, backend: Backend, rate: str, shown: int) -> None:
    turned = stream(codec="hevc", display_width=240, display_height=320, rotation=90, frame_rate=rate)
    backend.add(video(15, info=info(video=turned, audio=[])))
    assert client.get("/video/view/info?video_id=15").json() == {
        "video_streams": "hevc",
        "audio_streams": None,
        "resolution": "240:320",
        "frame_rate": shown,
    }


def test_info_that_cannot_be_had(client: Client, backend: Backend) -> None:
    backend.add(video(15, info=None))
    answer = client.get("/video/view/info?video_id=15")
    assert (answer.status_code, set(answer.json())) == (500, {"detail"})


@pytest.mark.parametrize("path", ["/video/view/info", "/video/view/info/", "/video/download"])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?video_id=", 400),
        ("?video_id=x", 400),
        ("?video_id=1.5", 400),
        ("?video_id=%D9%A1", 400),
        ("?video_id=13&video_id=x", 400),
        ("?video_id=99", 404),
        ("?video_id=0", 404),
        ("?video_id=-13", 404),
        (f"?video_id={1 << 63}", 404),
        (f"?video_id={'9' * 300}", 404),
    ],
)
def test_ids_that_lead_nowhere(client: Client, path: str, query: str, status: int) -> None:
    answer = client.get(path + query)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"detail"}


# --- download -------------------------------------------------------------------------------------


def test_a_download_is_a_list_of_one_link(client: Client) -> None:
    answer = client.get("/video/download?video_id=14")
    link = "http://media.test:8000/storage/modi/video_trim_20240910161824.mkv"
    assert (answer.status_code, answer.json()) == (200, [{"download_link": link}])
    assert answer.headers["cache-control"] == "no-store"
    assert client.get(link).content == b"0123456789"


def test_an_uploaded_video_has_no_download(client: Client) -> None:
    answer = client.get("/video/download?video_id=13")
    assert answer.status_code == 404
    assert "uploaded" in answer.json()["detail"]


def test_links_of_names_in_any_script(client: Client, backend: Backend) -> None:
    backend.add(video(15, path="/storage/modi/동영상 #1?_trim.mp4", operation="trim", request={}))
    (found,) = client.get("/video/download?video_id=15").json()
    assert found["download_link"].isascii()
    assert client.get(found["download_link"]).content == b"0123456789"


def test_the_public_url_is_the_base_of_links(backend: Backend) -> None:
    with TestClient(edge(backend, public_url="https://media.example.com/v").app) as client:
        (found,) = client.get("/video/download?video_id=14", headers={"host": "evil.example"}).json()
    assert found["download_link"].startswith("https://media.example.com/v/storage/modi/")


@pytest.mark.parametrize("host", ["<evil>", "a b", "a/b", "a@b", "[::1", "a:b", "a:0", "a:99999", "", "[zz]"])
def test_a_hostile_host_is_refused_where_it_matters(client: Client, host: str) -> None:
    answer = client.get("/video/download?video_id=14", headers={"host": host})
    assert (answer.status_code, set(answer.json())) == (400, {"detail"})
    for path in ("/video/view/all", "/video/nothing", "/video/view/info?video_id=99"):
        assert client.get(path, headers={"host": host}).status_code < 500


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [UPLOADED, MADE])
def test_files_are_served(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    tag = answer.headers["etag"]
    head = client.head(path)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "10")
    part = client.get(path, headers={"range": "bytes=-3"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"789", "bytes 7-9/10")
    beyond = client.get(path, headers={"range": "bytes=10-"})
    assert (beyond.status_code, set(beyond.json())) == (416, {"detail"})
    assert client.get(path, headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize(
    "name", ["nothing.mp4", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a%00b.mp4", "x" * 2000, "%ff%fe", "a%0d%0ab"]
)
def test_names_that_are_not_there(client: Client, name: str) -> None:
    for folder in ("origin", "modi"):
        answer = client.get(f"/storage/{folder}/{name}")
        assert (answer.status_code, set(answer.json())) == (404, {"detail"})


def test_folders_are_apart(client: Client) -> None:
    assert client.get("/storage/modi/video_20240910161824.mkv").status_code == 404
    assert client.get("/storage/origin/").status_code in (404, 405)
    assert client.get("/storage/other/a.mp4").status_code == 404
    assert client.put("/storage/origin/a.mp4").status_code == 405


def test_a_file_that_storage_lost(client: Client, backend: Backend) -> None:
    backend.objects.content.clear()
    assert client.get(UPLOADED).status_code == 404


def test_a_service_that_is_away(client: Client, backend: Backend) -> None:
    def fail(_: Any) -> None:
        raise UnavailableError("The jobs service does not answer.")

    backend.answers[LIST_VIDEOS.subject] = backend.answers[FIND_VIDEO.subject] = fail
    for path in ("/video/view/all", UPLOADED):
        answer = client.get(path)
        assert (answer.status_code, set(answer.json())) == (503, {"detail"})
        assert answer.headers["retry-after"]
