"""Clips one after the other whose streams were made differently."""

from __future__ import annotations

import pytest

from tests.media.cut.test_truth_clips import check_thrift
from tests.media.cut.truth import Piece, Stage

pytestmark = pytest.mark.anyio

JOINS = {
    "three settings": [
        Piece("closed", 0.7, 2.9),
        Piece("sparse-sets", 1.0, 3.0),
        Piece("rich-sets", 0.3, 2.2),
    ],
    "whole clips": [Piece("closed"), Piece("sparse-sets")],
    "whole and part": [Piece("sparse-sets"), Piece("closed", 1.1, 3.4), Piece("sparse-sets", None, 0.9)],
    "entries only": [Piece("sparse-sets", 1.2, 2.4), Piece("closed", 2.0, 4.0)],
    "hevc": [Piece("hevc", 0.5, 2.7), Piece("hevc-cra", 0.6, 2.2), Piece("hevc", 1.0, 2.0)],
    "open": [Piece("open-gop", None, 2.3), Piece("closed", 2.0, 2.9), Piece("open-gop", 3.1, 3.3)],
    "containers": [Piece("ts", 0.9, 2.6), Piece("mkv", 1.0, 3.2), Piece("flv", 0.2, 1.1)],
    "silence": [Piece("closed", 0.3, 1.5), Piece("silent", 0.2, 2.8), Piece("closed", 2.5, 3.6)],
    "sounds": [Piece("closed", 0.3, 1.5), Piece("ac3", 0.2, 1.8), Piece("opus", 1.1, 2.9)],
}


@pytest.mark.parametrize("name", JOINS)
async def test_clips_are_joined(stage: Stage, name: str) -> None:
    seen = await stage.see(*JOINS[name], extension="mp4")
    check_thrift(seen)
    assert (seen.method == "copy") == (name in ("whole clips", "entries only"))


@pytest.mark.parametrize("extension", ["mkv", "ts"])
async def test_they_are_joined_in_other_containers(stage: Stage, extension: str) -> None:
    check_thrift(await stage.see(*JOINS["three settings"], extension=extension))


async def test_another_clock_is_kept_to(stage: Stage) -> None:
    """Times in milliseconds and in ticks of 1/12800 s do not drift apart over the joins."""
    pieces = [Piece("vfr", 0.3, 1.7), Piece("ntsc-mkv", 0.4, 2.3), Piece("ntsc", 0.2, 1.9)]
    check_thrift(await stage.see(*pieces, extension="mp4"))
