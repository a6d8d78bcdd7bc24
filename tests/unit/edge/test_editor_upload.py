"""`PUT /video/upload`: all or none."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from libs.contracts.editor import REGISTER_VIDEOS
from libs.contracts.errors import NotFoundError, UnavailableError
from libs.contracts.rpc import BEGIN_UPLOAD, COMPLETE_UPLOAD
from services.edge.contracts.video_editor.upload import TYPES
from tests.unit.edge.backend import Backend, edge

Client = TestClient[Litestar]
VIDEO = b"video" + bytes(200)
FIRST = UUID(int=101)


def file(name: str = "video1.mp4", content: bytes = VIDEO, kind: str = "video/mp4") -> Any:
    return "files", (name, content, kind)


def put(client: Client, *files: Any, **options: Any) -> Response:
    return client.put("/video/upload", files=list(files), **options)


def test_several_files_are_registered_in_order(client: Client, backend: Backend) -> None:
    answer = put(client, file("video1.mp4"), file("video2.mov"), file("video3.webm"))
    assert answer.status_code == 200
    assert answer.json() == [
        {
            "processed_file_path": None,
            "trim_info": None,
            "concat_info": None,
            "encode_info": None,
            "original_file_path": f"./storage/origin/clip{number}.mp4",
            "id": number,
        }
        for number in (13, 14, 15)
    ]
    assert [each.require_video for each in backend.asked(COMPLETE_UPLOAD)] == [True] * 3
    assert [each.family for each in backend.asked(COMPLETE_UPLOAD)] == ["video-editor"] * 3
    (registered,) = backend.asked(REGISTER_VIDEOS)
    assert registered.asset_ids == list(backend.assets)
    assert backend.abandoned == []


@pytest.mark.parametrize("extension", TYPES)
@pytest.mark.parametrize("declared", ["application/octet-stream", "text/html", "video/mp4"])
def test_the_extension_decides_about_the_type(
    client: Client, backend: Backend, extension: str, declared: str
) -> None:
    assert put(client, file(f"Clip.{extension.upper()}", kind=declared)).status_code == 200
    (begun,) = backend.asked(BEGIN_UPLOAD)
    assert (begun.name, begun.declared_type) == (f"Clip.{extension}", TYPES[extension])
    assert next(iter(backend.objects.types.values())) == TYPES[extension]


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        "a.mpg",
        "a.mp4.exe",
        "a.gif",
        "mp4",
        ".mp4",
        "a.",
        "a.mp4/b",
        "a.mp4\\b.txt",
        "a.mp4x",
        "a.m p4",
        "٥.٥",
    ],
)
def test_other_extensions_are_415_before_a_byte_is_stored(
    client: Client, backend: Backend, name: str
) -> None:
    answer = put(client, file(name))
    assert answer.status_code == 415
    assert set(answer.json()) == {"detail"}
    assert "Supported formats: mp4, avi, mov" in answer.json()["detail"]
    assert backend.calls == []


@pytest.mark.parametrize(
    "name", ["../../etc/a.mp4", "C:\\x\\a.mp4", "a.mp4 ", "한국어 영상.mp4", "x" * 4000 + ".mp4"]
)
def test_hostile_names_with_a_good_extension(client: Client, backend: Backend, name: str) -> None:
    assert put(client, file(name)).status_code == 200
    (begun,) = backend.asked(BEGIN_UPLOAD)
    assert "/" not in begun.name
    assert begun.name.endswith(".mp4")
    assert len(begun.name) <= 204


def test_content_that_is_no_video_is_415_and_nothing_stays(client: Client, backend: Backend) -> None:
    answer = put(client, file(), file("bad.avi", b"text"), file("never.mov"))
    assert answer.status_code == 415
    assert answer.json() == {"detail": "bad.avi: Nothing in this video could be decoded."}
    assert sorted(backend.abandoned) == sorted(backend.assets)
    assert len(backend.assets) == 2
    assert backend.asked(REGISTER_VIDEOS) == []


def test_a_bad_name_undoes_the_files_before_it(client: Client, backend: Backend) -> None:
    assert put(client, file(), file("notes.txt")).status_code == 415
    assert backend.abandoned == [FIRST]


@pytest.mark.parametrize(
    "files",
    [
        [("file", ("a.mp4", VIDEO, "video/mp4"))],
        [("files", (None, b"text"))],
        [("other", (None, b"text"))],
    ],
)
def test_no_file_is_400(client: Client, backend: Backend, files: Any) -> None:
    answer = put(client, *files)
    assert (answer.status_code, set(answer.json())) == (400, {"detail"})
    assert backend.calls == []


def raw(client: Client, body: bytes, kind: str = "multipart/form-data; boundary=XX") -> Response:
    return client.put("/video/upload", content=body, headers={"content-type": kind})


HEAD = b'--XX\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n'


def test_the_empty_field_of_a_browser_is_no_file(client: Client) -> None:
    assert raw(client, HEAD % b"" + b"\r\n--XX--\r\n").status_code == 400
    assert raw(client, HEAD % b"" + b"bytes\r\n--XX--\r\n").status_code == 415
    both = HEAD % b"" + b"\r\n" + HEAD % b"a.mp4" + b"video\r\n--XX--\r\n"
    assert [each["id"] for each in raw(client, both).json()] == [13]


def test_forms_that_are_none(client: Client, backend: Backend) -> None:
    for body, kind in (
        (b"", ""),
        (b"{}", "application/json"),
        (b"--XX--\r\n", "multipart/form-data; boundary=XX"),
    ):
        assert raw(client, body, kind).status_code == 400
    assert raw(client, HEAD % b"a.mp4" + VIDEO).status_code == 400  # cut short
    assert backend.abandoned == list(backend.assets)


def test_a_form_cut_short_after_its_first_file(client: Client, backend: Backend) -> None:
    assert raw(client, HEAD % b"a.mp4" + VIDEO + b"\r\n" + HEAD % b"b.mp4" + VIDEO).status_code == 400
    assert sorted(backend.abandoned) == sorted(backend.assets)
    assert backend.asked(REGISTER_VIDEOS) == []


# --- limits ---------------------------------------------------------------------------------------


def test_too_many_files(client: Client, backend: Backend) -> None:
    assert put(client, *[file()] * 3).status_code == 200
    assert backend.abandoned == []
    answer = put(client, *[file()] * 4)
    assert (answer.status_code, set(answer.json())) == (413, {"detail"})
    assert len(backend.abandoned) == 3


def test_a_file_too_large(client: Client, backend: Backend) -> None:
    answer = put(client, file(), file("big.mp4", VIDEO + bytes(4096)))
    assert (answer.status_code, set(answer.json())) == (413, {"detail"})
    assert sorted(backend.abandoned) == sorted(backend.assets)


def test_a_form_too_large(backend: Backend) -> None:
    """One file may be as large as a file may be, whatever the limit of forms is; all of them may not."""
    with TestClient(edge(backend, max_form=10, max_size=1 << 20).app) as client:
        half = VIDEO + bytes(1 << 20)
        assert put(client, file(content=half[: 1 << 20])).status_code == 200
        many = [file(content=half[: 1 << 20])] * 3
        assert put(client, *many).status_code == 413  # by its declared length
        request = client.build_request("PUT", "/video/upload", files=many)
        body = request.read()

        def pieces() -> Any:
            yield from (body[start : start + 65536] for start in range(0, len(body), 65536))

        streamed = client.put(
            "/video/upload", content=pieces(), headers={"content-type": request.headers["content-type"]}
        )
        assert streamed.status_code == 413
    assert sorted(backend.abandoned) == sorted(backend.assets)[1:]


def test_a_request_of_many_files_counts_once(client: Client) -> None:
    """Two uploads at once are allowed here, and three files in one."""
    assert put(client, file(), file(), file()).status_code == 200


# --- failures behind ------------------------------------------------------------------------------


def test_registering_is_tried_again(client: Client, backend: Backend) -> None:
    register, failures = backend.answers[REGISTER_VIDEOS.subject], [1, 1]

    def reluctant(request: Any) -> Any:
        if failures:
            failures.pop()
            raise UnavailableError("The jobs service does not answer.")
        return register(request)

    backend.answers[REGISTER_VIDEOS.subject] = reluctant
    assert put(client, file()).status_code == 200
    assert backend.abandoned == []


@pytest.mark.parametrize(
    ("error", "status"), [(UnavailableError("Away."), 503), (NotFoundError("Gone."), 404)]
)
@pytest.mark.parametrize("method", [BEGIN_UPLOAD, COMPLETE_UPLOAD, REGISTER_VIDEOS])
def test_what_fails_behind_leaves_nothing(
    client: Client, backend: Backend, method: Any, error: Exception, status: int
) -> None:
    def fail(_: Any) -> None:
        raise error

    backend.answers[method.subject] = fail
    answer = put(client, file())
    assert (answer.status_code, set(answer.json())) == (status, {"detail"})
    assert backend.abandoned == list(backend.assets)


def test_the_media_errors_of_other_routes_stay_400(client: Client, backend: Backend) -> None:
    from libs.contracts.editor import QUEUE_EDIT
    from libs.contracts.errors import MediaError

    def fail(_: Any) -> None:
        raise MediaError("Broken.")

    backend.answers[QUEUE_EDIT.subject] = fail
    answer = client.post("/video/process/concat", json={"request_code": "u", "video_ids": [1]})
    assert answer.status_code == 400
