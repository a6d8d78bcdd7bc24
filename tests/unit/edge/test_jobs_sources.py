"""`input_path`: whatever this system has handed out, and URLs of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from libs.contracts.errors import UnavailableError
from libs.contracts.jobs import JobState, VideoEditSpec
from libs.contracts.media import ObjectRef, StoredMedia
from libs.contracts.rpc import GET_ASSET, GET_DETAILS, SUBMIT_JOBS
from libs.contracts.tasks import RenderResult
from tests.unit.edge.backend import video as editor_video
from tests.unit.edge.office import ANN, ASSET, BOB, EDIT, Client, Office, invalid, office_client, refusal
from tests.unit.samples import SHA, asset, info

PUBLIC, OTHERS, OWN_JOB, ENHANCED = UUID(int=501), UUID(int=502), UUID(int=7), UUID(int=503)


@pytest.fixture
def office() -> Office:
    found = Office()
    found.stored[PUBLIC] = asset(501)
    found.stored[OTHERS] = asset(502, owner=BOB)
    found.made(7)
    found.made(8, owner=BOB)
    found.have(9)
    found.made(10, family="videocraft")
    found.add(editor_video(13), editor_video(14, operation="trim"))
    found.stored[ENHANCED] = asset(503)
    artifact = ObjectRef(key="results/e/enhanced.mp4", size=4, sha256=SHA)
    result = RenderResult(artifact=artifact, info=info())
    own = {"owner": "public", "key": f"enhance/{ENHANCED}", "family": "enhancement", "kind": "enhance"}
    found.have(20, state=JobState.COMPLETED, result=result, **own)
    return found


@pytest.fixture
def client(office: Office) -> Iterator[Client]:
    with office_client(office) as client:
        yield client


def create(client: Client, input_path: str) -> Any:
    return client.post(
        "/jobs", json={"job_type": "VIDEO_EDIT", "input_data": EDIT | {"input_path": input_path}}
    )


def spec_of(office: Office) -> VideoEditSpec:
    (request,) = office.asked(SUBMIT_JOBS)
    spec = request.submissions[0].spec
    assert isinstance(spec, VideoEditSpec)
    return spec


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (str(ASSET), "uploads/500/clip.mp4"),
        (str(ASSET).upper(), "uploads/500/clip.mp4"),
        (f"/uploads/{ASSET}", "uploads/500/clip.mp4"),
        (f" uploads/{ASSET}\n", "uploads/500/clip.mp4"),
        (f"http://media.test:8000/uploads/{ASSET}", "uploads/500/clip.mp4"),
        (str(PUBLIC), "uploads/501/clip.mp4"),
        (str(OWN_JOB), "results/7/output.mp4"),
        (f"/outputs/{OWN_JOB}/output.mp4", "results/7/output.mp4"),
        (f"http://media.test:8000/outputs/{OWN_JOB}/output.mp4", "results/7/output.mp4"),
        ("13", "videos/13"),
        ("/storage/origin/clip13.mp4", "videos/13"),
        ("./storage/origin/clip13.mp4", "videos/13"),
        ("/storage/modi/clip14.mp4", "videos/14"),
        ("http://media.test:8000/storage/origin/clip13%2Emp4", "videos/13"),
        (f"/processed_videos/enhanced_{ENHANCED}.mp4", "results/e/enhanced.mp4"),
        (f"/processed_videos/{ENHANCED}", "results/e/enhanced.mp4"),
    ],
)
def test_what_was_handed_out(client: Client, office: Office, path: str, key: str) -> None:
    assert create(client, path).status_code == 200
    source = spec_of(office).source
    assert isinstance(source, StoredMedia)
    assert source.object.key == key
    assert source.info.video is not None


@pytest.mark.parametrize(
    "path",
    [
        "path/to/video.mp4",
        str(UUID(int=999)),
        f"/uploads/{UUID(int=999)}",
        str(OTHERS),
        f"/uploads/{OTHERS}",
        f"/uploads/{ASSET}/clip.mp4",
        f"/uploads/../uploads/{ASSET}",
        f"/outputs/{OWN_JOB}/other.mp4",
        f"/outputs/{OWN_JOB}",
        f"/outputs/{UUID(int=8)}/output.mp4",  # bob's
        f"/outputs/{UUID(int=9)}/output.mp4",  # not there yet
        f"/outputs/{UUID(int=10)}/output.mp4",  # of another family
        "/outputs/x/output.mp4",
        "15",
        "0",
        "9" * 19,
        "-13",
        "/storage/origin/nothing.mp4",
        "/storage/modi/../origin/clip13.mp4",
        "/storage/other/clip13.mp4",
        "/processed_videos/x.mp4",
        f"/processed_videos/enhanced_{ENHANCED}.avi",
        f"/processed_videos/enhanced_{ASSET}.mp4",
        f"/processed_videos/metadata/{ENHANCED}_metadata.json",
        "/preview/x.mp4",
        "/etc/passwd",
        "C:\\video.mp4",
        "uploads/500/clip.mp4",  # a key of our storage
        "results/7/output.mp4",
        "/",
        ".",
        "会话.mp4",
        "a\nb",
        "http://media.test:8000/",
        "http://media.test:8000/nothing",
        "x" * 4096,
    ],
)
def test_nothing_there(client: Client, office: Office, path: str) -> None:
    assert invalid(create(client, path), "input_path") == "There is no such file"
    assert office.asked(SUBMIT_JOBS) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"info": None, "probe_error": "The file is empty."}, "The file is empty."),
        ({"info": None}, "This file cannot be read as a video."),
        ({"info": info(video=None)}, "There is no video in this file, only sound."),
    ],
)
def test_files_that_are_no_videos(
    client: Client, office: Office, changes: dict[str, Any], problem: str
) -> None:
    office.stored[ASSET] = asset(500, owner=ANN, **changes)
    assert invalid(create(client, str(ASSET)), "input_path") == problem


def test_an_upload_of_ones_own_comes_before_a_public_one(client: Client, office: Office) -> None:
    assert create(client, str(ASSET)).status_code == 200
    assert [request.owner for request in office.asked(GET_ASSET)] == [ANN]


def test_behind_a_proxy_with_a_prefix(office: Office) -> None:
    with office_client(office, public_url="https://example.com/media") as client:
        assert create(client, f"https://example.com/media/uploads/{ASSET}").status_code == 200
        assert spec_of(office).url is None
        assert create(client, "https://example.com/other.mp4").status_code == 200
        assert office.asked(SUBMIT_JOBS)[-1].submissions[0].spec.url == "https://example.com/other.mp4"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/video.mp4",
        "https://example.com:443/a/b?c=d&e=%20f",
        "https://bücher.example/视频.mp4",
        "https://93.184.216.34/v.mp4",
        "https://[2606:2800:220:1::1]/v.mp4",
        "HTTPS://EXAMPLE.com/v.mp4",
    ],
)
def test_urls(client: Client, office: Office, url: str) -> None:
    assert create(client, f" {url} ").status_code == 200
    assert (spec_of(office).url, spec_of(office).source) == (url, None)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/video.mp4",
        "ftp://example.com/video.mp4",
        "file:///etc/passwd",
        "s3://bucket/key",
        "concat://a|b",
        "https://",
        "https:///video.mp4",
        "https://user:secret@example.com/video.mp4",
        "https://example.com:8443/video.mp4",
        "https://127.0.0.1/video.mp4",
        "https://127.1/video.mp4",
        "https://0x7f000001/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00:ec2::254]/",
        "https://exa mple.com/",
        "https://example.com/a\r\nHost: b",
        "https://example.com\\@127.0.0.1/",
    ],
)
def test_urls_that_are_not_asked_for(client: Client, office: Office, url: str) -> None:
    assert invalid(create(client, url), "input_path")
    assert office.calls == []


def test_services_that_are_away(client: Client, office: Office) -> None:
    """Not there is one thing, not known another."""
    for method, path in ((GET_ASSET, str(ASSET)), (GET_DETAILS, f"/outputs/{OWN_JOB}/output.mp4")):
        office.fail(method, UnavailableError("No answer."))
        refusal(create(client, path), 503, "Service Unavailable")
