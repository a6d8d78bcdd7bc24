"""Random sources and random trees of edits, and their evaluation by the book: every step materialised."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from fractions import Fraction

import msgspec
from hypothesis import strategies as st

from libs.contracts.errors import MediaError
from libs.contracts.graph import Concat, Fit, Node, Source, Trim
from tests.media.building import REF, source


@dataclass(frozen=True)
class Times:
    """The `Frames` of a made-up source: frame times from 0, in ticks of `tick` seconds."""

    ticks: tuple[int, ...]
    end_tick: int
    tick: Fraction
    origin: Fraction | None = None

    @property
    def tolerance(self) -> Fraction:
        return min(self.tick, Fraction(1, 400))

    @property
    def end(self) -> Fraction:
        return self.end_tick * self.tick

    def at_or_after(self, time: Fraction) -> Fraction:
        index = bisect.bisect_left(self.ticks, (time - self.tolerance) / self.tick)
        return self.ticks[index] * self.tick if index < len(self.ticks) else self.end


def clip(name: int) -> Source:
    return source(object=msgspec.structs.replace(REF, sha256=f"{name:064x}"))


def name_of(node: Source) -> int:
    return int(node.object.sha256, 16)


@dataclass(frozen=True)
class Shown:
    """A clip made frame by frame: (source, index of its frame, time), and its end."""

    frames: tuple[tuple[int, int, Fraction], ...]
    end: Fraction

    @property
    def identities(self) -> list[tuple[int, int]]:
        return [(name, index) for name, index, _ in self.frames]


def by_the_book(node: Node, worlds: dict[int, Times]) -> Shown:
    """What `node` shows; `MediaError` when a step of it shows nothing."""
    if isinstance(node, Source):
        name = name_of(node)
        times = worlds[name]
        frames = tuple((name, i, tick * times.tick) for i, tick in enumerate(times.ticks))
        return _cut(Shown(frames, times.end), node.start, node.end, worlds)
    if isinstance(node, Trim):
        return _cut(by_the_book(node.input, worlds), node.start, node.end, worlds)
    if isinstance(node, Fit):
        return by_the_book(node.input, worlds)
    assert isinstance(node, Concat)
    joined: list[tuple[int, int, Fraction]] = []
    end = Fraction(0)
    for each in node.inputs:
        part = by_the_book(each, worlds)
        joined += [(name, index, time + end) for name, index, time in part.frames]
        end += part.end
    return Shown(tuple(joined), end)


def _cut(shown: Shown, start: float | None, end: float | None, worlds: dict[int, Times]) -> Shown:
    def first(time: float) -> int:
        wanted = Fraction(round(time * 10**6), 10**6)
        late = (i for i, (name, _, at) in enumerate(shown.frames) if at >= wanted - worlds[name].tolerance)
        return next(late, len(shown.frames))

    begin = first(start or 0.0)
    stop = len(shown.frames) if end is None else first(end)
    if begin >= stop:
        raise MediaError("Nothing is left.")
    zero = shown.frames[begin][2]
    last = shown.frames[stop][2] if stop < len(shown.frames) else shown.end
    kept = tuple((name, index, at - zero) for name, index, at in shown.frames[begin:stop])
    return Shown(kept, last - zero)


constant = st.builds(
    lambda frame, count, tick: Times(tuple(i * frame for i in range(count)), count * frame, tick),
    st.sampled_from([10, 11, 100, 1001]),
    st.integers(1, 40),
    st.sampled_from([Fraction(1, 1000), Fraction(1, 30000), Fraction(1, 12800), Fraction(1, 90000)]),
)


@st.composite
def variable(draw: st.DrawFn) -> Times:
    gaps = draw(st.lists(st.integers(10, 400), min_size=1, max_size=30))
    at = [sum(gaps[:i]) for i in range(len(gaps))]
    return Times(tuple(at), sum(gaps), draw(st.sampled_from([Fraction(1, 1000), Fraction(1, 7919)])))


@dataclass(frozen=True)
class World:
    """A tree and the frame times of its sources."""

    node: Node
    sources: dict[int, Times]

    def frames_of(self, source: Source) -> Times:
        assert source.start is None
        assert source.end is None
        return self.sources[name_of(source)]


@st.composite
def worlds(draw: st.DrawFn, *, covers: bool = False) -> World:
    """A random tree of trims and concats over one to four sources; with `covers`, of fits as well."""
    sources = dict(enumerate(draw(st.lists(st.one_of(constant, variable()), min_size=1, max_size=4))))
    longest = float(max(times.end for times in sources.values()))
    moments = st.floats(0, longest * 1.2).map(lambda x: round(x, 6)) | st.none()
    grid = [float(tick * times.tick) for times in sources.values() for tick in times.ticks[:50]]
    moments |= st.sampled_from(grid).map(lambda x: round(x, 6))
    names = st.sampled_from(sorted(sources))
    leaves: st.SearchStrategy[Node] = names.map(clip)

    def grown(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        trims = st.builds(lambda node, a, b: Trim(input=node, start=a, end=b), nodes, moments, moments)
        concats = st.lists(nodes, min_size=1, max_size=4).map(lambda inputs: Concat(inputs=inputs))
        fits = st.builds(
            lambda node, w: Fit(input=node, width=w, height=16), nodes, st.sampled_from([16, 32])
        )
        return trims | concats | fits if covers else trims | concats

    return World(draw(st.recursive(leaves, grown, max_leaves=8)), sources)
