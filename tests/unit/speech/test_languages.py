"""Codes of languages."""

from __future__ import annotations

import pytest
from faster_whisper import tokenizer

from libs.contracts.errors import InvalidInputError
from libs.contracts.languages import code_of, recognised, tag_of
from services.speech.languages import for_model, prevailing

KNOWN = ["en", "es", "he", "jw", "no", "yue", "zh"]


@pytest.mark.parametrize(
    ("code", "models"),
    [(None, None), ("und", None), ("en", "en"), (" EN-us ", "en"), ("pt_BR", "pt"), ("zh-Hant-TW", "zh"),
     ("jv", "jw"), ("iw", "he"), ("nb", "no"), ("yue", "yue"), ("eng", "en"), ("heb", "he"), ("spa_MX", "es"),
     ("chi", "zh"), ("zho-Hant", "zh"), ("cmn", "zh"), ("nob", "no"), ("jav", "jw"), ("por-BR", "pt")],
)  # fmt: skip
def test_codes_that_are_known(code: str | None, models: str | None) -> None:
    assert for_model(code, [*KNOWN, "pt"]) == models


@pytest.mark.parametrize("code", ["xx", "tlh", "english", "", "e", "en;es", "日本"])
def test_others_are_refused_with_what_there_is(code: str) -> None:
    with pytest.raises(InvalidInputError, match="en, es, he"):
        for_model(code, KNOWN)


def test_what_cantonese_is_to_models_that_do_not_tell_it_apart() -> None:
    assert for_model("yue", ["en", "zh"]) == "zh"
    with pytest.raises(InvalidInputError):
        for_model("yue", ["en"])


def test_what_is_recognised_is_what_the_library_knows() -> None:
    known = tokenizer._LANGUAGE_CODES
    assert all(recognised(code) for code in known)
    assert len(known) == 100
    assert not any(recognised(code) for code in ("tlh", "xx", "ga", "gle", "und", "mul", "english"))
    assert recognised("nb-NO")


@pytest.mark.parametrize(
    ("text", "tag"),
    [("ZH_hant_tw", "zh-Hant-TW"), ("ger", "de"), ("deu-at", "de-AT"), ("fre", "fr"), ("fra", "fr"),
     ("es-419", "es-419"), ("iw", "he"), ("sr-latn", "sr-Latn"), ("yue-HK", "yue-HK"), ("fil", "fil"),
     ("de-1996", "de-1996"), ("gle", "ga"), ("english", "und"), ("", "und")],
)  # fmt: skip
def test_tags_as_they_are_written(text: str, tag: str) -> None:
    assert tag_of(text) == tag_of(tag) == tag
    assert code_of(text) == tag.split("-", maxsplit=1)[0]


def test_a_model_of_english_knows_nothing_else() -> None:
    with pytest.raises(InvalidInputError):
        for_model("es", ["en"])


def test_the_language_of_most_words() -> None:
    assert prevailing([("en", 3), ("es", 4), ("en", 2)]) == "en"
    assert prevailing([("jw", 3)]) == "jv"
    assert prevailing([("en", 0)]) == "und"
    assert prevailing([]) == "und"
