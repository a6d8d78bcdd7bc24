"""Links of the documents, written and generated: each leads to a file, and to a heading, that exists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from reelbus.docs.words import anchor

_FENCE = re.compile(r"^ *(```+|~~~+).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)[^`].*?\1")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
"""A URL with a scheme: what lies outside of the checkout is not asked for."""


def broken(root: Path) -> list[str]:
    """Every link in the Markdown of the checkout that leads nowhere, as `page: target`."""
    return [
        f"{page.relative_to(root)}: {target}"
        for page in _documents(root)
        for target in _LINK.findall(_CODE.sub("", _FENCE.sub("", page.read_text())))
        if not _ELSEWHERE.match(target) and not _there(page, target)
    ]


def _documents(root: Path) -> Iterator[Path]:
    yield from sorted(root.glob("*.md"))
    for folder in sorted(root.glob("[a-z]*/")):
        yield from sorted(folder.rglob("*.md"))


def _there(page: Path, target: str) -> bool:
    path, _, wanted = target.partition("#")
    aim = page.parent / path if path else page
    return aim.exists() and (not wanted or aim.suffix != ".md" or wanted in _anchors(aim))


def _anchors(page: Path) -> set[str]:
    """The headings as GitHub names them: the second of the same name ends in `-1`."""
    seen: Counter[str] = Counter()
    names = set()
    for heading in _HEADING.findall(_FENCE.sub("", page.read_text())):
        name = anchor(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading))
        names.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return names
