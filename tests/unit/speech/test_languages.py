"""Codes of languages."""

from __future__ import annotations

import pytest

from libs.contracts.errors import InvalidInputError
from services.speech.languages import for_model, prevailing

KNOWN = ["en", "es", "he", "jw", "no", "yue", "zh"]


@pytest.mark.parametrize(
    ("code", "models"),
    [(None, None), ("und", None), ("en", "en"), (" EN-us ", "en"), ("pt_BR", "pt"), ("zh-Hant-TW", "zh"),
     ("jv", "jw"), ("iw", "he"), ("nb", "no"), ("yue", "yue")],
)  # fmt: skip
def test_codes_that_are_known(code: str | None, models: str | None) -> None:
    assert for_model(code, [*KNOWN, "pt"]) == models


@pytest.mark.parametrize("code", ["xx", "tlh", "english", "", "e", "en;es", "日本"])
def test_others_are_refused_with_what_there_is(code: str) -> None:
    with pytest.raises(InvalidInputError, match="en, es, he"):
        for_model(code, KNOWN)


def test_a_model_of_english_knows_nothing_else() -> None:
    with pytest.raises(InvalidInputError):
        for_model("es", ["en"])


def test_the_language_of_most_words() -> None:
    assert prevailing([("en", 3), ("es", 4), ("en", 2)]) == "en"
    assert prevailing([("jw", 3)]) == "jv"
    assert prevailing([("en", 0)]) == "und"
    assert prevailing([]) == "und"
