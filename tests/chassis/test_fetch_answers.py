"""Heads of answers, and the pace of bodies."""

from __future__ import annotations

import pytest

from libs.chassis.fetch.answers import Head, Headers, head, location
from libs.chassis.fetch.pace import Pace
from libs.contracts.errors import InvalidInputError, TooLargeError, UnavailableError


def read(status: int = 200, path: str = "/a/b.mp4?c=/d", **headers: str) -> Head:
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return head(status, Headers(pairs), path, max_size=100)


def test_what_the_server_says_of_the_file() -> None:
    assert read(Content_Type="Video/MP4; x=y", Content_Length="100") == Head("b.mp4", "video/mp4", 100)
    assert read() == Head("b.mp4", "application/octet-stream", None)
    assert read(path="/") == Head("", "application/octet-stream", None)
    assert read(Content_Type="text/<script>").content_type == "application/octet-stream"
    assert read(Content_Length="100", Transfer_Encoding="chunked").length is None


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="a \\"b\\".mp4"', 'a "b".mp4'),
        ("attachment; filename=a.mp4; size=3", "a.mp4"),
        ("attachment; filename=\"x.mp4\"; filename*=UTF-8''%C3%BC.mp4", "ü.mp4"),
        ('inline; filename="\xc3\xbc.mp4"', "ü.mp4"),
        ('inline; filename="\xfc.mp4"', "ü.mp4"),
        ("attachment; filename*=UTF-8''%ff%00", "\ufffd\0"),
        ("inline", "b.mp4"),
        ('attachment; filename="never closed', "b.mp4"),
        ("attachment; " + "filename=" * 5000, "b.mp4"),
    ],
)
def test_names(disposition: str, name: str) -> None:
    found = read(Content_Disposition=disposition).name
    assert found == name or disposition.count("filename=") > 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_refusals(status: int) -> None:
    with pytest.raises(InvalidInputError, match=str(status)):
        read(status)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_servers_that_may_answer_later(status: int) -> None:
    with pytest.raises(UnavailableError, match=str(status)):
        read(status)


@pytest.mark.parametrize("status", [101, 201, 204, 206, 300, 304])
def test_answers_without_the_file(status: int) -> None:
    with pytest.raises(InvalidInputError):
        read(status)


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "x"])
def test_a_compressed_body_is_refused(encoding: str) -> None:
    with pytest.raises(InvalidInputError, match="compressed"):
        read(Content_Encoding=encoding)
    assert read(Content_Encoding="Identity")


def test_a_length_over_the_limit_is_refused() -> None:
    with pytest.raises(TooLargeError):
        read(Content_Length="101")


@pytest.mark.parametrize("values", [[], [b"/a", b"/b"]])
def test_a_redirect_leads_to_one_place(values: list[bytes]) -> None:
    with pytest.raises(InvalidInputError):
        location(Headers([(b"Location", value) for value in values]))


def test_a_slow_body_is_given_up_at_the_end_of_a_window() -> None:
    pace = Pace(least_rate=10, window=2)
    for _ in range(3):
        pace.came(20, 1.0)
        pace.came(0, 1.0)
    pace.came(1000, 0.0)
    pace.came(0, 1.9)
    pace.came(0, 0.2)
    pace.came(10, 1.0)
    with pytest.raises(UnavailableError):
        pace.came(9, 1.0)


def test_a_body_of_crumbs_is_given_up() -> None:
    pace = Pace(least_rate=0, window=1)
    for _ in range(100_000):
        pace.came(512, 0.0)
    for _ in range(1000):
        pace.came(0, 0.0)
    with pytest.raises(InvalidInputError, match="crumbs"):
        pace.came(1, 0.0)
