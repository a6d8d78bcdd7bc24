"""Captions as ASS for libass: every caption at its place, in lines and sizes that are already decided.

Text is put by `\\pos`, so that nothing is moved out of the way of anything; a box is a drawing under it. The
spoken word has its colour by one event per word. Every word and every space is a run of its own, whatever its
colour (`\\2a`, which is seen only in karaoke, tells them apart), so that kerning is the same in all events of
a caption and nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from libs.contracts.errors import InvalidInputError
from libs.media.captions.grouping import HOLD, Cue
from libs.media.captions.layout import Laid, Run
from libs.media.captions.look import Colour, Look
from libs.media.captions.text import right_to_left
from libs.media.captions.words import joined

MARK = "; Written by Reelbus."
_HEAD = """[Script Info]
{mark}
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
ScaledBorderAndShadow: yes
WrapStyle: 2
Kerning: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
"""
_EVENTS = """
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
_DIRECTED = -1
"""The `Encoding` for which libass finds the direction of each line."""
_HOLDER = "\u2060"
"""An invisible character: after a backslash, what follows is no command."""
_RIGHT, _LEFT = "\u200f", "\u200e"


@dataclass(frozen=True)
class Scene:
    """Captions that look alike, with their layouts; `family` is the font that most is drawn in."""

    look: Look
    family: str
    cues: Sequence[tuple[Cue, Laid]]


def script(width: int, height: int, scenes: Sequence[Scene], most: int) -> str:
    """The whole file for a movie of `width` x `height` pixels. Raises `InvalidInputError` as soon as there
    are more than `most` characters: each word that is spoken writes its whole caption again."""
    head = _HEAD.format(mark=MARK, width=width, height=height)
    styles = [_style(f"S{number}", scene) for number, scene in enumerate(scenes)]
    events, size = list[str](), 0
    for number, scene in enumerate(scenes):
        for cue, laid in scene.cues:
            written = list(_events(f"S{number}", scene, cue, laid, (width, height)))
            events += written
            size += sum(map(len, written))
            if size > most:
                raise InvalidInputError("There is too much text in the captions of this movie.")
    return "".join([head, *styles, _EVENTS, *events])


def _style(name: str, scene: Scene) -> str:
    look = scene.look
    colours = [_whole(colour) for colour in (look.line, look.line, look.outline, look.shadow)]
    fields = [name, scene.family, _plain(look.size), *colours, "0,0,0,0,100,100,0,0,1"]
    fields += [_plain(look.outline_width), _plain(look.shadow_offset), str(look.alignment), "0,0,0"]
    return f"Style: {','.join(fields)},{_DIRECTED}\n"


def _events(style: str, scene: Scene, cue: Cue, laid: Laid, frame: tuple[int, int]) -> Iterator[str]:
    x, y = _anchor(scene.look, laid, *frame)
    if scene.look.box is not None:
        yield _line(0, cue.start, cue.end, style, _box(scene.look, scene.look.box, laid, x, y))
    head = f"{{\\pos({_plain(x)},{_plain(y)})}}"
    backwards = right_to_left(joined(cue.pieces))
    whole = [(cue.start, cue.end, frozenset[int]())]
    for start, end, spoken in _spans(cue) if scene.look.progressive else whole:
        if _clock(start) != _clock(end):
            text = "\\N".join(
                _text(line, scene.look, spoken, laid.size, backwards) for line in _numbered(laid)
            )
            yield _line(1, start, end, style, head + text)


def _spans(cue: Cue) -> Iterator[tuple[float, float, frozenset[int]]]:
    """(start, end, numbers of the words that are spoken) without gaps: a word is spoken until the next one
    begins, unless there is a pause of over `HOLD` seconds, or the next one begins before its end: that is of
    another text."""
    spoken: list[tuple[float, float]] = []
    starts = [piece.start for piece in cue.pieces[1:]] + [cue.end]
    for piece, following in zip(cue.pieces, starts, strict=True):
        end = max(piece.end, piece.start)
        spoken.append((piece.start, following if end <= following <= end + HOLD else end))
    edges = {cue.start, cue.end, *(edge for word in spoken for edge in word)}
    for begin, until in pairwise(sorted(edge for edge in edges if cue.start <= edge <= cue.end)):
        now = (number for number, (start, end) in enumerate(spoken) if start <= begin and end >= until)
        yield begin, until, frozenset(now)


def _numbered(laid: Laid) -> Iterator[list[tuple[int, Run]]]:
    """The runs of each line, with numbers whose last bit changes from word to word and space."""
    number, last = 0, -1
    for line in laid.lines:
        numbered = []
        for run in line:
            number += 2 if run.space else run.piece != last
            last = run.piece
            numbered.append((number, run))
        yield numbered


def _text(
    line: Iterable[tuple[int, Run]], look: Look, spoken: frozenset[int], size: float, backwards: bool
) -> str:
    """One line; `backwards`: it is read from right to left, whatever it begins with."""
    family, colour, written = "", "", list[str]()
    for index, (number, run) in enumerate(line):
        tags = f"\\fn{run.face.family}\\fs{_plain(size * run.scale)}" if run.face.family != family else ""
        family = run.face.family
        if run.space and index:
            written.append(f"{{{_apart(number - 1)}{tags}}} ")
            tags = ""
        wanted = _colour(look.word if run.piece in spoken else look.line)
        tags += _apart(number) + (wanted if wanted != colour else "")
        colour = wanted
        mark = "" if index else _RIGHT if backwards else _LEFT
        written.append(f"{{{tags}}}{mark}{escaped(run.text)}")
    return "".join(written)


def escaped(text: str) -> str:
    """`text` as letters that libass draws, none of them a command."""
    text = text.replace("\\", f"\\{_HOLDER}").replace("{", "\\{").replace("}", "\\}")
    return text.replace("\n", " ").replace("\r", " ")


def _apart(number: int) -> str:
    return f"\\2a{number % 2}"


def _anchor(look: Look, laid: Laid, width: int, height: int) -> tuple[float, float]:
    """The point of the block of lines that its alignment names."""
    column, row = (look.alignment - 1) % 3, (look.alignment - 1) // 3
    x = (laid.inset_x, width / 2, width - laid.inset_x)[column]
    return x, (height - laid.inset_y, height / 2, laid.inset_y)[row]


def _box(look: Look, colour: Colour, laid: Laid, x: float, y: float) -> str:
    """A filled rectangle around the block of lines."""
    column, row = (look.alignment - 1) % 3, (look.alignment - 1) // 3
    left = x - (0.0, 0.5, 1.0)[column] * laid.width - laid.aside
    top = y - (1.0, 0.5, 0.0)[row] * laid.height - laid.above
    wide, tall = round(laid.width + 2 * laid.aside), round(laid.height + 2 * laid.above)
    tags = f"\\an7\\pos({round(left)},{round(top)})\\bord0\\shad0{_colour(colour)}"
    return f"{{{tags}\\p1}}m 0 0 l {wide} 0 {wide} {tall} 0 {tall}{{\\p0}}"


def _line(layer: int, start: float, end: float, style: str, text: str) -> str:
    return f"Dialogue: {layer},{_clock(start)},{_clock(end)},{style},,0,0,0,,{text}\n"


def _clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 100:02d}.{rest % 100:02d}"


def _plain(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _colour(colour: Colour) -> str:
    return f"\\1c&H{colour.bgr:06X}&\\1a&H{colour.alpha:02X}&"


def _whole(colour: Colour) -> str:
    return f"&H{colour.alpha:02X}{colour.bgr:06X}"
