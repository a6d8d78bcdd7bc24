"""Codes of languages: ours are of ISO 639, a model has its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from libs.contracts.errors import InvalidInputError
from libs.contracts.languages import UNDETERMINED, code_of, whispers_name


def for_model(code: str | None, known: Collection[str]) -> str | None:
    """What a model that knows the languages `known` calls the language of the tag `code`; `None` asks it to
    find out.

    Raises `InvalidInputError` when it does not know it.
    """
    if code is None or code == UNDETERMINED:
        return None
    language = whispers_name(code)
    if language == "yue" and language not in known:
        language = "zh"  # what Cantonese was to models before they told it apart
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
    return code_of(language) if words else UNDETERMINED
