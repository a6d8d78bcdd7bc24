"""The plan of a part, over streams of every shape: exactly its pictures, as many copied as can be."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.media.cut.facts import DEEPEST, Fact, Refused, Settled, reorder_depth
from libs.media.cut.nal import Entry, Leading
from libs.media.cut.plan import Encoded, Part, first_join, longest_prefix, plan_part

STEP = 10
"""Ticks of a picture where its length does not matter."""


@st.composite
def mini_gop(draw: st.DrawFn) -> list[int]:
    """Places on the screen in the order of the stream: the last one first, those between in any order."""
    between = draw(st.integers(0, 5))
    return [between, *draw(st.permutations(range(between)))]


@st.composite
def streams(draw: st.DrawFn) -> list[Fact]:
    """Facts in the order of the stream, with times that are irregular in general."""
    order: list[tuple[int, Entry, Leading]] = []
    shown = 0
    for number in range(draw(st.integers(1, 6))):
        entry = (
            Entry.CLEAN if number == 0 else draw(st.sampled_from([Entry.CLEAN, Entry.OPEN, Entry.RECOVERY]))
        )
        leading = 0 if entry is Entry.CLEAN else draw(st.integers(0, 4))
        kinds = [draw(st.sampled_from([Leading.DECODABLE, Leading.SKIPPED])) for _ in range(leading)]
        order.append((shown + leading, entry, Leading.NO))
        places = draw(st.permutations(range(leading)))
        hevc = entry is Entry.OPEN
        order += [
            (shown + place, Entry.NONE, kind if hevc else Leading.NO)
            for place, kind in zip(places, kinds, strict=True)
        ]
        shown += leading + 1
        for mini in draw(st.lists(mini_gop(), max_size=4)):
            order += [(shown + place, Entry.NONE, Leading.NO) for place in mini]
            shown += len(mini)
    lengths = draw(st.lists(st.integers(1, 40), min_size=shown, max_size=shown))
    times = [0, *accumulate(lengths)]
    return [Fact(times[p], lengths[p], entry is not Entry.NONE, entry, lead) for p, entry, lead in order]


def windows(stream: list[Fact], start: int, end: int) -> tuple[list[Fact], list[Fact]]:
    """What is read around both ends of a part."""
    heads = [i for i, f in enumerate(stream) if f.entry is not Entry.NONE and f.pts <= start]
    head = stream[heads[-1] :]
    if (join := first_join(head, start, end)) is None:
        return head, []
    low = head[join].pts
    tails = [i for i, f in enumerate(stream) if f.entry is not Entry.NONE and low <= f.pts < end]
    return head, stream[tails[-1] :]


def copied(part: Part, stream: list[Fact]) -> list[Fact]:
    """The packets that a plan copies."""
    if part.copied is None:
        return []
    times = [fact.pts for fact in stream]
    stop = len(stream) if part.copied.stop is None else times.index(part.copied.stop)
    run = stream[times.index(part.copied.first) : stop]
    return [fact for fact in run if fact.pts >= part.copied.first]


def check_encoded(edge: Encoded, stream: list[Fact]) -> None:
    """All its pictures are between the entry and the last packet, and not before the entry on the screen."""
    times = [fact.pts for fact in stream]
    fed = times[times.index(edge.entry) : times.index(edge.last) + 1]
    assert set(edge.frames) <= set(fed)
    assert edge.entry <= edge.frames[0]
    assert stream[times.index(edge.entry)].entry is not Entry.NONE


@given(stream=streams(), data=st.data())
def test_a_part_shows_its_pictures_and_no_others(stream: list[Fact], data: st.DataObject) -> None:
    times = sorted(fact.pts for fact in stream)
    total = max(fact.pts + fact.duration for fact in stream)
    first = data.draw(st.integers(0, len(times) - 1))
    end = data.draw(st.sampled_from([*times[first + 1 :], total]))
    part = plan_part(*windows(stream, times[first], end), times[first], end)
    made = [time for edge in part.encoded for time in edge.frames]
    kept = [fact.pts for fact in copied(part, stream)]
    assert sorted([*made, *kept]) == [time for time in times if times[first] <= time < end]
    for edge in part.encoded:
        check_encoded(edge, stream)
    if part.copied:
        assert (part.head is None) == (part.copied.first == times[first])
        assert (part.tail is None) == (part.copied.until == end)
        assert part.copied.newest == max(kept)


@given(stream=streams(), data=st.data())
def test_little_is_encoded_at_the_end(stream: list[Fact], data: st.DataObject) -> None:
    """At most a mini-GOP with the leading pictures after it."""
    times = sorted(fact.pts for fact in stream)
    end = data.draw(st.sampled_from(times[1:])) if len(times) > 1 else times[0] + STEP
    part = plan_part(*windows(stream, times[0], end), times[0], end)
    assert part.head is None
    assert part.tail is None or len(part.tail.frames) <= 6 + 5


@given(stream=streams())
def test_all_of_a_stream_is_copied(stream: list[Fact]) -> None:
    end = max(fact.pts + fact.duration for fact in stream)
    part = plan_part(*windows(stream, stream[0].pts, end), stream[0].pts, end)
    assert part.encoded == ()
    assert copied(part, stream) == stream


@given(stream=streams(), end=st.integers(1, 1200))
def test_the_longest_prefix_is_what_brute_force_finds(stream: list[Fact], end: int) -> None:
    def closed(count: int) -> bool:
        shown, rest = [f.pts for f in stream[:count]], [f.pts for f in stream[count:]]
        return max(shown) < min([end, *rest])

    good = [count for count in range(1, len(stream) + 1) if closed(count)]
    assert longest_prefix(stream, end) == max(good, default=0)


def gop(start: int, order: list[int], entry: Entry = Entry.CLEAN) -> list[Fact]:
    kinds = [entry, *[Entry.NONE] * (len(order) - 1)]
    return [
        Fact((start + place) * STEP, STEP, kind is not Entry.NONE, kind)
        for place, kind in zip(order, kinds, strict=True)
    ]


def test_no_copy_begins_at_a_recovery_point() -> None:
    stream = gop(0, [0, 3, 1, 2]) + gop(4, [2, 0, 1, 3], Entry.RECOVERY)
    part = plan_part(stream, [], 20, 80)
    assert part.copied is None
    assert part.head == Encoded((20, 30, 40, 50, 60, 70), 0, 70, 80)


def test_decoding_may_begin_there() -> None:
    stream = gop(0, [0, 3, 1, 2]) + gop(4, [2, 0, 1, 3], Entry.RECOVERY)
    part = plan_part(stream[4:], [], 70, 80)
    assert part.head == Encoded((70,), 60, 70, 80)


def test_packets_outside_of_an_edit_list_are_never_copied() -> None:
    stream = [fact._replace(shown=fact.pts >= 20) for fact in gop(0, [0, 3, 1, 2])] + gop(4, [0, 1])
    part = plan_part(stream, stream[4:], 20, 60)
    assert part.head == Encoded((20, 30), 0, 20, 40)
    assert part.copied is not None
    assert part.copied.first == 40
    ends = gop(0, [0, 1]) + [fact._replace(shown=fact.pts < 40) for fact in gop(2, [2, 0, 1])]
    cut_short = plan_part(ends, ends, 0, 40)
    assert cut_short.copied is not None
    assert (cut_short.copied.until, cut_short.copied.stop) == (20, 40)


def test_two_pictures_of_one_time_are_refused() -> None:
    stream = gop(0, [0, 1, 2])
    with pytest.raises(Refused):
        plan_part([*stream, stream[1]], [], 10, 30)


def test_a_part_without_anything_to_decode_from_is_refused() -> None:
    with pytest.raises(Refused):
        plan_part(gop(0, [0, 1, 2], Entry.NONE), [], 10, 30)


@given(stream=streams(), data=st.data())
def test_what_is_settled_stays_so(stream: list[Fact], data: st.DataObject) -> None:
    """All streams here are reordered by less than the deepest that there is."""
    bound = data.draw(st.sampled_from([fact.pts for fact in stream]))
    settled = Settled(bound)
    read = next((i for i, fact in enumerate(stream) if settled(fact)), len(stream))
    assert all(fact.pts >= bound for fact in stream[read + 1 :])
    assert reorder_depth(stream) <= DEEPEST


def test_joins_are_looked_for_inside_the_part_only() -> None:
    stream = gop(0, [0, 1]) + gop(2, [0, 1])
    assert first_join(stream, 0, 20) == 0
    assert first_join(stream, 10, 20) is None
    assert first_join(stream, 10, 30) == 2
