"""What a container may use of its node's processors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from libs.contracts.graph import VideoEncoding
from libs.media.command import compile as compile_graph
from libs.media.cores import quota
from libs.media.settings import ToolSettings
from tests.media.building import output
from tests.media.commanding import INPUTS, OUT, A


@pytest.fixture(autouse=True)
def node(monkeypatch: pytest.MonkeyPatch) -> None:
    """With many processors."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)


@pytest.mark.parametrize(
    ("said", "granted"),
    [
        ("200000 100000", 2),
        ("250000 100000", 3),
        ("50000 100000", 1),
        ("max 100000", 0),
        ("6400000 100000", 0),
        ("nonsense", 0),
        ("100000 0", 0),
    ],
)
def test_control_groups_2(tmp_path: Path, said: str, granted: int) -> None:
    (tmp_path / "cpu.max").write_text(f"{said}\n")
    assert quota(tmp_path) == granted


@pytest.mark.parametrize(("allowed", "granted"), [(400_000, 4), (-1, 0)])
def test_control_groups_1(tmp_path: Path, allowed: int, granted: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(f"{allowed}\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert quota(tmp_path) == granted


def test_no_control_groups(tmp_path: Path) -> None:
    assert quota(tmp_path) == 0


def test_a_setting_outranks_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.media.settings.quota", lambda: 2)
    assert ToolSettings().tools().limits.threads == 2
    assert ToolSettings(ffmpeg_threads=5).tools().limits.threads == 5


def test_every_codec_hears_of_it() -> None:
    video = VideoEncoding(encoder="libx265", options={"x265-params": "log-level=error"})
    graph = output(A, video=video)
    argv = compile_graph(graph, INPUTS, OUT, threads=3)
    assert argv.count("-threads") == 2
    assert {argv[at + 1] for at, word in enumerate(argv) if word == "-threads"} == {"3"}
    assert argv[argv.index("-x265-params:v") + 1] == "log-level=error:pools=3"
