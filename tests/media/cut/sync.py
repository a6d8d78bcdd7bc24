"""Whether sound is that of the sources, and with its pictures. The clips play noise, so that correlation
finds a piece of it to the sample."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from tests.media.cut.film import Film, Part, Track

SYNCHRONOUS = 0.020
"""Seconds by which sound may be off its picture."""
WINDOW, REACH, JOINT = 0.12, 0.15, 0.025
"""Seconds of sound that are looked for, how far around, and at which distance from a join (decoders of AAC
blend a packet with the one before)."""
MILLISECOND = 0.0011
"""Containers that count in milliseconds round times."""


def check_sound(film: Film, parts: list[Part], number: int) -> None:
    """The sound is that of the sources, with its pictures, from the first to the last."""
    track = film.tracks[number]
    total = sum((part.end - part.start for part in parts), Fraction(0))
    assert track.largest_gap < 0.003
    assert track.start - film.times[0] < SYNCHRONOUS
    last = parts[-1]
    missing = max(float(last.end) - _length(last.film, number), 0.0)
    frame = last.end - last.film.clock(last.stop - 1)
    off = track.end - float(film.times[0]) - (float(total) - missing)
    assert abs(off) < max(float(frame), 0.022) + MILLISECOND, off
    offset = 0.0
    for part in parts:
        _check_part(film, part, offset, number)
        offset += float(part.end - part.start)


def _check_part(film: Film, part: Part, offset: float, number: int) -> None:
    """The sound of one part, which begins `offset` seconds after the first picture."""
    length = float(part.end - part.start)
    if length < (3 * WINDOW if number >= len(part.film.tracks) else WINDOW + JOINT):
        return
    if number >= len(part.film.tracks):
        between = _window(film.tracks[number], offset + float(film.times[0]) + WINDOW, length - 2 * WINDOW)
        assert between is not None
        assert float(np.abs(between[1]).max()) < 0.01
        return
    for at in (JOINT, length - WINDOW - JOINT):
        off = lag(film, offset + at, part.film, float(part.start) + at, number)
        assert off is None or abs(off) < SYNCHRONOUS, (number, part.first, part.stop, at, off)


def _length(film: Film, number: int) -> float:
    """Seconds from the first picture to the end of the sound; of the pictures where there is none."""
    if number >= len(film.tracks):
        return float(film.clock(len(film.times)))
    return film.tracks[number].end - float(film.times[0])


def lag(film: Film, at: float, source: Film, where: float, number: int) -> float | None:
    """Seconds by which the sound of `film` at `at` comes after that of `source` at `where`, both counted from
    the first picture. `None` where there is not enough sound."""
    wanted = _window(film.tracks[number], at + float(film.times[0]), WINDOW)
    around = _window(source.tracks[number], where + float(source.times[0]) - REACH, WINDOW + 2 * REACH)
    if wanted is None or around is None:
        return None
    skipped, sound = wanted
    before, room = around
    rate = film.tracks[number].rate
    room = np.pad(room, (round(before * rate), len(sound)))  # it may be found half outside
    size = len(sound) + len(room)
    found = np.fft.irfft(np.fft.rfft(room, size) * np.conj(np.fft.rfft(sound, size)), size)
    energy = np.cumsum(np.concatenate([[0.0], room.astype(np.float64) ** 2]))
    places = len(room) - len(sound) + 1
    norm = np.sqrt(
        np.maximum(energy[len(sound) :] - energy[:places], 1e-3) * np.sum(np.square(sound, dtype=float))
    )
    likeness = found[:places] / norm
    best = int(np.argmax(likeness))
    assert likeness[best] > 0.6, "this is other sound"
    return REACH + skipped - best / rate


def _window(track: Track, start: float, length: float) -> tuple[float, Any] | None:
    """The seconds missing at its front, and the samples of [start, start + length) that there are; `None`
    when these are not even most of `WINDOW`."""
    begin = round((start - track.start) * track.rate)
    samples = track.samples[max(begin, 0) : max(begin + round(length * track.rate), 0)]
    if len(samples) < WINDOW * track.rate * 2 / 3:
        return None
    return max(-begin, 0) / track.rate, samples
