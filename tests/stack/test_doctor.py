"""What `reelbus doctor` finds and advises."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reelbus import doctor
from reelbus.stack.layout import Layout
from tests.stack.harness import Stack, listener


def by_name(findings: list[doctor.Finding]) -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in findings}


def test_without_ffmpeg_it_names_the_command_that_mends(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack(env={"PATH": "/nowhere"})
    said = stack.run("doctor", "--port", "18765", code=1).stdout
    assert "✗ ffmpeg" in said
    assert ("brew" if sys.platform == "darwin" else "apt-get install -y ffmpeg") in said
    found = json.loads(stack.run("doctor", "--port", "18765", "--json", code=1).stdout)
    states = {finding["name"]: finding["ok"] for finding in found}
    assert not states["ffmpeg"]
    assert not states["ffprobe"]
    assert states["Python"]
    assert states["nats-server"]


def test_servers_are_runnable_here(tmp_path: Path) -> None:
    found = by_name(doctor.examine(Layout.at(tmp_path / "data"), 0))
    for name in ("nats-server", "juicefs", "caddy", "postgres", "data directory"):
        assert found[name].ok, found[name]


@pytest.mark.parametrize("missing", [["libx264"], ["zscale"]])
def test_an_ffmpeg_without_what_is_needed(
    missing: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [name for name in (*doctor.ENCODERS, *doctor.FILTERS) if name not in missing]
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\n" + "".join(f"echo ' V..... {name} text'\n" for name in names))
    fake.chmod(0o755)
    monkeypatch.setenv("REELBUS_FFMPEG", str(fake))
    found = by_name(doctor.examine(Layout.at(tmp_path), 0))["ffmpeg"]
    assert not found.ok
    assert missing[0] in found.message


def test_fonts_of_all_writings(tmp_path: Path) -> None:
    assert by_name(doctor.examine(Layout.at(tmp_path), 0))["fonts"].ok


def test_a_machine_with_latin_fonts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = next(Path("/usr/share/fonts").rglob("LiberationSans-Regular.*"))
    conf = tmp_path / "fonts.conf"
    (tmp_path / "fonts").mkdir()
    shutil.copy(listed, tmp_path / "fonts")
    conf.write_text(f"<fontconfig><dir>{tmp_path}/fonts</dir><cachedir>{tmp_path}</cachedir></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(conf))
    found = by_name(doctor.examine(Layout.at(tmp_path), 0))["fonts"]
    assert not found.ok
    assert "Thai, Chinese, Japanese, Korean" in found.message
    assert found.fix == "make setup"


def test_a_machine_without_fontconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = by_name(doctor.examine(Layout.at(tmp_path), 0))["fonts"]
    assert not found.ok
    assert "fontconfig" in found.message


def test_taken_port(tmp_path: Path) -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
        found = by_name(doctor.examine(Layout.at(tmp_path), port))[f"port {port}"]
    assert not found.ok
    assert f"--port {port + 1}" in found.fix


def test_own_port(shared: Stack) -> None:
    found = by_name(doctor.examine(Layout.at(shared.data), shared.port))[f"port {shared.port}"]
    assert found.ok
