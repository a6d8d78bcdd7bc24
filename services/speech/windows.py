"""Which parts of a sound are listened to together: pure arithmetic on spans of speech.

A model hears 30 seconds at a time and takes as long for one as for all of them. Long silences are left out,
so that a window holds as much speech as it can; times in a window are therefore not those of the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WINDOW = 30.0
"""Seconds that a model hears at once."""
PAD = 0.4
"""Seconds of what is before and after speech that are kept: a detector is late at soft beginnings."""
KEPT_SILENCE = 1.2
"""Seconds of silence between padded spans up to which it stays: a model needs pauses to end sentences."""
UNSETTLED = 2.0
"""Seconds from the end of a piece within which its last speech may go on in the next one."""


@dataclass(frozen=True)
class Span:
    """From `start` to `end`, seconds."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Window:
    """Spans of a sound that are heard as one, in order, apart from each other."""

    clips: tuple[Span, ...]

    @property
    def length(self) -> float:
        return sum(clip.length for clip in self.clips)

    @property
    def end(self) -> float:
        return self.clips[-1].end

    def locate(self, start: float, end: float) -> Span:
        """Where in the sound that is what the window has from `start` to `end`: within the clip that holds
        most of it."""
        middle, before = (start + end) / 2, 0.0
        for clip in self.clips:
            if middle <= before + clip.length or clip is self.clips[-1]:
                break
            before += clip.length
        moved = clip.start - before
        first, last = (min(max(time + moved, clip.start), clip.end) for time in (start, end))
        return Span(first, max(first, last))


def windows(speech: Sequence[Span], duration: float) -> list[Window]:
    """All `speech` (in order, each shorter than a window) of a sound of `duration` seconds, in windows of at
    most `WINDOW` seconds."""
    found: list[list[Span]] = []
    for span in _padded(speech, duration):
        if found and _fits(found[-1], span):
            clips = found[-1]
            if span.start - clips[-1].end <= KEPT_SILENCE:
                clips[-1] = Span(clips[-1].start, span.end)
            else:
                clips.append(span)
        else:
            found.append([span])
    return [Window(tuple(clips)) for clips in found]


def settled(speech: Sequence[Span], length: float) -> tuple[list[Span], float]:
    """The speech of a piece of `length` seconds that will not change by what follows, and where the next
    piece has to begin. There is always some progress."""
    if not speech or speech[-1].end < length - UNSETTLED:
        return list(speech), length
    last = speech[-1]
    before = speech[-2].end if len(speech) > 1 else 0.0
    begin = max(last.start - PAD, (before + last.start) / 2)
    if begin < 1.0:
        return list(speech), length
    return list(speech[:-1]), begin


def _padded(speech: Sequence[Span], duration: float) -> list[Span]:
    """Each span with what is around it, up to the middle of the silence to its neighbour."""
    found = []
    for i, span in enumerate(speech):
        before = speech[i - 1].end if i else -PAD
        after = speech[i + 1].start if i + 1 < len(speech) else duration + PAD
        start = span.start - min(PAD, max(span.start - before, 0.0) / 2)
        end = span.end + min(PAD, max(after - span.end, 0.0) / 2)
        found.append(Span(max(start, 0.0), min(end, duration)))
    return found


def _fits(clips: list[Span], span: Span) -> bool:
    silence = span.start - clips[-1].end
    kept = silence if silence <= KEPT_SILENCE else 0.0
    return sum(clip.length for clip in clips) + kept + span.length <= WINDOW
