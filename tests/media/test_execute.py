"""Graphs rendered in place or from staged copies."""

from __future__ import annotations

from pathlib import Path

import pytest

from libs.contracts.errors import MediaError
from libs.contracts.media import ObjectRef
from libs.media.execute import render
from libs.media.motion import clip_graph, preview_graph
from libs.media.probe import probe
from libs.media.tools import Tools
from tests.media.looking import reference
from tests.media.numbered import numbered, numbers

pytestmark = pytest.mark.anyio


class Copies:
    """What lies in place and what is staged are two files; `asked` is which of them was."""

    def __init__(self, in_place: Path, staged: Path) -> None:
        self._in_place, self._staged = in_place, staged
        self.asked: list[str] = []

    async def url(self, source: ObjectRef) -> str:
        self.asked.append("url")
        return str(self._in_place)

    async def stage(self, source: ObjectRef) -> Path:
        self.asked.append("stage")
        return self._staged


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds that can be read from their beginning on."""
    return numbered(tmp_path_factory.mktemp("execute") / "film.mkv", 200)


async def rendered(
    film: Path, copies: Copies, into: Path, tools: Tools, part: tuple[float, float] | None
) -> list[int]:
    info = (await probe(film, tools, size=film.stat().st_size)).info
    source, seen = reference(film), list[float]()
    graph = clip_graph(source, info, *part, 1.0) if part else preview_graph(source, info)
    made = await render(tools, graph, copies, into, time_limit=60, on_progress=seen.append)
    assert made.info.video is not None
    assert seen
    return numbers(into)


async def test_a_small_part_is_read_in_place(film: Path, tmp_path: Path, tools: Tools) -> None:
    copies = Copies(film, tmp_path / "none")
    assert await rendered(film, copies, tmp_path / "out.mp4", tools, (2.0, 4.0)) == list(range(50, 100))
    assert copies.asked == ["url"]


async def test_the_whole_is_staged(film: Path, tmp_path: Path, tools: Tools) -> None:
    copies = Copies(tmp_path / "none", film)
    assert set(await rendered(film, copies, tmp_path / "out.mp4", tools, None)) == set(range(200))
    assert copies.asked == ["stage"]


async def test_what_breaks_off_in_place_is_made_again_from_a_staged_copy(
    film: Path, tmp_path: Path, tools: Tools
) -> None:
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(film.read_bytes()[: film.stat().st_size * 3 // 8])
    copies = Copies(broken, film)
    assert await rendered(film, copies, tmp_path / "out.mp4", tools, (2.0, 4.0)) == list(range(50, 100))
    assert copies.asked == ["url", "stage"]


async def test_nothing_is_an_error_in_words(film: Path, tmp_path: Path, tools: Tools) -> None:
    text = tmp_path / "text.mkv"
    text.write_text("nothing" * 100)
    with pytest.raises(MediaError):
        await rendered(film, Copies(text, text), tmp_path / "out.mp4", tools, None)
