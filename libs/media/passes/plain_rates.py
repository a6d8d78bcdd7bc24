"""One spelling for equal frame rates."""

from __future__ import annotations

import re
from fractions import Fraction

import msgspec

from libs.contracts.graph import Node, Output, Rate
from libs.media.passes.tree import rewritten

RATE = re.compile(r"[1-9][0-9]{0,8}(/[1-9][0-9]{0,8})?")


def plain_rates(output: Output) -> Output:
    """Every rate in lowest terms: `50/2` is `25`. What is no rate stays, for the check to refuse."""
    return msgspec.structs.replace(output, input=rewritten(output.input, _plain))


def _plain(node: Node) -> Node:
    if not isinstance(node, Rate) or not RATE.fullmatch(node.rate):
        return node
    return msgspec.structs.replace(node, rate=str(Fraction(node.rate)))
