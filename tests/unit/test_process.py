"""What a process says of itself."""

from __future__ import annotations

import math
import time
from pathlib import Path

import anyio
import pytest
from prometheus_client import REGISTRY

from libs.chassis import process

pytestmark = pytest.mark.anyio


def container(path: Path, limit: str) -> Path:
    (path / "memory.max").write_text(f"{limit}\n")
    (path / "memory.current").write_text("900\n")
    (path / "memory.stat").write_text("anon 500\ninactive_file 300\n")
    return path


def test_memory_is_that_of_the_container_without_what_is_merely_cached(tmp_path: Path) -> None:
    assert process.memory(container(tmp_path, "1000")) == (600.0, 1000.0)


def test_a_container_may_have_no_limit(tmp_path: Path) -> None:
    assert process.memory(container(tmp_path, "max")) == (600.0, math.inf)


def test_without_a_container_it_is_that_of_the_process(tmp_path: Path) -> None:
    used, limit = process.memory(tmp_path)
    assert 1 << 20 < used < 1 << 40
    assert limit == math.inf


def test_the_version_is_told() -> None:
    process.tell_version()
    (family,) = [each for each in REGISTRY.collect() if each.name == "reelbus_build_info"]
    assert [sample.value for sample in family.samples] == [1.0]


async def test_a_loop_that_stands_still_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_TICK", 0.01)

    def seconds() -> float:
        return REGISTRY.get_sample_value("reelbus_event_loop_late_seconds_sum") or 0.0

    before = seconds()
    async with process.watching_loop():
        await anyio.sleep(0.005)
        time.sleep(0.2)
        await anyio.sleep(0.05)
    assert seconds() - before > 0.15
