"""The algebra of edit lists against the naive way, which makes every step frame by frame."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings

from libs.contracts.errors import MediaError
from libs.contracts.graph import (
    AudioEncoding,
    AudioMix,
    Concat,
    Fit,
    Node,
    Output,
    Overlay,
    Rate,
    Sound,
    Source,
    Speed,
    Trim,
)
from libs.media.passes.resolve import edit_list, needs_frames, resolve
from libs.media.passes.tree import main_source
from libs.media.walk import nodes
from tests.media.building import audio, filtered, info, output, source, step
from tests.media.passes.editing import Times, World, by_the_book, clip, name_of, worlds

CONSTANT = Times(tuple(range(0, 250, 1)), 250, Fraction(1, 25))
"""Ten seconds, 25 frames a second."""
WORLD = {0: CONSTANT, 1: CONSTANT, 2: Times((0, 10, 500, 510, 3000), 4000, Fraction(1, 1000))}
A, B, ODD = clip(0), clip(1), clip(2)

relaxed = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def resolved(node: Node) -> Node:
    return resolve(output(node), World(node, WORLD).frames_of).input


def between(source: Source, start: float, end: float) -> Source:
    return msgspec.structs.replace(source, start=start, end=end)


def shown_by(node: Node, world: World) -> list[tuple[int, int]]:
    """The frames of a resolved tree, each of whose edges must be a frame time."""
    for leaf in nodes(node):
        if isinstance(leaf, Source):
            times = world.sources[name_of(leaf)]
            edges = {int(tick * times.tick * 10**6) for tick in (*times.ticks, times.end_tick)}
            assert leaf.start is None or round(leaf.start * 10**6) in edges
            assert leaf.end is None or round(leaf.end * 10**6) in edges
    return by_the_book(node, world.sources).identities


@relaxed
@given(worlds())
def test_any_tree_becomes_a_flat_list_of_the_same_frames(world: World) -> None:
    try:
        naive = by_the_book(world.node, world.sources)
    except MediaError:
        with pytest.raises(MediaError):
            resolve(output(world.node), world.frames_of)
        return
    flat = resolve(output(world.node), world.frames_of)
    parts = edit_list(flat.input)
    assert parts is not None
    assert shown_by(flat.input, world) == naive.identities
    assert by_the_book(flat.input, world.sources).end == naive.end
    for before, after in pairwise(parts):
        assert name_of(before) != name_of(after) or before.end != after.start
    assert len(parts) == 1 or all(part.end is not None for part in parts)


@relaxed
@given(worlds(covers=True))
def test_trims_pass_through_what_does_the_same_to_every_frame(world: World) -> None:
    try:
        naive = by_the_book(world.node, world.sources)
    except MediaError:
        assume(False)
    flat = resolve(output(world.node), world.frames_of)
    assert not any(isinstance(node, Trim) for node in nodes(flat.input))
    assert shown_by(flat.input, world) == naive.identities


@relaxed
@given(worlds(covers=True))
def test_resolving_twice_changes_nothing_more(world: World) -> None:
    try:
        once = resolve(output(world.node), world.frames_of)
    except MediaError:
        assume(False)
    assert resolve(once, world.frames_of) == once


def test_a_source_alone_stays_as_it_is() -> None:
    assert resolved(A) == A
    assert resolved(Trim(input=A, start=0.0, end=99.0)) == A
    assert resolved(between(A, 0.0, 10.0)) == A


def test_a_trim_of_trims_is_a_part_of_the_source() -> None:
    assert resolved(Trim(input=Trim(input=A, start=1.01, end=5.0), start=0.5, end=2.0)) == between(
        A, 1.56, 3.04
    )


def test_a_trim_over_the_seam_of_a_concat_keeps_both_sides() -> None:
    joined = Concat(inputs=[Trim(input=A, end=2.0), B])
    assert resolved(Trim(input=joined, start=1.0, end=3.0)) == Concat(
        inputs=[between(A, 1.0, 2.0), between(B, 0.0, 1.0)]
    )
    assert resolved(Trim(input=joined, start=2.0)) == B


def test_neighbours_are_joined() -> None:
    halves: list[Node] = [Trim(input=A, end=4.0), Trim(input=A, start=4.0)]
    assert resolved(Concat(inputs=halves)) == A
    assert resolved(Concat(inputs=halves[::-1])) == Concat(
        inputs=[between(A, 4.0, 10.0), between(A, 0.0, 4.0)]
    )


def test_long_frames_are_found_by_their_starts() -> None:
    assert resolved(Trim(input=ODD, start=0.011, end=0.511)) == between(ODD, 0.01, 0.51)
    assert resolved(Trim(input=ODD, start=0.012, end=0.512)) == between(ODD, 0.5, 3.0)
    assert resolved(Trim(input=ODD, start=0.512, end=3.5)) == between(ODD, 3.0, 4.0)


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (Trim(input=A, start=0.01, end=0.03), "There is no frame of the video between 0.01 s and 0.03 s"),
        (Trim(input=A, start=10.0), "The cut starts at 10 s, but the video ends at 10 s"),
        (Concat(inputs=[B, Trim(input=A, start=4.005, end=4.01)]), "no frame"),
        (Trim(input=Trim(input=A, start=9.0), start=5.0), "starts at 5 s, but the video ends at 1 s"),
    ],
)
def test_nothing_left_is_said_in_words(node: Node, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        resolved(node)


def test_trims_stop_where_frames_are_made_or_moved() -> None:
    slow = Speed(input=Trim(input=A, start=2.0), factor=0.5)
    assert resolved(Trim(input=Trim(input=slow, start=1.0), start=0.03, end=2.0)) == Trim(
        input=Speed(input=between(A, 2.0, 10.0), factor=0.5), start=1.12, end=3.04
    )
    rated = Rate(input=A, rate="30000/1001")
    assert resolved(Trim(input=rated, start=0.0334, end=1.0)) == Trim(input=rated, start=0.033366, end=1.001)
    denoised = filtered(step("hqdn3d"), of=A)
    assert resolved(Trim(input=denoised, start=0.05)) == Trim(input=denoised, start=0.08, end=10.0)
    moved = filtered(step("setpts", expr="PTS*2"), of=A)
    assert resolved(Trim(input=moved, start=0.05)) == Trim(input=moved, start=0.05, end=10.0)


def test_frame_wise_filters_and_fits_go_over_the_trim() -> None:
    node = Trim(input=Fit(input=filtered(step("unsharp"), of=A), width=64, height=64), start=1.0)
    assert resolved(node) == Fit(
        input=filtered(step("unsharp"), of=between(A, 1.0, 10.0)), width=64, height=64
    )
    moving = filtered(step("crop", w=100, h=100, x="n*2"), of=A)
    assert resolved(Trim(input=moving, start=1.0)) == Trim(input=moving, start=1.0, end=10.0)


def test_a_closed_part_of_a_concat_has_its_edges() -> None:
    assert resolved(Concat(inputs=[Rate(input=A, rate="50"), B])) == Concat(
        inputs=[Trim(input=Rate(input=A, rate="50"), start=0.0, end=10.0), between(B, 0.0, 10.0)]
    )


def test_layers_and_sounds_are_resolved_by_themselves() -> None:
    music = source(info=info(video=None, audio=[audio()], duration=60.0))
    node = AudioMix(
        input=Overlay(input=A, layer=Trim(input=Trim(input=B, start=1.0), start=1.0)),
        sounds=[Sound(input=Trim(input=Trim(input=music, start=1.5), start=1.25, end=99.0))],
    )
    assert resolved(node) == AudioMix(
        input=Overlay(input=A, layer=between(B, 2.0, 10.0)),
        sounds=[Sound(input=between(music, 2.75, 60.0))],
    )


def test_tracks_follow_the_main_source_by_position() -> None:
    first = msgspec.structs.replace(A, info=info(audio=[audio(1), audio(2)]))
    second = msgspec.structs.replace(B, info=info(audio=[audio(7)]))
    node = Trim(input=Concat(inputs=[first, second]), start=10.0)
    encodings = [AudioEncoding(index=2, encoder="aac"), AudioEncoding(index=1, encoder="aac")]
    found: Output = resolve(output(node, audio=encodings), World(node, WORLD).frames_of)
    assert main_source(found.input) == second
    assert found.audio == [AudioEncoding(index=7, encoder="aac")]


def test_which_graphs_need_frame_times() -> None:
    assert not needs_frames(output(Fit(input=A, width=64, height=64)))
    assert needs_frames(output(A, keep=True))
    for node in (Trim(input=A), Concat(inputs=[A]), between(A, 0.0, 1.0)):
        assert needs_frames(output(Rate(input=node, rate="25")))
    mix = AudioMix(input=A, sounds=[Sound(input=msgspec.structs.replace(B, end=1.0))])
    assert needs_frames(output(mix))


def test_an_edit_list_holds_sources_alone() -> None:
    assert edit_list(A) == [A]
    assert edit_list(Concat(inputs=[A, Concat(inputs=[B, A])])) == [A, B, A]
    assert edit_list(Concat(inputs=[A, Fit(input=B, width=64, height=64)])) is None
    assert edit_list(Trim(input=A)) is None


def test_the_first_shown_frame_is_where_the_frames_say() -> None:
    shifted = {0: Times(CONSTANT.ticks, 250, CONSTANT.tick, Fraction(7, 5))}
    node = Trim(input=A, start=1.0)
    found = main_source(resolve(output(node), World(node, shifted).frames_of).input)
    assert found.info.video is not None
    assert found.info.video.start == 1.4
