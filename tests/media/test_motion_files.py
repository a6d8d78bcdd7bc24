"""Previews and clips, decoded and looked at."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from libs.contracts.errors import MediaError
from libs.media.tools import Tools
from tests.media.corpus import Corpus
from tests.media.filming import Lab, Made, boxes, made, pitch, sound
from tests.media.looking import frame_times, frames

pytestmark = pytest.mark.anyio

SOURCES = {
    "plain": (160, 120), "rotated-90": (120, 160), "rotated-180": (160, 120), "rotated-270": (120, 160),
    "odd-h264": (160, 120), "odd-vp9": (160, 120), "odd-ffv1": (160, 120), "gif": (160, 120),
    "alpha-vp9": (160, 120), "no-audio": (160, 120), "hdr10": (160, 120), "hlg": (160, 120),
    "ten-bit": (160, 120), "interlaced": (160, 120), "interlaced-mpeg2": (160, 120), "vfr": (160, 120),
    "vfr-mkv": (160, 120), "anamorphic": (212, 120), "full-range": (160, 120), "mjpeg": (160, 120),
    "packed": (160, 120), "surround-mkv": (160, 120), "many-tracks": (160, 120), "late-video": (160, 120),
    "one-frame": (160, 120), "wmv": (160, 120), "3gp": (176, 144), "ogg": (160, 120), "cover": (160, 120),
    "headless-ts": (160, 120), "pcm": (160, 120),
}  # fmt: skip
"""Clips of the corpus and the size of what is made of them."""
COLOURS = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
UPRIGHT = {
    "plain": ["red", "lime", "white", "blue"],
    "rotated-90": ["blue", "red", "lime", "white"],
    "rotated-180": ["white", "blue", "red", "lime"],
    "rotated-270": ["lime", "white", "blue", "red"],
    "anamorphic": ["red", "lime", "white", "blue"],
    "interlaced": ["red", "lime", "white", "blue"],
    "full-range": ["red", "lime", "white", "blue"],
    "mjpeg": ["red", "lime", "white", "blue"],
}
"""What the corners show, clockwise from the top left."""
PALETTE = "-filter_complex split[a][b];[a]palettegen=reserve_transparent=1[p];[b][p]paletteuse"
IDENTITY = ("-metadata", "location=+37.5+127.0/", "-metadata", "title=Mine", "-metadata", "make=Acme",
            "-metadata", "creation_time=2024-05-01T12:00:00Z")  # fmt: skip


@pytest.fixture(scope="module")
def lab(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tools, tmp_path_factory.mktemp("made"))


def corners(result: Made) -> list[str]:
    width, height = result.size
    shown = frames(result.path, width, height)
    last = shown[len(shown) // 2].astype(int)
    places = ((8, 8), (8, width - 9), (height - 9, width - 9), (height - 9, 8))
    return [min(COLOURS, key=lambda name: int(np.abs(last[place] - COLOURS[name]).sum())) for place in places]


@pytest.mark.parametrize("name", SOURCES)
async def test_a_preview_plays_everywhere(corpus: Corpus, lab: Lab, name: str) -> None:
    result = await lab.preview(corpus.path(name))
    video = result.video
    assert (video["codec_name"], video["profile"]) == ("h264", "Constrained Baseline")
    assert video["level"] <= 31
    assert (video["pix_fmt"], video.get("field_order", "progressive")) == ("yuv420p", "progressive")
    assert (video["r_frame_rate"], video["avg_frame_rate"]) == ("30/1", "30/1")
    assert result.size == SOURCES[name]
    assert video.get("sample_aspect_ratio", "1:1") == "1:1"
    info = await lab.info(result.path)
    assert info.video is not None
    assert (info.video.rotation, info.video.hdr) == (0, False)
    assert [(each.codec, each.sample_rate) for each in info.audio] == [("aac", 48000)] * bool(
        result.source.audio
    )
    assert all(each.channels <= 2 for each in info.audio)
    assert result.raw["format"]["tags"]["major_brand"] == "isom"
    assert boxes(result.path).index("moov") < boxes(result.path).index("mdat")
    assert result.source.video is not None
    times = corpus.times(name)
    lasts = times[-1] - times[0] + 1 / Fraction(result.source.video.nominal_rate)
    assert len(frame_times(result.path)) == pytest.approx(lasts * 30, abs=1.5)


@pytest.mark.parametrize("name", UPRIGHT)
async def test_previews_and_clips_are_upright_and_in_colour(corpus: Corpus, lab: Lab, name: str) -> None:
    assert corners(await lab.preview(corpus.path(name))) == UPRIGHT[name]
    assert corners(await lab.clip(corpus.path(name), 0.2, 0.8)) == UPRIGHT[name]


@pytest.mark.parametrize(
    ("size", "expected"),
    [("1920x1080", (1280, 720)), ("1080x1920", (404, 720)), ("1000x1000", (720, 720)),
     ("640x360", (640, 360)),
     ("2560x1080", (1280, 540)), ("1281x721", (1280, 720))],
)  # fmt: skip
async def test_a_preview_is_made_smaller_never_larger(lab: Lab, size: str, expected: tuple[int, int]) -> None:
    graph = f"testsrc2=s={size}:r=25:d=0.08,format=yuv444p"
    source = made(lab.folder / f"{size}.mkv", "-f", "lavfi", "-i", graph, "-c:v", "ffv1")
    result = await lab.preview(source)
    assert result.size == expected
    assert result.video["level"] <= 31


async def test_a_preview_has_a_key_frame_a_second(lab: Lab) -> None:
    still = "color=gray:s=320x240:r=25:d=4"
    source = made(lab.folder / "long.mp4", "-f", "lavfi", "-i", still, "-c:v", "libx264", "-g", "250")
    result = await lab.preview(source)
    assert frame_times(result.path) == pytest.approx([i / 30 for i in range(120)], abs=0.001)
    keys = made(lab.folder / "keys.mp4", "-discard", "nokey", "-i", str(result.path), "-c", "copy", "-an")
    assert len(frame_times(keys)) == 4


@pytest.mark.parametrize(
    ("name", "codec"), [("see.gif", PALETTE), ("see.webm", "-c:v libvpx-vp9 -pix_fmt yuva420p"),
                        ("see.mov", "-c:v qtrle -pix_fmt argb")],
)  # fmt: skip
async def test_what_is_transparent_is_black(lab: Lab, name: str, codec: str) -> None:
    """The left half is opaque white, the right one transparent white."""
    half = "color=white:s=64x64:r=10:d=1,format=rgba,geq=r=255:g=255:b=255:a='255*lt(X,32)'"
    source = made(lab.folder / name, "-f", "lavfi", "-i", half, *codec.split())
    for result in (await lab.preview(source), await lab.clip(source, 0.2, 0.8)):
        shown = frames(result.path, 64, 64)[-1]
        assert shown[:, 4:28].min() > 240
        assert shown[:, 36:60].max() < 16
    still = await lab.still(source, 0.5)
    assert frames(still, 64, 64)[0][:, 36:60].max() < 16


async def test_nothing_tells_where_it_comes_from(corpus: Corpus, lab: Lab) -> None:
    source = made(lab.folder / "mine.mov", "-i", str(corpus.path("many-tracks")), "-map", "0", "-c", "copy",
                  *IDENTITY)  # fmt: skip
    for result in (await lab.preview(source), await lab.clip(source, 0.2, 0.8)):
        found = set(result.raw["format"]["tags"])
        assert found <= {"major_brand", "minor_version", "compatible_brands", "encoder"}
        for stream in result.raw["streams"]:
            assert set(stream["tags"]) <= {"language", "handler_name", "vendor_id", "encoder"}
            assert stream["tags"]["language"] == "und"
            assert not stream.get("side_data_list")
        assert b"Acme" not in result.path.read_bytes()


async def test_the_default_track_is_heard(corpus: Corpus, lab: Lab) -> None:
    """Of 440, 880 and 220 Hz the second one is what players begin with."""
    assert pitch(sound((await lab.preview(corpus.path("many-tracks"))).path)) == pytest.approx(880, rel=0.02)
    assert pitch(sound((await lab.clip(corpus.path("many-tracks"), 0.2, 0.9)).path)) == pytest.approx(
        880, rel=0.02
    )


@pytest.mark.parametrize("name", ["audio-only", "mp3"])
async def test_sound_alone_is_no_video(corpus: Corpus, lab: Lab, name: str) -> None:
    with pytest.raises(MediaError):
        await lab.preview(corpus.path(name))
    with pytest.raises(MediaError):
        await lab.clip(corpus.path(name), 0.0, 0.5)
