"""Measuring what does not say how long it is: bounded, whatever comes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from libs.contracts.errors import MediaError, UnavailableError
from libs.contracts.media import MediaInfo, ObjectRef
from libs.media.probe import probe
from libs.media.tools import Tools
from services.sessions import work
from services.sessions.duration import Durations, duration_of
from tests.media.recipes import lavfi

pytestmark = pytest.mark.anyio

TOOLS = Tools()
SOURCE = ObjectRef(key="k", size=1, sha256="0" * 64, content_type="video/mp4")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 seconds, 1000 frames."""
    path = tmp_path_factory.mktemp("raw") / "raw.h264"
    lavfi("color=s=16x16:r=25:d=40", sound=None, then="-c:v libx264 -bf 0 -f h264")(path, Path)
    return path


async def info_of(path: Path) -> MediaInfo:
    return (await probe(path, TOOLS, size=path.stat().st_size)).info


class Paths:
    """A storage that hands out a path; `at_once` is how many have asked and not gone on yet."""

    def __init__(self, path: Path, *, hold: bool = False) -> None:
        self.path, self.at_once = path, 0
        self._hold = hold

    async def presign(self, key: str, *, ttl: float) -> Any:
        self.at_once += 1
        if self._hold:
            await asyncio.Event().wait()
        return self.path


async def test_packets_are_counted_and_timed(raw: Path) -> None:
    info = await info_of(raw)
    assert info.duration is None
    assert abs(await duration_of(raw, info, TOOLS, time_limit=20) - 40) < 0.1


@pytest.mark.parametrize(
    ("bound", "value", "words"), [("MAX_PACKETS", 300, "frames"), ("MAX_LENGTH", 20.0, "too long")]
)
async def test_too_much_ends_early(
    raw: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: float, words: str
) -> None:
    outcomes: list[str] = []
    tools = Tools(on_exit=lambda program, seconds, outcome: outcomes.append(outcome))
    monkeypatch.setattr(work, bound, value)
    with pytest.raises(MediaError, match=words):
        await duration_of(raw, await info_of(raw), tools, time_limit=20)
    assert outcomes == ["stopped"]


async def test_what_takes_too_long_is_the_fault_of_the_file(raw: Path) -> None:
    info = await info_of(raw)
    with pytest.raises(MediaError, match="too long to read"):
        await duration_of(raw, info, TOOLS, time_limit=0.0)
    durations = Durations(TOOLS, Paths(raw, hold=True), time_limit=0.05)  # type: ignore[arg-type]  # stands for the storage
    with pytest.raises(MediaError, match="too long to read"):
        await durations.of(SOURCE, info)


async def test_few_are_measured_at_once(raw: Path) -> None:
    """Who waits for too long may come again; who need not be measured does not wait."""
    info, paths = await info_of(raw), Paths(raw, hold=True)
    durations = Durations(TOOLS, paths, time_limit=0.1, lanes=2)  # type: ignore[arg-type]  # stands for the storage
    answers = [durations.of(SOURCE, info) for _ in range(5)]
    failures = await asyncio.gather(*answers, return_exceptions=True)
    assert paths.at_once <= 4
    assert {type(each) for each in failures} <= {MediaError, UnavailableError}
    assert [type(each) for each in failures[:2]] == [MediaError] * 2
