"""Each rewrite shows the same frames; all of them together come to rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from libs.contracts.errors import MediaError
from libs.contracts.graph import (
    AudioMix,
    Concat,
    FilterStep,
    Fit,
    Loudness,
    Node,
    Output,
    Overlay,
    Rate,
    Sound,
    Speed,
    Trim,
)
from libs.media.passes import PASSES, simplify
from libs.media.passes.drop_noops import drop_noops
from libs.media.passes.join_nested import join_nested
from libs.media.passes.plain_rates import plain_rates
from libs.media.passes.sink_trims import sink_trims
from libs.media.walk import nodes
from tests.media.building import filtered, output, source, step
from tests.media.passes.editing import World, by_the_book, clip, worlds

relaxed = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
A, B = clip(0), clip(1)
EQ, UNSHARP = step("eq"), step("unsharp")
SMALL = Fit(input=A, width=64, height=32)
SLOW = Speed(input=A, factor=0.5)


def after(rewrite: Callable[[Output], Output], node: Node) -> Node:
    return rewrite(output(node)).input


@relaxed
@given(worlds(covers=True), st.sampled_from([*PASSES, simplify]))
def test_the_same_frames_are_shown(world: World, rewrite: Callable[[Output], Output]) -> None:
    try:
        shown = by_the_book(world.node, world.sources)
    except MediaError:
        assume(False)
    assert by_the_book(after(rewrite, world.node), world.sources) == shown


@relaxed
@given(worlds(covers=True))
def test_simplifying_comes_to_rest_and_never_grows(world: World) -> None:
    simple = simplify(output(world.node))
    assert simplify(simple) == simple
    assert len(list(nodes(simple.input))) <= len(list(nodes(world.node)))


@pytest.mark.parametrize(
    ("node", "less"),
    [
        (filtered(step("null"), of=A), A),
        (filtered(step("null"), step("eq"), of=A), filtered(step("eq"), of=A)),
        (source(start=0.0, end=2.0), source(end=2.0)),
        (Trim(input=SLOW, start=0.0), SLOW),
        (Trim(input=SLOW, start=0.0, end=2.0), Trim(input=SLOW, end=2.0)),
        (Concat(inputs=[Trim(input=A)]), A),
        (Speed(input=A, factor=1.0), A),
        (AudioMix(input=A, sounds=[]), A),
        (AudioMix(input=A, sounds=[], gain=None), AudioMix(input=A, sounds=[], gain=None)),
        (Loudness(input=Trim(input=A)), Loudness(input=A)),
        (Overlay(input=Trim(input=A), layer=Trim(input=B)), Overlay(input=A, layer=B)),
        (
            AudioMix(input=A, sounds=[Sound(input=Trim(input=B), gain=1.0)]),
            AudioMix(input=A, sounds=[Sound(input=B, gain=1.0)]),
        ),
    ],
)
def test_what_does_nothing_is_dropped(node: Node, less: Node) -> None:
    assert after(drop_noops, node) == less


@pytest.mark.parametrize(
    ("node", "joined"),
    [
        (
            filtered(step("eq"), of=filtered(step("unsharp"), of=A)),
            filtered(step("unsharp"), step("eq"), of=A),
        ),
        (Trim(input=A, start=1.0, end=2.0), source(object=A.object, start=1.0, end=2.0)),
        (Trim(input=Trim(input=SLOW, end=2.0), start=1.0, end=3.0), Trim(input=SLOW, start=1.0, end=2.0)),
        (
            Trim(input=Trim(input=SLOW, start=1.0), start=1.0),
            Trim(input=Trim(input=SLOW, start=1.0), start=1.0),
        ),
        (Concat(inputs=[Concat(inputs=[A, B]), A]), Concat(inputs=[A, B, A])),
        (
            Fit(input=Fit(input=A, width=64, height=32), width=64, height=32),
            Fit(input=A, width=64, height=32),
        ),
        (Rate(input=Rate(input=A, rate="25"), rate="25"), Rate(input=A, rate="25")),
    ],
)
def test_nested_nodes_are_joined_where_that_is_the_same(node: Node, joined: Node) -> None:
    assert after(join_nested, node) == joined


@pytest.mark.parametrize(
    "node",
    [
        Trim(input=Trim(input=SLOW, start=1.0), start=1.0),
        Trim(input=source(end=2.0), start=3.0),
        Rate(input=Rate(input=A, rate="50"), rate="25"),
        Fit(input=SMALL, width=32, height=32),
    ],
)
def test_nested_nodes_stay_where_both_count(node: Node) -> None:
    assert after(join_nested, node) == node


@given(st.lists(st.lists(st.sampled_from([UNSHARP, step("null"), step("hqdn3d")]), max_size=4), max_size=5))
def test_filters_stay_in_order(chains: list[list[FilterStep]]) -> None:
    node: Node = source(start=0.0)
    for chain in chains:
        node = filtered(*chain, of=node)
    wanted = [one for chain in chains for one in chain if one.name != "null"]
    assert after(simplify, node) == (filtered(*wanted) if wanted else source())


def test_rates_have_one_spelling() -> None:
    assert after(plain_rates, Rate(input=A, rate="60000/2002")) == Rate(input=A, rate="30000/1001")
    assert after(plain_rates, Rate(input=A, rate="1/0")) == Rate(input=A, rate="1/0")


def test_trims_sink_under_what_does_the_same_to_every_frame() -> None:
    over = Fit(input=filtered(step("eq"), of=SLOW), width=64, height=32)
    assert after(sink_trims, Trim(input=over, start=1.0)) == Fit(
        input=filtered(step("eq"), of=Trim(input=SLOW, start=1.0)), width=64, height=32
    )
    for closed in (filtered(step("hqdn3d"), of=A), Rate(input=A, rate="25"), Loudness(input=A)):
        node = Trim(input=closed, start=1.0)
        assert after(sink_trims, node) == node
