"""`POST /uploads`: a file that is its user's, or nothing at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from libs.contracts.errors import UnavailableError
from libs.contracts.rpc import BEGIN_UPLOAD, COMPLETE_UPLOAD
from tests.unit.edge.motion import motion_edge
from tests.unit.edge.office import ANN, EDIT, Client, Office, bearer, invalid, office_client, refusal
from tests.unit.edge.visiting import Visit, until
from tests.unit.samples import asset

FILE = UUID(int=101)
CONTENT = b"video" + bytes(200)
KIND = "multipart/form-data; boundary=XX"
HEAD = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def client(office: Office) -> Iterator[Client]:
    with office_client(office, max_upload_bytes=4096) as client:
        yield client


def upload(client: Client, content: bytes = CONTENT, name: str = "a.mp4", kind: str = "video/mp4") -> Any:
    return client.post("/uploads", files={"file": (name, content, kind)}, data={"note": "x"})


def raw(client: Client, body: bytes, kind: str = KIND) -> Any:
    return client.post("/uploads", content=body, headers={"content-type": kind})


def test_a_file_and_a_job_of_it(client: Client, office: Office) -> None:
    answer = upload(client)
    assert answer.status_code == 200
    assert answer.json() == {
        "path": f"/uploads/{FILE}",
        "asset_id": str(FILE),
        "name": "a.mp4",
        "size": len(CONTENT),
    }
    (begun,), (completed,) = office.asked(BEGIN_UPLOAD), office.asked(COMPLETE_UPLOAD)
    assert (begun.owner, begun.name, begun.declared_type) == (ANN, "a.mp4", "video/mp4")
    assert (completed.family, completed.channel, completed.require_video) == ("jobs", None, False)
    assert office.objects.content == {f"uploads/{FILE}": CONTENT}
    office.stored[FILE] = asset(101, owner=ANN)
    for given in (answer.json()["path"], answer.json()["asset_id"]):
        data = EDIT | {"input_path": given}
        new = {"job_type": "VIDEO_EDIT", "input_data": data}
        assert client.post("/jobs", json=new).status_code == 200
        invalid(client.post("/jobs", json=new, headers=bearer("bob")), "input_path")
    assert office.abandoned == []


def test_any_file_is_taken(client: Client) -> None:
    assert upload(client, b"\x89PNG", "face.png", "image/png").json()["size"] == 4
    assert upload(client, b"", "empty.mp4").json()["size"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"--XX--\r\n",
        b'--XX\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--XX--\r\n',
        b'--XX\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nvideo\r\n--XX--\r\n',
        b'--XX\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--XX--\r\n',
        b"",
        b"nonsense",
        HEAD + b"video",
    ],
)
def test_forms_without_a_file(client: Client, office: Office, body: bytes) -> None:
    assert invalid(raw(client, body), "file")
    assert office.asked(COMPLETE_UPLOAD) == []
    assert office.abandoned == ([FILE] if body.startswith(HEAD) else [])


def test_what_is_no_form(client: Client, office: Office) -> None:
    for kind in ("application/json", "multipart/form-data", ""):
        assert invalid(raw(client, b"{}", kind), "file")
    assert office.calls == []


def test_a_file_that_is_too_large(client: Client, office: Office) -> None:
    refusal(upload(client, bytes(2 << 20)), 413, "Request Entity Too Large")
    assert office.calls == []  # told by its length alone
    refusal(upload(client, bytes(5000)), 413, "Request Entity Too Large")
    assert office.abandoned == [FILE]


def test_ingest_is_away(client: Client, office: Office) -> None:
    office.fail(COMPLETE_UPLOAD, UnavailableError("No answer."))
    refusal(upload(client), 503, "Service Unavailable")
    assert office.abandoned == [FILE]


def test_a_client_that_goes_away(office: Office) -> None:
    headers = [(b"content-type", KIND.encode()), (b"authorization", bearer()["Authorization"].encode())]

    async def visiting() -> None:
        visit = Visit(motion_edge(office).app, "/uploads", [HEAD + b"video"], headers)
        await until(lambda: visit.read == 1)
        visit.leave()
        await asyncio.wait([visit.task])

    asyncio.run(visiting())
    assert office.abandoned == [FILE]
    assert office.asked(COMPLETE_UPLOAD) == []
