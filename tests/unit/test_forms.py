"""`multipart/form-data` as it comes over the wire: in any pieces, from anybody."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.errors import InvalidInputError, TooLargeError
from services.edge.forms import Part, parts

TYPE = "multipart/form-data; boundary=XX"
Read = tuple[str, str | None, str, bytes]

ROOM = 1 << 30


def field(name: str, value: bytes) -> bytes:
    return b'--XX\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)


def file(name: str, value: bytes, filename: str = "a.mp4", kind: str = "video/mp4") -> bytes:
    head = f'--XX\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
    return head.encode() + f"Content-Type: {kind}\r\n\r\n".encode() + value + b"\r\n"


END = b"--XX--\r\n"
MOVIE = bytes(range(256)) * 40 + b"\r\n--XY\r\n\r\n--X"
FORM = field("client_id", "Zoë".encode()) + file("file", MOVIE) + field("after", b"") + END
EXPECTED: list[Read] = [
    ("client_id", None, "text/plain", "Zoë".encode()),
    ("file", "a.mp4", "video/mp4", MOVIE),
    ("after", None, "text/plain", b""),
]


async def source(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def read(*pieces: bytes, content_type: str = TYPE) -> list[Read]:
    async def reading() -> list[Read]:
        found: list[Read] = []
        async for part in parts(source(pieces), content_type, max_size=ROOM):
            data = b"".join([chunk async for chunk in part.chunks])
            found.append((part.name, part.filename, part.content_type, data))
        return found

    return asyncio.run(reading())


def texts(body: bytes, *names: str) -> dict[str, str]:
    """The text of the parts of these names; the others are not read at all."""

    async def reading() -> dict[str, str]:
        return {
            part.name: await part.text()
            async for part in parts(source([body]), TYPE, max_size=ROOM)
            if not names or part.name in names
        }

    return asyncio.run(reading())


def test_a_form_in_one_piece() -> None:
    assert read(FORM) == EXPECTED


def test_a_form_byte_by_byte() -> None:
    assert read(*[FORM[index : index + 1] for index in range(len(FORM))]) == EXPECTED


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, len(FORM) - 1), max_size=30))
def test_any_split_gives_the_same_parts(cuts: list[int]) -> None:
    edges = [0, *sorted(set(cuts)), len(FORM)]
    assert read(*[FORM[start:end] for start, end in itertools.pairwise(edges)]) == EXPECTED


def test_empty_pieces_do_not_end_a_form() -> None:
    assert read(b"", FORM[:100], b"", FORM[100:], b"") == EXPECTED


def test_parts_that_nobody_reads_are_skipped() -> None:
    assert texts(FORM, "after") == {"after": ""}


def test_a_part_read_in_half_is_skipped() -> None:
    async def reading() -> list[str]:
        names = []
        async for part in parts(
            source([FORM[i : i + 1000] for i in range(0, len(FORM), 1000)]), TYPE, max_size=ROOM
        ):
            names.append(part.name)
            async for _ in part.chunks:
                break
        return names

    assert asyncio.run(reading()) == ["client_id", "file", "after"]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/mixed; boundary=XX",
        "application/json",
        "application/x-www-form-urlencoded; boundary=XX",
        "; boundary=XX",
        "multipart/form-data; boundary=other",
        "multipart/form-data; boundary=\udcff",
        "multipart/form-data; boundary=Größe",
        'multipart/form-data; boundary="a\nb"',
    ],
)
def test_what_is_no_form_is_refused(content_type: str) -> None:
    with pytest.raises(InvalidInputError):
        read(FORM, content_type=content_type)


@pytest.mark.parametrize("end", [0, 1, 4, 30, 60, 200, len(FORM) - 5])
def test_a_form_that_ends_too_early_is_refused(end: int) -> None:
    with pytest.raises(InvalidInputError):
        read(FORM[:end])


BOMBS = {
    "many headers": b"--XX\r\n" + b"X-A: b\r\n" * 1000 + b"\r\n",
    "long header": b"--XX\r\nX-A: " + b"b" * 100_000 + b"\r\n\r\n",
    "long header without end": b"--XX\r\nX-A: " + b"b" * 100_000,
    "many parts": field("a", b"") * 1000 + END,
    "no disposition": b"--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n" + END,
    "other disposition": b'--XX\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n' + END,
    "header without colon": b"--XX\r\nnonsense\r\n\r\nx\r\n" + END,
    "header of no charset": b'--XX\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n' + END,
    "length without number": b'--XX\r\nContent-Disposition: form-data; name="a"\r\n'
    b"Content-Length: many\r\n\r\nx\r\n" + END,
    "length too long": b'--XX\r\nContent-Disposition: form-data; name="a"\r\n'
    b"Content-Length: " + b"9" * 4000 + b"\r\n\r\nx\r\n" + END,
    "folded nothing": b"--XX\r\n \r\n\r\nx\r\n" + END,
    "lone line feeds": FORM.replace(b"\r\n", b"\n"),
    "zeros": bytes(10_000),
}


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("size", [7, 1 << 20], ids=["pieces", "whole"])
def test_bombs_and_nonsense_are_refused(body: bytes, size: int) -> None:
    with pytest.raises(InvalidInputError):
        read(*[body[start : start + size] for start in range(0, len(body), size)])


def test_a_form_within_a_form_is_just_bytes() -> None:
    inner = FORM.replace(b"--XX", b"--YY")
    assert read(file("file", inner, kind="multipart/form-data; boundary=YY") + END)[0][3] == inner


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from([b"--XX", b"\r\n", b"--", field("a", b"v"), b"\x00", b":", b"\r", b"\xff"])))
def test_nonsense_is_a_form_or_refused(pieces: list[bytes]) -> None:
    with contextlib.suppress(InvalidInputError):
        read(*pieces)


def test_a_field_of_the_limit_is_read() -> None:
    assert len(texts(field("a", b"x" * 65_536) + END)["a"]) == 65_536


def test_a_field_beyond_the_limit_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="too long"):
        texts(field("a", b"x" * 65_537) + END)


def test_a_field_in_another_charset_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="not UTF-8"):
        texts(field("a", b"\xff\xfe") + END)


def test_an_error_of_the_source_is_not_dressed_up() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield FORM[:300]
        raise ConnectionResetError

    async def reading() -> None:
        async for part in parts(broken(), TYPE, max_size=ROOM):
            async for _ in part.chunks:
                pass

    with pytest.raises(ConnectionResetError):
        asyncio.run(reading())


async def drain(form: AsyncIterator[Part]) -> None:
    async for part in form:
        async for _ in part.chunks:
            pass


def test_a_body_that_stands_still_is_given_up() -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield FORM[:300]
        await asyncio.Event().wait()

    with pytest.raises(InvalidInputError, match="Nothing came"):
        asyncio.run(drain(parts(stalled(), TYPE, max_size=ROOM, idle=0.02)))


def test_a_form_is_measured_as_a_whole() -> None:
    """Not only its files: what stands before, between and after them counts too."""
    with pytest.raises(TooLargeError):
        asyncio.run(drain(parts(source([b"x" * 2000, FORM]), TYPE, max_size=1999)))


def test_a_form_that_drips_is_refused() -> None:
    """Every byte comes in time, the form as a whole would never end."""

    async def drip() -> AsyncIterator[bytes]:
        yield FORM[:60]
        while True:
            await asyncio.sleep(0.01)
            yield b"x"

    async def reading() -> None:
        async for part in parts(drip(), TYPE, max_size=ROOM, idle=0.1):
            async for _ in part.chunks:
                pass

    with pytest.raises(InvalidInputError, match="too slowly"):
        asyncio.run(asyncio.wait_for(reading(), 30))
