"""Bodies of the queueing calls: the documented ones, the lenient ones, and nonsense."""

from __future__ import annotations

import json
from typing import Any

import pytest
from httpx import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from libs.contracts.editor import QUEUE_EDIT, ConcatEdit, EncodeEdit, TrimEdit
from libs.contracts.errors import InvalidInputError, NotFoundError
from tests.unit.edge.backend import Backend

Client = TestClient[Litestar]

TRIM = {"request_code": "user", "video_id": 13, "trim_start": "0", "trim_end": "5000"}
CONCAT = {"request_code": "user", "video_ids": [13, 14]}
ENCODE = {"request_code": "user", "video_id": 14, "video_codec": "libx264", "audio_codec": "aac",
          "resolution": "1920:1080", "frame_rate": 30}  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {"trim": TRIM, "concat": CONCAT, "encoding": ENCODE}
URL = "/video/process/"


def edit_of(backend: Backend) -> Any:
    return backend.asked(QUEUE_EDIT)[-1].edit


def refused(answer: Response, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"detail"}
    assert all(word in body["detail"] for word in words), body


# --- as documented --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("trim", "Trim job added to queue"),
        ("concat", "Concat job added to queue"),
        ("encoding", "Encode job added to queue"),
    ],
)
def test_the_documented_requests(client: Client, path: str, message: str) -> None:
    answer = client.post(URL + path, json=BODIES[path])
    assert (answer.status_code, answer.json()) == (200, {"message": message, "job_id": 1, "video_id": 20})


def test_what_is_queued(client: Client, backend: Backend) -> None:
    for path, body in BODIES.items():
        assert client.post(URL + path, json=body).status_code == 200
    requests = backend.asked(QUEUE_EDIT)
    assert [each.edit for each in requests] == [
        TrimEdit(video_id=13, start=0.0, end=5.0),
        ConcatEdit(video_ids=[13, 14]),
        EncodeEdit(
            video_id=14, video_codec="libx264", audio_codec="aac", width=1920, height=1080, frame_rate=30
        ),
    ]
    assert {each.request_code for each in requests} == {"user"}
    asked = [
        {name: value for name, value in each.items() if name != "request_code"} for each in BODIES.values()
    ]
    assert [each.request for each in requests] == asked


def test_encoding_has_the_documented_defaults(client: Client, backend: Backend) -> None:
    for extra in ({}, {"video_codec": None, "audio_codec": None, "resolution": None, "frame_rate": None}):
        assert client.post(f"{URL}encoding", json={"request_code": "u", "video_id": 1, **extra}).is_success
        found = edit_of(backend)
        assert (found.video_codec, found.audio_codec) == ("libx264", "aac")
        assert (found.width, found.height, found.frame_rate) == (1920, 1080, 30)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("error", "status"), [(InvalidInputError("They differ."), 400), (NotFoundError("No video."), 404)]
)
def test_what_jobs_says_is_what_the_client_gets(
    client: Client, backend: Backend, path: str, error: Exception, status: int
) -> None:
    def fail(_: Any) -> None:
        raise error

    backend.answers[QUEUE_EDIT.subject] = fail
    refused(client.post(URL + path, json=BODIES[path]), status, str(error))


# --- leniently ------------------------------------------------------------------------------------


@pytest.mark.parametrize("video_id", [13, "13", 13.0, "+13", "013"])
def test_ids_in_other_dress(client: Client, backend: Backend, video_id: Any) -> None:
    assert client.post(f"{URL}trim", json=TRIM | {"video_id": video_id}).status_code == 200
    assert edit_of(backend).video_id == 13
    assert client.post(f"{URL}concat", json=CONCAT | {"video_ids": [video_id, video_id]}).is_success
    assert edit_of(backend).video_ids == [13, 13]


@pytest.mark.parametrize("end", ["1500", 1500, 1500.0, "1.5s", "1500ms", "1500000us", "00:01.5", "0:00:01.5"])
def test_times_in_every_dress(client: Client, backend: Backend, end: Any) -> None:
    assert client.post(f"{URL}trim", json=TRIM | {"trim_start": 0, "trim_end": end}).status_code == 200
    assert edit_of(backend).end == pytest.approx(1.5)
    shown = backend.asked(QUEUE_EDIT)[-1].request
    assert (shown["trim_start"], type(shown["trim_end"])) == ("0", str)


@pytest.mark.parametrize("resolution", ["640:360", "640x360", "640X360"])
def test_resolutions(client: Client, backend: Backend, resolution: str) -> None:
    body = ENCODE | {"resolution": resolution, "frame_rate": "25", "video_codec": "H264"}
    assert client.post(f"{URL}encoding", json=body).status_code == 200
    found = edit_of(backend)
    assert (found.width, found.height, found.frame_rate, found.video_codec) == (640, 360, 25, "h264")


def test_a_body_that_curl_calls_a_form(client: Client) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-8", ""):
        answer = client.post(f"{URL}trim", content=json.dumps(TRIM), headers={"content-type": kind})
        assert answer.status_code == 200


def test_codes_of_any_script(client: Client, backend: Backend) -> None:
    for code in ("사용자", "a b", "x" * 200, 7):
        assert client.post(f"{URL}trim", json=TRIM | {"request_code": code}).status_code == 200
        assert backend.asked(QUEUE_EDIT)[-1].request_code == str(code)


# --- nonsense -------------------------------------------------------------------------------------

TIMES: list[Any] = [
    "", "abc", "-5", -5, "5,0", "1e3", "NaN", "inf", "1:2:3:4", None, True, [], {}, "5" * 300, "\x00", "٥",
]  # fmt: skip
LISTS: list[Any] = [
    [], None, 13, "13,14", {}, [None], [True], [[13]], ["a"], [1.5], [1] * 101,
]  # fmt: skip
RESOLUTIONS: list[Any] = [
    "", "1920", "1920:", ":1080", "1920*1080", "1921:1080", "1920:1081", "14:14", "8194:16", "-16:16",
    "16:16:16", "99999999:16", "٦٤٠:٣٦٠", 1920, [], {},
]  # fmt: skip
RATES: list[Any] = [0, -1, 121, 29.97, "fast", True, [], 10**30]
CODECS: list[Any] = ["", "lib x264", "a/b", "x" * 65, "\x00", "한글", True, [], {}]
WRONG: dict[str, list[tuple[dict[str, Any], str]]] = {
    "trim": [
        *[({"trim_end": value}, "trim_end") for value in TIMES],
        ({"trim_start": "5000"}, "later"),
        ({"trim_start": "00:05", "trim_end": "5000"}, "later"),
        ({"trim_start": "6s"}, "later"),
    ],
    "concat": [({"video_ids": value}, "video_ids") for value in LISTS],
    "encoding": [
        *[({"resolution": value}, "resolution") for value in RESOLUTIONS],
        *[({"frame_rate": value}, "frame_rate") for value in RATES],
        *[({"video_codec": value}, "video_codec") for value in CODECS],
        *[({"audio_codec": value}, "audio_codec") for value in CODECS],
    ],
}


@pytest.mark.parametrize("path", WRONG)
def test_wrong_fields_are_named(client: Client, backend: Backend, path: str) -> None:
    for change, words in WRONG[path]:
        refused(client.post(URL + path, json=BODIES[path] | change), 400, words)
    assert backend.calls == []


OPTIONAL = {"trim": set[str](), "concat": set[str](), "encoding": set(ENCODE) - {"request_code", "video_id"}}


@pytest.mark.parametrize(("path", "optional"), OPTIONAL.items())
def test_missing_fields_are_named(client: Client, path: str, optional: set[str]) -> None:
    for name in BODIES[path]:
        rest = {each: value for each, value in BODIES[path].items() if each != name}
        answer = client.post(URL + path, json=rest)
        if name in optional:
            assert answer.status_code == 200
        else:
            refused(answer, 400, name)


@pytest.mark.parametrize("path", [*BODIES, "execute"])
@pytest.mark.parametrize("code", ["", None, True, [], {}, 1.5e300, "x" * 201, "a\u0000b", "a\nb"])
def test_codes_that_make_no_sense(client: Client, path: str, code: Any) -> None:
    refused(client.post(URL + path, json=BODIES.get(path, {}) | {"request_code": code}), 400, "request_code")


@pytest.mark.parametrize("video_id", [None, "", "x", "1.5", 1.5, True, [13], {}, "1_000", "١٣"])
def test_ids_that_are_none(client: Client, video_id: Any) -> None:
    for path in ("trim", "encoding"):
        refused(client.post(URL + path, json=BODIES[path] | {"video_id": video_id}), 400, "video_id")


@pytest.mark.parametrize("video_id", [0, -1, 1 << 63, "9" * 30, -(10**25), 1e30])
def test_ids_that_no_video_can_have(client: Client, backend: Backend, video_id: Any) -> None:
    for path in ("trim", "encoding"):
        refused(client.post(URL + path, json=BODIES[path] | {"video_id": video_id}), 404)
    refused(client.post(f"{URL}concat", json=CONCAT | {"video_ids": [1, video_id]}), 404)
    assert backend.calls == []


def test_format_and_order_come_before_existence(client: Client) -> None:
    refused(client.post(f"{URL}trim", json=TRIM | {"video_id": -1, "trim_end": "x"}), 400, "trim_end")
    refused(client.post(f"{URL}trim", json=TRIM | {"video_id": -1, "trim_end": "0"}), 400, "later")
    refused(client.post(f"{URL}concat", json=CONCAT | {"video_ids": [-1, "x"]}), 400)
    refused(client.post(f"{URL}encoding", json=ENCODE | {"video_id": -1, "frame_rate": 0}), 400)


BROKEN = [
    b"", b"{", b"null", b"[]", b"[1]", b'"x"', b"13", b"NaN", b'{"video_id": NaN}', b'{"video_id": Infinity}',
    b'{"video_id": 1e999}', b'{"video_id": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"a":' * 50_000,
    b"\xff\xfe{}", "\ufeff{}".encode(), json.dumps(TRIM).encode("utf-16"), b'{"request_code": "\\ud800"}',
    b'{"request_code": "\xed\xa0\x80"}', b"request_code=user&video_id=13", b"{} {}", b"{'a': 1}",
]  # fmt: skip


@pytest.mark.parametrize("path", [*BODIES, "execute"])
def test_bodies_that_are_no_json_objects(client: Client, backend: Backend, path: str) -> None:
    for body in BROKEN:
        answer = client.post(URL + path, content=body, headers={"content-type": "application/json"})
        refused(answer, 400)
    assert backend.calls == []


def test_a_body_of_unreasonable_size(client: Client) -> None:
    refused(client.post(f"{URL}trim", json=TRIM | {"more": "x" * (1 << 20)}), 413)


def test_other_methods_and_paths_have_the_envelope(client: Client) -> None:
    refused(client.get(f"{URL}trim"), 405)
    refused(client.post("/video/upload"), 405)
    refused(client.get("/video/nothing"), 404)


# --- anything -------------------------------------------------------------------------------------

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["0", "5000", "1:00", "13", "640:360", 13, 1 << 63, "libx264", "user"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), path=st.sampled_from([*BODIES, "execute"]))
def test_any_body_is_answered_in_words(client: Client, data: st.DataObject, path: str) -> None:
    body = dict(BODIES.get(path, {"request_code": "user"}))
    names = st.sampled_from([*body, "else"])
    body |= data.draw(st.dictionaries(names, VALUES, max_size=3))
    for name in data.draw(st.sets(names, max_size=1)):
        body.pop(name, None)
    whole: Any = data.draw(st.just(body) | VALUES) if data.draw(st.booleans()) else body
    text = json.dumps(whole).encode("utf-8", "surrogatepass")
    answer = client.post(URL + path, content=text, headers={"prefer": "respond-async"})
    assert answer.status_code in (200, 400, 404), (whole, answer.text)
    if answer.status_code != 200:
        assert answer.json()["detail"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200), path=st.sampled_from([*BODIES, "execute"]))
def test_any_bytes_are_answered_in_words(client: Client, body: bytes, path: str) -> None:
    refused(client.post(URL + path, content=body), 400)
