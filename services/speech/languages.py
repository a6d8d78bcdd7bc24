"""Codes of languages: ours are of ISO 639, a model has its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from libs.contracts.errors import InvalidInputError

UNDETERMINED = "und"
MODELS_OWN = {"jv": "jw", "nb": "no", "iw": "he", "in": "id", "fil": "tl", "cmn": "zh"}
"""ISO 639 codes, also withdrawn ones, and what models call that language."""
OURS = {"jw": "jv"}

_TAG = re.compile(r"([a-z]{2,3})(-[a-z0-9]{1,8})*")
"""A language tag (BCP 47), of which the language counts."""


def for_model(code: str | None, known: Collection[str]) -> str | None:
    """What a model that knows the languages `known` calls the language `code`; `None` asks it to find out.

    Raises `InvalidInputError` when it does not know it.
    """
    if code is None or code == UNDETERMINED:
        return None
    tag = _TAG.fullmatch(code.strip().lower().replace("_", "-"))
    language = tag.group(1) if tag else ""
    language = MODELS_OWN.get(language, language)
    if language not in known:
        raise InvalidInputError(
            f"Speech in the language {code!r} is not recognised. There are {', '.join(sorted(known))}."
        )
    return language


def prevailing(heard: Iterable[tuple[str, int]]) -> str:
    """ISO 639 code of the language that most words are in, of pairs of a model's code and a number of words;
    `und` without any words."""
    counts: Counter[str] = Counter()
    for language, words in heard:
        counts[language] += words
    (language, words) = max(counts.items(), key=lambda each: each[1], default=(UNDETERMINED, 0))
    return OURS.get(language, language) if words else UNDETERMINED
