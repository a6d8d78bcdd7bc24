"""Our captions through the renderer, and what others would smuggle in with theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from libs.contracts.graph import Output, Subtitles, VideoEncoding
from libs.contracts.media import ObjectRef
from libs.media.command.text import to_ass, without_attachments
from libs.media.execute import render
from libs.media.runner import Finished, run_ffmpeg
from libs.media.tools import Tools
from tests.media.captions.drawing import bounds, made, near, said
from tests.media.looking import frames, run
from tests.media.rendering import film

pytestmark = pytest.mark.anyio
STYLE: dict[str, Any] = {
    "font_size": 60,
    "box_color": "#0000FF",
    "word_color": "#FF0000",
    "outline_width": 0.0,
}


class Stored:
    def __init__(self, paths: dict[str, Path]) -> None:
        self.paths = paths

    async def url(self, source: ObjectRef) -> str:
        return str(self.paths[source.key])

    async def stage(self, source: ObjectRef) -> Path:
        return self.paths[source.key]


async def test_our_script_is_drawn_as_it_is(tools: Tools, tmp_path: Path) -> None:
    plain, script = tmp_path / "plain.mp4", tmp_path / "script"
    ground = "color=gray:s=640x360:r=25:d=1"
    run("ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", ground, str(plain))
    script.write_text(made(640, 360, said("One two", **STYLE)).ass)
    await run_ffmpeg(tools, to_ass(script, tmp_path / "again.ass"), cwd=tmp_path, time_limit=20)
    again = without_attachments((tmp_path / "again.ass").read_bytes()).decode()
    assert again.splitlines() == [line for line in script.read_text().splitlines() if line]
    source = (await film(plain, tools)).source()
    file = ObjectRef(key="script", size=script.stat().st_size, sha256="77" * 32, content_type="text/x-ssa")
    graph = Output(
        input=Subtitles(input=source, file=file),
        container="mp4", extension="mp4", content_type="video/mp4",
        video=VideoEncoding(encoder="libx264", pixel_format="yuv420p", options={"crf": 10}),
    )  # fmt: skip
    stored = Stored({source.object.key: plain, "script": script})
    rendered = await render(
        tools, graph, stored, tmp_path / "out.mp4", time_limit=60, on_progress=lambda _: None
    )
    assert not rendered.damaged
    seen = frames(tmp_path / "out.mp4", 640, 360)
    first, second = (bounds(near(seen[n], (255, 0, 0), 60)) for n in (5, 15))
    box = bounds(near(seen[5], (0, 0, 255), 60))
    assert box[0] < first[0] < first[2] < second[0] < second[2] < box[2]


ATTACHED = """[Script Info]
ScriptType: v4.00+
 [fonts]
fontname: evil.ttf
!!!!

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,[Fonts]
\r[GRAPHICS]\rfilename: evil.png\r[Else]\nfontname: evil.ttf
[V4+ Styles]
Style: kept
"""


def test_attachments_are_left_out() -> None:
    kept = without_attachments(b"\xef\xbb\xbf" + ATTACHED.encode())
    assert b"evil" not in kept
    assert b"Else" not in kept
    assert kept.count(b"Dialogue") == 1
    assert kept.endswith(b"Style: kept\n")


def test_what_fontconfig_says_is_no_damage() -> None:
    assert not Finished(1.0, "Fontconfig error: No writable cache directories\n").damaged
    assert Finished(1.0, "Fontconfig error: No writable\n[h264 @ 0x1] error while decoding\n").damaged
