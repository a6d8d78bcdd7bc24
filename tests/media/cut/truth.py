"""Cut clips through the whole cutter, and compare what a player then shows and plays with the sources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from libs.contracts.graph import AudioEncoding, Concat, Node, Output, Source, Trim, VideoEncoding
from libs.contracts.media import MediaInfo, ObjectRef
from libs.media.cut.engine import execute
from libs.media.cut.request import CutOutcome, CutRequest
from libs.media.cut.run import cut
from libs.media.passes.resolve import edit_list
from libs.media.probe import parse_probe, probe
from libs.media.tools import Tools
from tests.media.corpus import Corpus
from tests.media.cut.film import Film, Part, first_picture, psnr, watch
from tests.media.cut.sync import MILLISECOND, check_sound

MUXERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm", ".ts": "mpegts", ".flv": "flv"}
MUXERS |= {".avi": "avi"}
ENCODERS = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9"}
FAITHFUL = 38.0
"""dB of a frame that was encoded again."""
PRIMING = 0.025
"""Seconds that sound may begin before the first picture: a packet that primes a decoder."""


@dataclass(frozen=True)
class Piece:
    """A part of the clip `name`, in seconds from its first frame; `None` is its edge."""

    name: str
    start: float | None = None
    end: float | None = None

    @property
    def whole(self) -> bool:
        return self.start is None and self.end is None


@dataclass(frozen=True)
class Seen:
    """A checked result. `same` says of each frame whether it is bit for bit that of the source."""

    outcome: CutOutcome
    parts: list[Part]
    film: Film | None = None
    same: list[bool] = field(default_factory=list)

    @property
    def method(self) -> str | None:
        return self.outcome.method


class Stage:
    """Cuts clips of a corpus; knows what it has seen of them."""

    def __init__(self, corpus: Corpus, tools: Tools, folder: Path) -> None:
        self._corpus, self._tools, self._folder = corpus, tools, folder
        self._added: dict[str, Path] = {}
        self._films: dict[str, Film] = {}
        self._infos: dict[str, MediaInfo] = {}

    def path(self, name: str) -> Path:
        return self._added.get(name) or self._corpus.path(name)

    def add(self, name: str, path: Path) -> None:
        """Take in a clip, perhaps in the place of another one of this name."""
        self._added[name] = path
        self._infos.pop(name, None)
        self._films.pop(name, None)

    def left(self) -> list[str]:
        """What lies where results are written."""
        return sorted(path.name for path in self._folder.iterdir())

    def look(self, path: Path) -> Film:
        return watch(path)

    def film(self, name: str) -> Film:
        if name not in self._films:
            self._films[name] = watch(self.path(name))
        return self._films[name]

    async def source(self, name: str) -> Source:
        path = self.path(name)
        if name not in self._infos:
            self._infos[name] = await self._info(name, path)
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        reference = ObjectRef(key=path.name, size=path.stat().st_size, sha256=sha256)
        return Source(object=reference, info=self._infos[name])

    async def _info(self, name: str, path: Path) -> MediaInfo:
        """Of what was watched, ffprobe has told everything."""
        size = path.stat().st_size
        if name not in self._films:
            return (await probe(path, self._tools, size=size)).info
        film = self._films[name]
        return parse_probe({"format": film.container, "streams": film.streams}, size)

    async def graph(self, pieces: list[Piece], extension: str | None = None, **changes: Any) -> Output:
        """A graph that keeps packets, as the editor would have it: trims of sources, one after the other."""
        suffix = f".{extension}" if extension else self.path(pieces[0].name).suffix
        nodes: list[Node] = []
        for piece in pieces:
            source = await self.source(piece.name)
            nodes.append(source if piece.whole else Trim(input=source, start=piece.start, end=piece.end))
        info = self._infos[pieces[0].name]
        assert info.video is not None
        sound = "libopus" if suffix == ".webm" else "aac"
        fields: dict[str, Any] = {
            "input": nodes[0] if len(nodes) == 1 else Concat(inputs=nodes),
            "container": MUXERS[suffix],
            "extension": suffix[1:],
            "content_type": "video/mp4",
            "video": VideoEncoding(encoder=ENCODERS.get(info.video.codec, "libx264"), options={"crf": 18}),
            "audio": [AudioEncoding(index=stream.index, encoder=sound) for stream in info.audio],
            "keep": True,
        }
        return Output(**(fields | changes))

    async def cut(
        self, graph: Output, pieces: list[Piece], *, apart: bool = True, **targets: str
    ) -> tuple[CutOutcome, Path]:
        """`targets` are other places (URLs) where clips are read, by name. `apart`: in its own process, which
        takes a quarter of a second of a core to start."""
        destination = self._folder / f"cut.{graph.extension}"
        for path in self._folder.iterdir():
            path.unlink()
        inputs = {}
        for name in {piece.name for piece in pieces}:
            inputs[(await self.source(name)).object.sha256] = targets.get(name, str(self.path(name)))
        request = CutRequest(graph=graph, inputs=inputs, destination=str(destination), threads=1)
        if apart:
            return await cut(self._tools, request, cwd=self._folder, time_limit=60), destination
        return execute(request, lambda _: None), destination

    async def see(
        self, *pieces: Piece, extension: str | None = None, apart: bool = True, **targets: str
    ) -> Seen:
        """Cut, and check everything that holds for every cut."""
        wanted = list(pieces)
        parts = [self.part(piece) for piece in wanted]
        outcome, path = await self.cut(await self.graph(wanted, extension), wanted, apart=apart, **targets)
        check_edges(outcome, parts)
        assert self.left() == ([path.name] if outcome.method else [])
        if outcome.method is None:
            assert outcome.reason
            return Seen(outcome, parts)
        film = watch(path)
        same = check_pictures(film, parts)
        check_times(film, parts)
        for track in range(len(parts[0].film.tracks)):
            check_sound(film, parts, track)
        check_counts(outcome, film, same)
        return Seen(outcome, parts, film, same)

    def part(self, piece: Piece) -> Part:
        film = self.film(piece.name)
        first = 0 if piece.start is None else film.at_or_after(piece.start)
        stop = len(film.times) if piece.end is None else film.at_or_after(piece.end)
        assert first < stop, "a test that wants nothing"
        return Part(film, first, stop)


def check_edges(outcome: CutOutcome, parts: list[Part]) -> None:
    """The resolved graph names exactly the frames of `parts`; neighbours may have been joined."""
    sources = edit_list(outcome.graph.input)
    assert sources is not None
    found = [(s.start or 0.0, s.end) for s in sources]
    wanted: list[tuple[Film, Fraction, Fraction]] = []
    for part in parts:
        if wanted and wanted[-1][0] is part.film and wanted[-1][2] == part.start:
            wanted[-1] = (part.film, wanted[-1][1], part.end)
        else:
            wanted.append((part.film, part.start, part.end))
    assert len(found) == len(wanted)
    for (start, end), (film, exact_start, exact_end) in zip(found, wanted, strict=True):
        last_tick = film.tick if exact_end == film.clock(len(film.times)) else 0
        assert abs(start - exact_start) <= 2e-6
        assert end is None or abs(end - exact_end) <= 2e-6 + last_tick


def check_pictures(film: Film, parts: list[Part]) -> list[bool]:
    """The frames are those of the parts, in order. Whether each is identical."""
    assert film.complaints == ""
    wanted = [(part.film, frame) for part in parts for frame in range(part.first, part.stop)]
    assert len(film.pictures) == len(wanted)
    same = []
    for at, (source, frame) in enumerate(wanted):
        shown, original = film.pictures[at], source.pictures[frame]
        same.append(bool(np.array_equal(shown, original)))
        if not same[-1]:
            assert (quality := psnr(shown, original, film.peak)) > FAITHFUL, (at, frame, quality)
    return same


def planned(parts: list[Part]) -> Iterator[Fraction]:
    """The time of each frame of the result from its start."""
    offset = Fraction(0)
    for part in parts:
        for frame in range(part.first, part.stop):
            yield offset + part.film.clock(frame) - part.start
        offset += part.end - part.start


def check_times(film: Film, parts: list[Part]) -> None:
    """Every frame is shown when it should be, and the film starts and ends with its pictures."""
    coarse = film.tick > Fraction(1, 5000) or any(part.film.tick > Fraction(1, 5000) for part in parts)
    slack = MILLISECOND if coarse else 1.01 * film.tick
    late = [
        (i, float(film.clock(i)), float(t))
        for i, t in enumerate(planned(parts))
        if abs(film.clock(i) - t) > slack
    ]
    assert not late
    total = sum((part.end - part.start for part in parts), Fraction(0))
    frame = max(part.film.clock(part.stop) - part.film.clock(part.stop - 1) for part in parts)
    assert film.length is None or abs(film.length - total) <= max(float(frame) / 4, float(slack))
    assert abs(float(film.container["start_time"]) - film.times[0]) <= PRIMING
    assert abs(float(film.container["duration"]) - total) <= max(float(frame), 0.025) + MILLISECOND


def check_counts(outcome: CutOutcome, film: Film, same: list[bool]) -> None:
    """The cutter's own figures fit what is seen."""
    assert outcome.copied_packets <= sum(same)
    assert outcome.copied_packets + outcome.encoded_frames == len(same) == film.packets
    assert (outcome.method == "copy") == (outcome.encoded_frames == 0)
    assert outcome.bytes_read > 0


def seek_is_right(seen: Seen, frame: int) -> bool:
    """Whether a player that seeks to `frame` of the result shows it."""
    assert seen.film is not None
    film = seen.film
    time = float(film.times[frame]) - float(film.container["start_time"])
    shown = first_picture(film.path, max(time - float(film.tick), 0.0), film)
    return bool(np.array_equal(shown, film.pictures[frame]))
