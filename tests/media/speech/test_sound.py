"""Sound of every kind as numbers, and how long it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from libs.contracts.errors import MediaError
from libs.contracts.media import MediaInfo
from libs.media.probe import probe
from libs.media.sounding import measuring, sound_length
from libs.media.tools import Tools
from services.speech.sound import RATE, Sound, decode, decoding
from tests.media.speech import sounds

pytestmark = pytest.mark.anyio
TOOLS = Tools()
Make = Callable[[Path], Path]
KINDS = [
    (sounds.cover_art, 2.0),
    (sounds.headerless, 20.0),
    (sounds.late, 3.5),
    (sounds.surround, 2.0),
    (sounds.telephone, 2.0),
    (sounds.cut_short, 5.0),
]
of_every_kind = pytest.mark.parametrize(("make", "seconds"), KINDS, ids=[make.__name__ for make, _ in KINDS])


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def info_of(path: Path) -> MediaInfo:
    return (await probe(path, TOOLS, size=path.stat().st_size)).info


async def decoded(path: Path, *, longest: float = 100.0) -> Sound:
    return await decode(
        TOOLS, path, await info_of(path), path.parent / "sound.s16", longest=longest, time_limit=30
    )


@of_every_kind
async def test_all_of_it_is_decoded(make: Make, seconds: float, tmp_path: Path) -> None:
    sound = await decoded(make(tmp_path))
    assert sound.duration == pytest.approx(seconds, abs=0.06)
    piece = sound.piece(seconds - 1, 0.5)
    assert piece.shape == (RATE // 2,)


@of_every_kind
async def test_it_is_as_long_as_what_decodes(make: Make, seconds: float, tmp_path: Path) -> None:
    path = make(tmp_path)
    found = await sound_length(TOOLS, path, await info_of(path), cwd=tmp_path, time_limit=30)
    assert found == pytest.approx(seconds, abs=0.06)


async def test_headers_are_not_believed(tmp_path: Path) -> None:
    """Else there were no reason to decode."""
    info = await info_of(sounds.headerless(tmp_path))
    assert info.duration is None or abs(info.duration - 20) > 1


async def test_times_count_from_the_start_of_the_file(tmp_path: Path) -> None:
    sound = await decoded(sounds.late(tmp_path))
    assert np.abs(sound.piece(0.0, 1.48)).max() == 0.0
    assert np.abs(sound.piece(1.52, 0.5)).max() > 0.05


async def test_the_voice_of_the_middle_is_heard(tmp_path: Path) -> None:
    sound = await decoded(sounds.surround(tmp_path))
    assert np.abs(sound.piece(0.5, 1.0)).max() > 0.02


async def test_pieces_end_with_the_sound(tmp_path: Path) -> None:
    sound = await decoded(sounds.telephone(tmp_path))
    assert len(sound.piece(1.5, 300.0)) == sound.samples - RATE * 3 // 2
    assert len(sound.piece(5.0, 300.0)) == 0


async def test_without_sound_there_is_an_error_in_words(tmp_path: Path) -> None:
    path = sounds.silent_film(tmp_path)
    with pytest.raises(MediaError, match="no sound"):
        await decoded(path)


async def test_too_much_is_refused_after_so_much(tmp_path: Path) -> None:
    path = sounds.headerless(tmp_path)
    with pytest.raises(MediaError, match="longer than 5 seconds"):
        await decoded(path, longest=5.0)
    assert (tmp_path / "sound.s16").stat().st_size <= 6 * RATE * 2
    assert (await decoded(path, longest=20.1)).duration > 19


async def test_garbage_after_a_header_is_an_error(tmp_path: Path) -> None:
    path = sounds.cover_art(tmp_path)
    info = await info_of(path)
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"ID3" + bytes(range(256)) * 400)
    with pytest.raises(MediaError):
        await sound_length(TOOLS, broken, info, cwd=tmp_path, time_limit=30)
    with pytest.raises(MediaError):
        await decode(TOOLS, broken, info, tmp_path / "sound.s16", longest=100, time_limit=30)


def test_commands() -> None:
    path = Path("/scratch/input")
    opened = " ".join(decoding(path, 1, Path("/scratch/sound.s16"), 14401))
    assert "-protocol_whitelist file" in opened
    assert opened.endswith(
        "-i file:/scratch/input -map 0:1 -t 14401 -af aresample=16000:async=1:first_pts=0 -ac 1 -ar 16000"
        " -c:a pcm_s16le -f s16le -y file:/scratch/sound.s16"
    )
    assert " ".join(measuring(path, 2)).endswith("-i file:/scratch/input -map 0:2 -f null -")
