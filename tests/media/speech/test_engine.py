"""Models that cannot be had, and what one that can be had knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from libs.contracts.errors import UnavailableError
from services.speech.engine import Engine, load
from services.speech.settings import SpeechServiceSettings


@pytest.mark.parametrize("name", ["whisper-none", "someone/whisper-none", "base"])
def test_nothing_is_downloaded_that_is_not_wanted(name: str, tmp_path: Path) -> None:
    settings = SpeechServiceSettings(speech_model=name, speech_models=tmp_path)
    with pytest.raises(UnavailableError, match=name):
        load(settings)
    assert not list(tmp_path.rglob("*.bin"))


def test_a_broken_model_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.bin").write_bytes(b"nothing")
    with pytest.raises(UnavailableError, match="is not in"):  # nor is a tokenizer downloaded for it
        load(SpeechServiceSettings(speech_model="broken", speech_models=tmp_path))
    (tmp_path / "broken" / "tokenizer.json").write_text("{}")
    with pytest.raises(UnavailableError, match="cannot be loaded"):
        load(SpeechServiceSettings(speech_model="broken", speech_models=tmp_path))


def test_only_languages_that_the_model_has_tokens_for_are_known(engine: Engine) -> None:
    """The library lists Cantonese for all, and this model writes nonsense for it."""
    assert len(engine.languages) == 99
    assert "yue" not in engine.languages
    assert {"en", "zh", "jw"} <= engine.languages
