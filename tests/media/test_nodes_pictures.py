"""What each node does to the pictures, really rendered and looked at."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libs.contracts.errors import ReelbusError
from libs.contracts.graph import Concat, Fit, Node, Overlay, Rate, Speed, Subtitles, Trim
from libs.contracts.media import ObjectRef
from libs.media.command import compile as compile_graph
from libs.media.command.text import to_ass
from libs.media.runner import run_ffmpeg
from libs.media.tools import Tools
from tests.media.building import filtered, step
from tests.media.looking import Pixels, frames
from tests.media.rendering import Film, Studio

RED, GREEN = "color=red:s=160x120:r=25:d=2", "color=lime:s=120x120:r=25:d=2"
PLAIN = "-c:v libx264 -preset ultrafast -qp 8 -pix_fmt yuv420p"
SILENT: dict[str, Any] = {"audio": []}
ASS = """[Script Info]
PlayResX: 160
PlayResY: 120
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Alignment
Style: Default,DejaVu Sans,40,&H00FFFFFF,5
[Events]
Format: Layer, Start, End, Style, Text
Dialogue: 0,0:00:00.40,0:00:01.00,Default,HELLO
"""


@pytest.fixture(scope="module")
async def studio(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    studio = Studio(tools, tmp_path_factory.mktemp("pictures"), {})
    await studio.made("red.mp4", "-f", "lavfi", "-i", RED, *PLAIN.split())
    await studio.made("green.mp4", "-f", "lavfi", "-i", GREEN, *PLAIN.split())
    await studio.made("count.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2", *PLAIN.split())
    await studio.made(
        "turned.mp4", "-i", str(studio.films["red.mp4"].path), "-c", "copy", "-metadata:s:v", "rotate=90"
    )
    await studio.made("wide.mp4", "-f", "lavfi", "-i", f"{RED},setsar=2/1", *PLAIN.split())
    return studio


def look(film: Film) -> Pixels:
    assert film.info.video is not None
    return frames(film.path, film.info.video.width, film.info.video.height)


def is_red(pixels: Pixels) -> bool:
    return bool(pixels[..., 0].mean() > 200 and pixels[..., 1].mean() < 60)


def is_green(pixels: Pixels) -> bool:
    return bool(pixels[..., 1].mean() > 200 and pixels[..., 0].mean() < 60)


def is_black(pixels: Pixels) -> bool:
    return bool(pixels.mean() < 30)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("red.mp4", (267, 200)),
        ("green.mp4", (200, 200)),
        ("turned.mp4", (150, 200)),
        ("wide.mp4", (400, 150)),
    ],
)
async def test_fitted_pictures_keep_their_aspect_between_bars(
    studio: Studio, name: str, shown: tuple[int, int]
) -> None:
    result = await studio.rendered(Fit(input=studio.films[name].source(), width=400, height=200), **SILENT)
    assert result.info.video is not None
    assert (result.info.video.width, result.info.video.height) == (400, 200)
    assert result.info.video.sample_aspect == "1:1"
    assert len(result.pictures) == 50
    bright = look(result)[25].max(axis=2) > 128
    assert bright.any(axis=0).sum() == pytest.approx(shown[0], abs=3)
    assert bright.any(axis=1).sum() == pytest.approx(shown[1], abs=3)
    centre = [int(np.flatnonzero(bright.any(axis=axis)).mean()) for axis in (0, 1)]
    assert centre == [pytest.approx(200, abs=2), pytest.approx(100, abs=2)]


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["crop", "blur"])
async def test_fitted_pictures_fill_the_frame(studio: Studio, mode: str) -> None:
    node = Fit(input=studio.films["red.mp4"].source(), width=64, height=128, mode=mode)
    result = await studio.rendered(node, **SILENT)
    [height, width] = look(result).shape[1:3]
    assert (width, height) == (64, 128)
    assert is_red(look(result))


@pytest.mark.anyio
@pytest.mark.parametrize(("rate", "count"), [("50", 100), ("10", 20), ("30000/1001", 60), ("25", 50)])
async def test_a_rate_makes_a_grid_from_the_first_frame_on(studio: Studio, rate: str, count: int) -> None:
    film = studio.films["count.mp4"]
    result = await studio.rendered(Rate(input=film.source(end=2.0), rate=rate), **SILENT)
    assert len(result.times) == count
    step = 1 / Fraction(rate)
    assert max(abs(time - i * step) for i, time in enumerate(result.times)) < Fraction(1, 10000)
    shown = [film.pictures.index(picture) for picture in result.pictures]
    assert shown[0] == 0
    assert all(abs(number - time * 25) <= 1 for number, time in zip(shown, result.times, strict=True))


@pytest.mark.anyio
@pytest.mark.parametrize(("rate", "count"), [("50", 100), ("24", 48), ("30000/1001", 60), ("7", 14)])
async def test_a_rate_without_a_cut_has_all_frames(studio: Studio, rate: str, count: int) -> None:
    film = studio.films["count.mp4"]
    result = await studio.rendered(Rate(input=film.source(), rate=rate), **SILENT)
    assert len(result.times) == count
    assert result.pictures[0] == film.pictures[0]


@pytest.mark.anyio
@pytest.mark.parametrize("factor", [2.0, 0.5, 10.0])
async def test_speed_keeps_every_frame(studio: Studio, factor: float) -> None:
    film = studio.films["count.mp4"]
    result = await studio.rendered(Speed(input=film.source(), factor=factor), **SILENT)
    assert result.pictures == film.pictures
    assert float(result.times[-1]) == pytest.approx(1.96 / factor, abs=0.001)


@pytest.mark.anyio
async def test_a_cut_after_a_change_of_speed_or_rate_is_exact(studio: Studio) -> None:
    film = studio.films["count.mp4"]
    slow = await studio.rendered(
        Trim(input=Speed(input=film.source(end=1.0), factor=0.5), start=0.4, end=1.2), **SILENT
    )
    assert slow.pictures == film.pictures[5:15]
    dense = Trim(input=Rate(input=film.source(), rate="50"), start=0.4, end=0.8)
    fast = await studio.rendered(dense, **SILENT)
    assert fast.pictures == [picture for picture in film.pictures[10:20] for _ in (0, 1)]
    joined: list[Node] = [Trim(input=film.source(), start=1.0), dense]
    result = await studio.rendered(Concat(inputs=joined), **SILENT)
    assert result.pictures == film.pictures[25:] + fast.pictures
    assert float(result.times[-1]) == pytest.approx(1.38, abs=0.001)


@pytest.mark.anyio
async def test_filters_come_after_cuts(studio: Studio) -> None:
    film = studio.films["count.mp4"]
    grey = filtered(step("eq", saturation=0.0), of=Trim(input=film.source(), start=0.5, end=1.0))
    result = await studio.rendered(grey, **SILENT)
    assert len(result.times) == 12
    shown, wanted = look(result).astype(int), frames(film.path, 160, 120)[13:25].astype(int)
    assert np.abs(shown[..., 0] - shown[..., 2]).mean() < 3
    assert abs(shown.mean() - wanted.mean()) < 20


@pytest.mark.anyio
async def test_parts_of_other_sizes_are_brought_to_the_first(studio: Studio) -> None:
    red, green, turned = (studio.films[name] for name in ("red.mp4", "green.mp4", "turned.mp4"))
    node = Concat(inputs=[red.source(), green.source(), turned.source()])
    result = await studio.rendered(node, **SILENT)
    seen = look(result)
    assert seen.shape == (150, 120, 160, 3)
    assert is_red(seen[:50])
    assert is_green(seen[50:100, :, 24:136])
    assert is_black(seen[50:100, :, :16])
    assert is_red(seen[100:, :, 40:120])


@pytest.mark.anyio
async def test_a_layer_is_shown_where_and_when_it_should(studio: Studio) -> None:
    red, green = studio.films["red.mp4"], studio.films["green.mp4"]
    layer = Fit(input=Trim(input=green.source(), end=1.2), width=40, height=30)
    result = await studio.rendered(Overlay(input=red.source(), layer=layer, x=100, y=80, start=0.4), **SILENT)
    seen = look(result)
    assert len(seen) == 50
    assert is_red(seen[:, :70])
    assert [is_green(frame[82:108, 107:133]) for frame in seen] == [10 <= i < 40 for i in range(50)]
    node = Overlay(input=red.source(), layer=layer, x=-20, y=0, start=0.2, end=0.8)
    seen = look(await studio.rendered(node, **SILENT))
    assert [is_green(frame[5:25, :12]) for frame in seen] == [5 <= i < 20 for i in range(50)]


@pytest.mark.anyio
async def test_a_picture_over_itself_is_opened_twice(studio: Studio) -> None:
    film = studio.films["count.mp4"]
    result = await studio.rendered(Overlay(input=film.source(), layer=film.source()), **SILENT)
    assert result.times == film.times


@pytest.mark.anyio
async def test_transparency_of_a_layer_is_seen(studio: Studio) -> None:
    clear = "color=lime@0:s=160x120:r=25:d=1,format=yuva420p,drawbox=w=80:h=120:color=lime:t=fill:replace=1"
    vp9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"
    layer = await studio.made("clear.webm", "-f", "lavfi", "-i", clear, *vp9.split())
    node = Overlay(input=Trim(input=studio.films["red.mp4"].source(), end=0.4), layer=layer.source())
    seen = look(await studio.rendered(node, **SILENT))
    assert is_green(seen[..., :72, :])
    assert is_red(seen[..., 88:, :])


SRT = "1\n00:00:00,400 --> 00:00:01,000\nHELLO\n"
VTT = "WEBVTT\n\n00:00.400 --> 00:01.000\nHELLO\n"
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n"


@pytest.mark.anyio
async def test_text_of_other_kinds_becomes_ass_and_nothing_else_is_read(studio: Studio) -> None:
    folder, tools = studio.folder, studio.tools
    for name, text in (("a.srt", SRT), ("a.vtt", VTT), ("a.ass", ASS)):
        (folder / name).write_text(text)
        await run_ffmpeg(tools, to_ass(folder / name, folder / "out.ass"), cwd=folder, time_limit=20)
        [line] = [line for line in (folder / "out.ass").read_text().splitlines() if "Dialogue" in line]
        assert line.startswith("Dialogue: 0,0:00:00.40,0:00:01.00,Default,")
        assert line.endswith(",HELLO")
    for text in (PLAYLIST, "ffconcat version 1.0\nfile a.srt\n", f"{SRT}\n<MPD profiles=dash:profile:x>"):
        (folder / "bad.srt").write_text(text)
        destination = folder / "bad.ass"
        with suppress(ReelbusError):
            await run_ffmpeg(tools, to_ass(folder / "bad.srt", destination), cwd=folder, time_limit=20)
        assert not destination.exists() or "HELLO" in destination.read_text()


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["words.ass", "o'dd [na,me];=:\\.ass"])
async def test_text_is_drawn_at_its_time(studio: Studio, name: str) -> None:
    path = studio.folder / name
    path.write_text(ASS)
    file = ObjectRef(key="words", size=len(ASS), sha256="77" * 32)
    graph = studio.output(Subtitles(input=studio.films["red.mp4"].source(), file=file), **SILENT)
    inputs: dict[str, str | Path] = {"red.mp4": studio.films["red.mp4"].path, file.sha256: path}
    destination = studio.folder / "subtitled.mov"
    argv = compile_graph(graph, inputs, destination)
    await run_ffmpeg(studio.tools, argv, cwd=studio.folder, time_limit=60)
    seen = frames(destination, 160, 120)
    assert [bool((frame[..., 1] > 200).sum() > 200) for frame in seen] == [10 <= i < 25 for i in range(50)]
