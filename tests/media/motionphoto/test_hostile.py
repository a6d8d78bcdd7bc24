"""Whatever comes, the reader answers or raises `MediaError`."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.contracts.errors import MediaError
from libs.media.motionphoto import DEVICES, MotionPhoto, read, write
from tests.media.motionphoto.parts import TAKEN_AT, Parts, app

relaxed = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
INTERESTING = st.sampled_from(
    [
        b"\0",
        b"\xff",
        b"\xff\xd9",
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"\0\0\0\1",
        b"\x7f\xff\xff\xff",
        b"-",
        b"9",
    ]
)


@pytest.fixture(scope="module")
def photos(parts: Parts) -> dict[str, bytes]:
    """One of each device, with a video of few bytes, so that most of it means something."""
    box = parts.video[: int.from_bytes(parts.video[:4], "big")]
    video = box + b"\0\0\0\x08moov" + b"\0\0\0\x10mdat" + b"\1" * 8
    return {
        device: write(
            parts.thumbnail,
            video,
            presentation_us=1,
            taken_at=TAKEN_AT,
            thumbnail=parts.thumbnail,
            device=device,
        )
        for device in DEVICES
    }


def survive(data: bytes) -> MotionPhoto | None:
    try:
        found = read(data)
    except MediaError:
        return None
    assert 0 < found.video_offset < found.video_offset + found.video_size <= len(data)
    assert len(found.video) == found.video_size
    assert len(found.thumbnail or b"") < 1 << 16
    assert found.orientation in range(1, 9)
    assert found.taken_at is None or found.taken_at.utcoffset() is not None
    return found


@relaxed
@given(data=st.binary(max_size=4_000), start=st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xe1"]))
def test_anything(data: bytes, start: bytes) -> None:
    assert survive(start + data) is None


@relaxed
@given(body=st.binary(max_size=2_000), kind=st.sampled_from([b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"]))
def test_any_segment(photos: dict[str, bytes], body: bytes, kind: bytes) -> None:
    data = photos["google"]
    survive(data[:2] + app(kind + body) + data[2:])


@relaxed
@given(body=st.binary(max_size=400), order=st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_any_exif(photos: dict[str, bytes], body: bytes, order: bytes) -> None:
    data = photos["google"]
    survive(data[:2] + app(b"Exif\0\0" + order + body) + data[2:])


@relaxed
@given(device=st.sampled_from(DEVICES), share=st.floats(0, 1, exclude_max=True))
def test_cut_anywhere(photos: dict[str, bytes], device: str, share: float) -> None:
    data = photos[device]
    assert survive(data[: int(len(data) * share)]) is None


@relaxed
@given(
    device=st.sampled_from(DEVICES),
    changes=st.lists(
        st.tuples(st.floats(0, 1), INTERESTING | st.binary(min_size=1, max_size=8)), min_size=1, max_size=6
    ),
)
def test_changed_anywhere(photos: dict[str, bytes], device: str, changes: list[tuple[float, bytes]]) -> None:
    data = bytearray(photos[device])
    for share, new in changes:
        at = int((len(data) - len(new)) * share)
        data[at : at + len(new)] = new
    survive(bytes(data))


@relaxed
@given(
    device=st.sampled_from(DEVICES),
    start=st.floats(0, 1),
    size=st.integers(1, 500),
    times=st.sampled_from([0, 2, 5]),
)
def test_pieces_gone_or_repeated(
    photos: dict[str, bytes], device: str, start: float, size: int, times: int
) -> None:
    data = photos[device]
    at = int(len(data) * start)
    survive(data[:at] + data[at : at + size] * times + data[at + size :])


@relaxed
@given(back=st.integers(0, 40), new=st.binary(min_size=1, max_size=12))
def test_any_trailer_of_samsung(photos: dict[str, bytes], back: int, new: bytes) -> None:
    data = photos["samsung"]
    at = len(data) - back - len(new)
    survive(data[:at] + new + data[at + len(new) :])


@pytest.mark.parametrize("device", DEVICES)
def test_every_byte_of_the_directories(photos: dict[str, bytes], device: str) -> None:
    """Each byte of EXIF and XMP, and each of the end, set to what hurts."""
    data = photos[device]
    picture = data.index(b"\xff\xdb", data.index(b"</x:xmpmeta>"))
    thumbnail = data.index(b"\xff\xd8", 2)
    places = [*range(thumbnail), *range(data.index(b"http://"), picture), *range(len(data) - 80, len(data))]
    for at in places:
        for new in (0, 0xFF, data[at] ^ 1):
            survive(data[:at] + bytes((new,)) + data[at + 1 :])


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff" * (8 << 20),
        b"\xff\xd8" + b"\xff\x01" * (1 << 20),
        b"\xff\xd8" + b"\xff\xe0\0\2" * (1 << 20),
        b"\xff\xd8" + b"\xff\xda\0\2" * (1 << 20),
        b"\xff\xd8\xff\xda\0\2" + b"\xff\0" * (4 << 20),
        b"\xff\xd8\xff\xda\0\2" + b"\xff\xd0" * (4 << 20),
    ],
    ids=["fill", "alone", "segments", "scans", "stuffed", "restarts"],
)
def test_much_of_the_same(data: bytes) -> None:
    with pytest.raises(MediaError):
        read(data)
