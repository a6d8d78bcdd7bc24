"""Sources over HTTP ranges, from a server that breaks connections."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from av.container import InputContainer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.contracts.errors import ConflictError, NotFoundError, ReelbusError, UnavailableError
from libs.media.cut.ranged import BLOCK, CACHED, LONGEST, Input, open_input
from tests.media.corpus import Corpus
from tests.media.cut.server import Fault, Store, serve

SIZE = 9 * BLOCK + 1234
DATA = random.Random(3).randbytes(SIZE)
QUICK, IMPATIENT = 0.05, 0.01
"""Patience with a server that answers in its own time, and with one that never does."""


@pytest.fixture
def store() -> Iterator[Store]:
    with serve(DATA) as store:
        yield store


def name_of(value: object) -> str:
    return getattr(value, "__name__", str(value))


def opened(store: Store, fault: Fault | None = None) -> Input:
    return open_input(store.url, patience=IMPATIENT if fault and fault.silent else QUICK)


def part(source: Input, start: int, size: int) -> bytes:
    source.file.seek(start)
    return source.file.read(size) or b""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, SIZE + 10), st.integers(0, 3 * BLOCK)), max_size=8))
def test_any_part_is_what_it_is_in_a_file(store: Store, parts: list[tuple[int, int]]) -> None:
    with opened(store) as source:
        for start, size in parts:
            assert part(source, start, size) == DATA[start : start + size]
            assert source.file.tell() == start + len(DATA[start : start + size])
        assert source.bytes_read <= SIZE


def test_the_end_is_where_the_size_says_and_seeks_are_those_of_files(store: Store) -> None:
    with opened(store) as source:
        assert source.size == SIZE
        assert source.file.seek(-3, 2) == SIZE - 3
        assert source.file.read(10) == DATA[-3:]
        assert source.file.read(10) == b""
        assert source.file.seek(-1, 1) == SIZE - 1
        with pytest.raises(ValueError):
            source.file.seek(-1)


def test_bytes_are_counted_and_fetched_once(store: Store) -> None:
    with opened(store) as source:
        assert source.bytes_read == BLOCK
        part(source, 10, 1000)
        assert source.bytes_read == BLOCK
        part(source, 5 * BLOCK + 7, 1)
        part(source, 5 * BLOCK, BLOCK)
        assert source.bytes_read == 2 * BLOCK == store.sent
    assert store.connections == 1


def test_reading_on_takes_ever_longer_requests_also_in_turns() -> None:
    far = 300 * BLOCK
    with serve(bytes(600 * BLOCK)) as store, opened(store) as source:
        for offset in range(0, 200 * BLOCK, 32 << 10):
            part(source, offset, 32 << 10)
            part(source, far + offset, 32 << 10)
        lengths = [(end - start) // BLOCK for start, end in store.asked]
    assert lengths[0] == 1
    assert max(lengths) == LONGEST
    assert len(lengths) < 20


def test_memory_is_bounded() -> None:
    with serve(bytes((CACHED + 40) * BLOCK)) as store, opened(store) as source:
        while source.file.read(BLOCK):
            pass
        assert source.bytes_read == store.sent == len(store.data)
        part(source, 0, 1)
        assert source.bytes_read == len(store.data) + BLOCK


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=503),
        Fault(status=429),
        Fault(body=0),
        Fault(body=1000),
        Fault(body=BLOCK - 1),
        Fault(body=1000, polite=True),
        Fault(body=1000, chunked=True),
        Fault(chunked=True),
        Fault(silent=True),
    ],
    ids=name_of,
)
def test_what_breaks_is_taken_up_again(store: Store, fault: Fault) -> None:
    store.faults = [fault]
    with opened(store, fault) as source:
        store.faults = [fault, fault]
        assert part(source, 5 * BLOCK, BLOCK) == DATA[5 * BLOCK : 6 * BLOCK]
        assert part(source, 0, 10) == DATA[:10]
        assert source.bytes_read == 2 * BLOCK


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=500), UnavailableError),
        (Fault(body=0), UnavailableError),
        (Fault(body=100), UnavailableError),
        (Fault(silent=True), UnavailableError),
        (Fault(status=403), UnavailableError),
        (Fault(status=302), UnavailableError),
        (Fault(status=200), ConflictError),
        (Fault(status=404), NotFoundError),
        (Fault(status=412), ConflictError),
    ],
    ids=name_of,
)
def test_what_stays_broken_is_an_error_and_never_an_end(
    store: Store, fault: Fault, error: type[ReelbusError]
) -> None:
    with opened(store, fault) as source:
        store.forever = fault
        with pytest.raises(error):
            part(source, 3 * BLOCK, 10)
        store.forever = None
        for again in (lambda: part(source, 3 * BLOCK, 10), source.check):
            with pytest.raises(error):
                again()


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFoundError), (403, UnavailableError), (500, UnavailableError), (200, UnavailableError)],
)
def test_a_store_that_refuses_is_told_when_it_is_opened(
    store: Store, status: int, error: type[ReelbusError]
) -> None:
    store.forever = Fault(status=status)
    with pytest.raises(error):
        opened(store)


def test_nobody_there_is_unavailable() -> None:
    with serve(b"") as store:
        pass
    with pytest.raises(UnavailableError):
        opened(store)


@pytest.mark.parametrize("conditions", [True, False])
def test_another_object_in_its_place_is_an_error(store: Store, conditions: bool) -> None:
    store.conditions = conditions
    with opened(store) as source:
        store.etag = '"two"'
        with pytest.raises(ConflictError, match="changed"):
            part(source, 3 * BLOCK, 10)


@pytest.mark.parametrize("etag", ["", 'W/"weak"', '"strong"'])
def test_any_kind_of_mark_will_do(store: Store, etag: str) -> None:
    store.etag = etag
    with opened(store) as source:
        assert part(source, 3 * BLOCK, 10) == DATA[3 * BLOCK : 3 * BLOCK + 10]


def test_another_size_is_an_error(store: Store) -> None:
    with opened(store) as source:
        store.data = DATA[:-1]
        with pytest.raises(ConflictError):
            part(source, 3 * BLOCK, 10)
    with opened(store) as source:
        store.data = DATA[:BLOCK]
        with pytest.raises(ConflictError):
            part(source, 3 * BLOCK, 10)


def test_an_empty_object_has_no_bytes() -> None:
    with serve(b"") as store, opened(store) as source:
        assert (source.size, source.file.read(10), source.bytes_read) == (0, b"", 0)


def test_files_are_counted_too(tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(DATA)
    with open_input(str(path)) as source:
        assert part(source, 70, 100) == DATA[70:170]
        assert (source.size, source.bytes_read) == (SIZE, 100)
        path.write_bytes(DATA[:1000])
        with pytest.raises(UnavailableError):
            part(source, 2000, 10)
    for missing in (tmp_path / "none", tmp_path):
        with pytest.raises(NotFoundError):
            open_input(str(missing))


def demuxed(source: Input) -> Iterator[bytes]:
    container = av.open(source.file, mode="r")
    assert isinstance(container, InputContainer)
    with container:
        for packet in container.demux(container.streams[0]):
            yield bytes(packet)


@pytest.mark.parametrize("name", ["plain", "ntsc-mkv", "ts", "flv"])
def test_demuxers_read_as_from_a_file(corpus: Corpus, name: str) -> None:
    path = corpus.path(name)
    with serve(path.read_bytes()) as store, opened(store) as source, open_input(str(path)) as file:
        assert list(demuxed(source)) == list(demuxed(file))
        assert source.bytes_read == file.size


def test_a_demuxer_that_comes_upon_a_broken_connection_raises() -> None:
    """A demuxer of WAV reads on until it is told that there is no more."""
    header = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 0, b"WAVEfmt ", 16, 1, 1, 8000, 8000, 1, 8, b"data", 0)
    with serve(header + bytes(6 * BLOCK)) as store, opened(store) as source:
        packets = demuxed(source)
        next(packets)
        store.forever = Fault(body=5)
        with pytest.raises(UnavailableError):
            list(packets)
