"""Cuts and joins by ffmpeg: exactly the frames that were asked for, and the sound that belongs to them."""

from __future__ import annotations

import random
from fractions import Fraction

import msgspec
import numpy as np
import pytest

from libs.contracts.graph import AudioEncoding, Concat, Node, Trim
from libs.media.tools import Tools
from tests.media.corpus import Corpus
from tests.media.rendering import HERTZ, LOSSLESS, Film, Studio, film, lag

CHIRP = "aevalsrc='0.3*sin(2*PI*(300*t+150*t*t))':s=48000:d=6"
COUNTED = "testsrc2=s=160x120:r=30000/1001:d=6"
UNEVEN = "testsrc2=s=160x120:r=50:d=6,select='not(mod(n,2))*lt(n,80)+not(mod(n,7))*gte(n,80)'"
X264 = "-c:v libx264 -preset ultrafast -g 40 -bf 2 -pix_fmt yuv420p -c:a aac"
SYNCHRONOUS = 0.002

MADE = {
    "even.mp4": ["-f", "lavfi", "-i", COUNTED, "-f", "lavfi", "-i", CHIRP, *X264.split()],
    "uneven.mp4": ["-f", "lavfi", "-i", UNEVEN, "-f", "lavfi", "-i", CHIRP, *f"-fps_mode vfr {X264}".split()],
}  # fmt: skip
COPIED = {
    "even.mkv": [],
    "even.ts": [],
    "even.flv": [],
    "fragments.mp4": ["-movflags", "frag_keyframe+empty_moov"],
}
ENCODED = {
    "even.webm": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 50 -c:a libopus",
    "even.avi": "-c:v libxvid -g 40 -bf 2 -q:v 3 -c:a pcm_s16le",
    "even.ogv": "-c:v libtheora -g 40 -q:v 6 -c:a libvorbis",
    "even.wmv": "-c:v wmv2 -g 40 -q:v 3 -c:a wmav2",
    "even.mpg": "-c:v mpeg2video -g 40 -bf 2 -q:v 3 -c:a mp2",
}
NAMES = (*MADE, *COPIED, *ENCODED)


@pytest.fixture(scope="module")
async def studio(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tools, tmp_path_factory.mktemp("cuts"), {})


async def clip(studio: Studio, name: str) -> Film:
    if name in MADE:
        return await studio.made(name, *MADE[name])
    even = await studio.made("even.mp4", *MADE["even.mp4"])
    if name in COPIED:
        return await studio.made(name, "-i", str(even.path), "-c", "copy", *COPIED[name])
    return await studio.made(name, "-i", str(even.path), *ENCODED[name].split())


def check(result: Film, parts: list[tuple[Film, float, float]]) -> None:
    """`result` shows the frames of the parts at their times, and its sound is theirs."""
    pictures, times, joins, offset = [], [], [], Fraction(0)
    for source, start, end in parts:
        first, last = (source.at_or_after(Fraction(time).limit_denominator(10**6)) for time in (start, end))
        kept = [(time - first + offset, picture) for time, picture in source.shown if first <= time < last]
        times += [time for time, _ in kept]
        pictures += [picture for _, picture in kept]
        joins.append((source, first, last, offset))
        offset += last - first
    assert result.pictures == pictures
    assert max(abs(a - b) for a, b in zip(result.times, times, strict=True)) < Fraction(1, 5000)
    if not parts[0][0].info.audio:
        return
    assert len(result.sound) / HERTZ == pytest.approx(float(offset), abs=0.001)
    for source, first, last, at in joins:
        length = min(round((last - first) * HERTZ), len(source.sound) - round(first * HERTZ))
        for begin, size in ((0, min(length, 4800)), (max(length - 4800, 0), min(length, 4800))):
            heard = result.sound[round(at * HERTZ) + begin :][:size]
            wanted = source.sound[round(first * HERTZ) + begin :][:size]
            if size > 2400:
                late = round(lag(heard, wanted, 2400) * HERTZ)
                assert abs(late) < SYNCHRONOUS * HERTZ
                assert np.abs(np.roll(heard, -late)[100:-100] - wanted[100:-100]).mean() < 0.03


@pytest.mark.anyio
@pytest.mark.parametrize("name", NAMES)
async def test_a_cut_holds_exactly_its_frames(studio: Studio, name: str) -> None:
    whole = await clip(studio, name)
    chance = random.Random(name)
    for _ in range(2 if name in MADE else 1):
        start, length = round(chance.uniform(0, 4.5), 3), round(chance.uniform(0.2, 1.0), 3)
        result = await studio.rendered(Trim(input=whole.source(), start=start, end=start + length))
        check(result, [(whole, start, start + length)])


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["even.mkv", "uneven.mp4"])
async def test_cuts_at_the_edges(studio: Studio, name: str) -> None:
    whole = await clip(studio, name)
    last = float(whole.times[-1])
    for start, end in ((0.0, 0.5), (0.0, 0.02), (5.0, 99.0), (last, 99.0), (float(whole.times[40]), 2.0)):
        result = await studio.rendered(Trim(input=whole.source(), start=start, end=end))
        check(result, [(whole, start, end)])


@pytest.mark.anyio
async def test_joined_parts_follow_each_other_exactly(studio: Studio) -> None:
    names = ["even.mp4", "uneven.mp4", "even.ts", "even.mkv", "uneven.mp4"]
    films = [await clip(studio, name) for name in names]
    parts = [(each, start, start + 0.7) for each, start in zip(films, (1.0, 3.3, 0.0, 2.5, 1.3), strict=True)]
    nodes: list[Node] = [Trim(input=each.source(), start=start, end=end) for each, start, end in parts]
    check(await studio.rendered(Concat(inputs=nodes)), parts)


ODD = ("headless-ts", "edit-list", "late-video", "rotated-90", "interlaced-ts", "vp8", "vp9", "packed", "gif")
DAMAGED = ("headless-ts",)
DEEP = msgspec.structs.replace(LOSSLESS, pixel_format="yuv420p10le")


@pytest.mark.anyio
@pytest.mark.parametrize("name", [*ODD, "surround-mkv", "ntsc-mkv", "vfr-mkv", "3gp", "ten-bit"])
async def test_cuts_of_odd_clips(studio: Studio, corpus: Corpus, name: str) -> None:
    odd = studio.films[name] = await film(corpus.path(name), studio.tools)
    kept = [AudioEncoding(index=stream.index, encoder="pcm_s16le") for stream in odd.info.audio[:1]]
    parts = [(odd, 0.301, 0.62), (odd, 0.0, 0.2)]
    nodes: list[Node] = [Trim(input=odd.source(), start=start, end=end) for _, start, end in parts]
    video = DEEP if odd.info.video and odd.info.video.bit_depth == 10 else LOSSLESS
    result = await studio.rendered(Concat(inputs=nodes), damaged=name in DAMAGED, audio=kept, video=video)
    check(result, parts)


@pytest.mark.anyio
async def test_a_cut_late_in_a_stream_without_an_index(studio: Studio) -> None:
    slow = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=64x48:r=5:d=100",
        "-f",
        "lavfi",
        "-i",
        CHIRP.replace("d=6", "d=100"),
    ]
    long = await studio.made("long.ts", *slow, *X264.split())
    for start in (80.3, 95.0):
        result = await studio.rendered(Trim(input=long.source(), start=start, end=start + 1.5), damaged=True)
        check(result, [(long, start, start + 1.5)])
