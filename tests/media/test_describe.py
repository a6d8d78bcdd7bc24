"""What transcode says of itself."""

from __future__ import annotations

import pytest

from libs.contracts.rpc import Describe
from libs.media.tools import Tools
from services.transcode.describe import Describer

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_the_version_of_ffmpeg_is_told_and_kept() -> None:
    runs: list[str] = []
    describer = Describer(Tools(on_exit=lambda program, _, outcome: runs.append(f"{program} {outcome}")))
    said = [await describer(Describe()) for _ in range(3)]
    assert said[0].ready
    assert said[0].tool.startswith("ffmpeg version ")
    assert said[1:] == said[:2]
    assert runs == ["ffmpeg ok"]


@pytest.mark.parametrize("program", ["/nowhere/ffmpeg", "false"])
async def test_without_an_ffmpeg_that_runs_it_is_not_ready(program: str) -> None:
    said = await Describer(Tools(ffmpeg=program))(Describe())
    assert (said.tool, said.ready) == ("ffmpeg", False)
