"""The form of `POST /convert`: either kind, and what is in its fields."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from libs.contracts.sessions import MAKE_MOTION_PHOTO
from tests.unit.edge.motion import FORM, Client, Studio, refusal

BODY = urlencode(FORM).encode()


def convert(client: Client, **changes: str) -> Any:
    return client.post("/convert", data=FORM | changes)


def multipart(client: Client, form: dict[str, str]) -> Any:
    return client.post("/convert", files={name: (None, value) for name, value in form.items()})


def test_both_kinds_of_form_are_the_same(client: Client, studio: Studio) -> None:
    form = FORM | {"device": "Samsung "}
    assert client.post("/convert", data=form).status_code == 200
    assert (
        client.post("/convert", files={name: (None, value) for name, value in form.items()}).status_code
        == 200
    )
    first, second = studio.asked(MAKE_MOTION_PHOTO)
    assert first == second
    assert first.device == "samsung"


def test_the_last_of_equal_names_counts(client: Client, studio: Studio) -> None:
    text = f"speed=9&{urlencode(FORM)}"
    headers = {"content-type": "Application/X-WWW-Form-Urlencoded; charset=utf-8"}
    assert client.post("/convert", content=text, headers=headers).status_code == 200
    files = [("speed", (None, "9")), *((name, (None, value)) for name, value in FORM.items())]
    assert client.post("/convert", files=files).status_code == 200
    assert [each.speed for each in studio.asked(MAKE_MOTION_PHOTO)] == [1.5, 1.5]


FIELD = b'--XX\r\nContent-Disposition: form-data; name="speed"\r\n\r\n'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (BODY, ""),
        (BODY, "text/plain"),
        (b"{}", "application/json"),
        (b"", "application/x-www-form-urlencoded"),
        (b"\xff\xfe=%ff&&&=;", "application/x-www-form-urlencoded"),
        (b"&".join(b"f%d=1" % number for number in range(100)), "application/x-www-form-urlencoded"),
        (BODY, "multipart/form-data"),
        (BODY, "multipart/form-data; boundary=XX"),
        (
            b'--XX\r\nContent-Disposition: form-data; name="speed"\r\n\r\n1',
            "multipart/form-data; boundary=XX",
        ),
        (
            b'--XX\r\nContent-Disposition: form-data; name="speed"\r\n\r\n\xff\r\n--XX--\r\n',
            "multipart/form-data; boundary=XX",
        ),
    ],
)
def test_forms_that_are_none(client: Client, studio: Studio, content: bytes, kind: str) -> None:
    refusal(client.post("/convert", content=content, headers={"content-type": kind}), 400, "INVALID_REQUEST")
    assert studio.calls == []


def test_a_form_that_is_too_large(client: Client, studio: Studio) -> None:
    big = FORM | {"device": "x" * (1 << 20)}
    refusal(client.post("/convert", data=big), 413, "FILE_TOO_LARGE")
    assert (
        client.post("/convert", files={name: (None, value) for name, value in big.items()}).status_code == 413
    )
    assert studio.calls == []


def test_a_file_is_no_field(client: Client) -> None:
    files: Any = {name: (None, value) for name, value in FORM.items()} | {"speed": ("a.txt", b"1")}
    assert "speed" in refusal(client.post("/convert", files=files), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("name", FORM)
@pytest.mark.parametrize("gone", [True, False])
def test_a_field_that_is_missing(client: Client, studio: Studio, name: str, gone: bool) -> None:
    form = {key: value for key, value in FORM.items() if key != name} | ({} if gone else {name: ""})
    assert name in refusal(client.post("/convert", data=form), 400, "INVALID_REQUEST")
    assert studio.calls == []


NUMBERS = [name for name in FORM if name != "session_id"]
NONSENSE = [
    "x", "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999", "0x1", "1,5", "1_0", "1 2", "１", "٣",
    "--1", "1e", "e1", ".", "+", "9" * 101, "9" * 5000, "null", "true", "[]", "\x00",
]  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", NONSENSE)
def test_what_is_no_number(client: Client, studio: Studio, name: str, value: str) -> None:
    assert name in refusal(convert(client, **{name: value}), 400, "INVALID_REQUEST")
    assert studio.calls == []


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e308", 1e308), ("-1", -1.0), (" 2 ", 2.0), (".5", 0.5), ("5.", 5.0), ("+1E-2", 0.01)],
)
def test_what_is_a_number(client: Client, studio: Studio, text: str, value: float) -> None:
    """Whether it makes sense is for sessions to say."""
    assert convert(client, range_end=text).status_code == 200
    assert studio.asked(MAKE_MOTION_PHOTO)[0].range_end == value
