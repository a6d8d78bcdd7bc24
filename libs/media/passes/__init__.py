"""Rewrites of a graph before it is fingerprinted and run, each a pure function with its own tests."""

from __future__ import annotations

from collections.abc import Callable

from libs.contracts.graph import Output
from libs.media.passes.drop_noops import drop_noops
from libs.media.passes.join_nested import join_nested
from libs.media.passes.plain_rates import plain_rates
from libs.media.passes.sink_trims import sink_trims

PASSES: tuple[Callable[[Output], Output], ...] = (plain_rates, drop_noops, sink_trims, join_nested)


def simplify(output: Output) -> Output:
    """All passes in order, until none finds anything: each makes a tree smaller, or sorts it one way."""
    while (simpler := _once(output)) != output:
        output = simpler
    return output


def _once(output: Output) -> Output:
    for rewrite in PASSES:
        output = rewrite(output)
    return output
