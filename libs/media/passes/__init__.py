"""Rewrites of a graph before it is fingerprinted and run, each a pure function with its own tests."""

from __future__ import annotations

from collections.abc import Callable

from libs.contracts.graph import Output
from libs.media.passes.drop_noops import drop_noops

PASSES: tuple[Callable[[Output], Output], ...] = (drop_noops,)


def simplify(output: Output) -> Output:
    """All passes in order. Applying it twice changes nothing more."""
    for rewrite in PASSES:
        output = rewrite(output)
    return output
