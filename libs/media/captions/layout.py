"""Captions laid out in a movie: which letters in which font, in which lines, how large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from libs.media.captions.fonts import Catalogue, Face
from libs.media.captions.lines import Part, balanced, fewest, widths
from libs.media.captions.look import MARGIN, Look
from libs.media.captions.measure import Extent, em, extent
from libs.media.captions.text import invisible, unbreakable
from libs.media.captions.words import BREAK, NOTHING, Piece

BOX_ASIDE, BOX_ABOVE = 0.28, 0.08
"""What a box is larger than its lines, at each side, as shares of the font size."""
_SMALLER, _SMALLEST = 0.94, 0.1
_LARGEST = 1.6
"""How many times as large as asked for the font of another writing may be."""
_SHOWN_LETTERS = 12
"""Letters without a font that a note names at most."""


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of the word `piece` (its number in the caption), in one font; `space` before them unless they
    begin a line. The font is `scale` times as large as that of the caption, so that letters of other writings
    do not look smaller."""

    text: str
    piece: int
    face: Face
    scale: float
    space: bool
    part: Part
    size: Extent


@dataclass(frozen=True)
class Laid:
    """Lines of runs, not empty; pixels. `width` and `height` are of the block of lines, `aside` and `above`
    what is around it for outline, shadow and box, `inset_x` and `inset_y` how far it stays from the movie's
    edges."""

    lines: tuple[tuple[Run, ...], ...]
    size: float
    width: float
    height: float
    aside: float
    above: float
    inset_x: float
    inset_y: float


@dataclass
class Layout:
    """Lays out the captions of one look. `unknown` gathers letters that no font has; they are not drawn."""

    look: Look
    face: Face
    fonts: Catalogue
    width: int
    height: int
    language: str = "und"
    unknown: dict[str, None] = field(default_factory=dict)

    def fits(self, pieces: Sequence[Piece], most: int) -> bool:
        """Whether `pieces` have room at the size that was asked for, in at most `most` lines."""
        runs = self._runs(pieces)
        return not runs or self._starts(runs, self.look.size, most, whole=False) is not None

    def laid(self, pieces: Sequence[Piece], most: int) -> Laid | None:
        """`pieces` in at most `most` lines, as large as was asked for or as large as there is room; `None`
        where there is nothing to draw, or no room even for dots."""
        runs = self._runs(pieces)
        if not runs:
            return None
        size = self.look.size
        while (starts := self._starts(runs, size, most, whole=True)) is None:
            size = min(size * _SMALLER, self._widest(runs, size))
            if size < _SMALLEST:
                return None
        ends = [*starts[1:], len(runs)]
        lines = tuple(tuple(runs[start:end]) for start, end in zip(starts, ends, strict=True))
        aside, above = self._around(size)
        above += _spill(lines[0], lines[-1]) * size
        return Laid(
            lines=lines,
            size=round(size, 2),
            width=max(widths([run.part for run in runs], starts)) * size,
            height=sum(_height(line) for line in lines) * size,
            aside=aside,
            above=above,
            inset_x=MARGIN * self.width + aside,
            inset_y=MARGIN * self.height + above,
        )

    def _starts(self, runs: list[Run], size: float, most: int, *, whole: bool) -> list[int] | None:
        """Where the lines begin when the font has `size`; `None` when there is no room. `whole`: laid out
        well, not only tried."""
        aside, above = self._around(size)
        room = (self.width * (1 - 2 * MARGIN) - 2 * aside) / size
        height = (self.height * (1 - 2 * MARGIN) - 2 * above) / size
        parts = [run.part for run in runs]
        for authored in (True, False):
            starts = (balanced if whole else fewest)(parts, room, authored=authored)
            if starts is None or len(starts) > most:
                continue
            ends = [*starts[1:], len(runs)]
            lines = [runs[start:end] for start, end in zip(starts, ends, strict=True)]
            tall = sum(_height(line) for line in lines) + 2 * _spill(lines[0], lines[-1])
            if tall <= height:
                return starts
        return None

    def _widest(self, runs: list[Run], size: float) -> float:
        """The largest size at which every part may have room, when `size` is too large."""
        room = self.width * (1 - 2 * MARGIN) - 2 * self._around(size)[0]
        part = max(run.part.width for run in runs) + 2 * max(run.part.over for run in runs)
        return max(room / part, size / 2)

    def _around(self, size: float) -> tuple[float, float]:
        """Pixels around the letters for outline, shadow and box, at the sides and above and below."""
        edge = self.look.outline_width + self.look.shadow_offset
        if self.look.box is None:
            return edge, edge
        return max(edge, BOX_ASIDE * size), max(edge, BOX_ABOVE * size)

    def _runs(self, pieces: Sequence[Piece]) -> list[Run]:
        odd = "".join(piece.text for piece in pieces if self.face.missing(_letters(piece.text)))
        usual = self.fonts.chosen(odd, self.face, self.language) if odd else self.face
        runs: list[Run] = []
        for number, piece in enumerate(pieces):
            face = self._face(piece.text, usual)
            before = piece.before if runs else NOTHING
            for part, text in enumerate(unbreakable(self._drawn(piece.text, face))):
                kept = NOTHING if part else before
                runs.append(self._run(text, number, face, kept, word=not part and kept != NOTHING))
        return runs

    def _face(self, text: str, usual: Face) -> Face:
        letters = _letters(text)
        if not self.face.missing(letters):
            return self.face
        return usual if not usual.missing(letters) else self.fonts.chosen(text, self.face, self.language)

    def _drawn(self, text: str, face: Face) -> str:
        """`text` without letters that `face`, the best there is for it, does not have."""
        lost = [char for char in _letters(text) if not face.has(char)]
        self.unknown.update(dict.fromkeys(lost))
        return "".join(char for char in text if char not in lost)

    def _run(self, text: str, piece: int, face: Face, before: str, *, word: bool) -> Run:
        scale = 1.0
        if face is not self.face:
            scale = round(min(max(em(self.face) / em(face), 1.0), _LARGEST), 3)
        size = extent(text, face).times(scale)
        gap = extent(" ", face).advance * scale if before != NOTHING else 0.0
        part = Part(size.advance, gap, size.over, word=word, forced=before == BREAK)
        return Run(text, piece, face, scale, before != NOTHING, part, size)

    @property
    def notes(self) -> list[str]:
        if not self.unknown:
            return []
        shown = " ".join(list(self.unknown)[:_SHOWN_LETTERS])
        more = " …" if len(self.unknown) > _SHOWN_LETTERS else ""
        return [f"No installed font has these letters, which are left out of the picture: {shown}{more}"]


def _letters(text: str) -> list[str]:
    return [char for char in text if not invisible(char)]


def _height(line: Sequence[Run]) -> float:
    """As libass spaces lines: by the highest and the lowest of their fonts."""
    return max(run.size.above for run in line) + max(run.size.below for run in line)


def _spill(first: Sequence[Run], last: Sequence[Run]) -> float:
    """How far ink reaches above the first line or below the last."""
    above = max(run.size.ink_above for run in first) - max(run.size.above for run in first)
    below = max(run.size.ink_below for run in last) - max(run.size.below for run in last)
    return max(above, below, 0.0)
