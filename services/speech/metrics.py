"""What an operator sees of recognition, beside the series of every worker."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

RECOGNISED = Counter(
    "reelbus_speech_seconds_total",
    "Seconds of sound that were recognised, by the language that was found in it.",
    ["language"],
)
FACTOR = Histogram(
    "reelbus_speech_real_time_factor",
    "Seconds of work for each second of sound.",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 2, 5),
)
SHORTEST = 5.0
"""Seconds of sound from which on the factor says something."""


def observe(language: str, sound: float, work: float) -> None:
    """One transcript of `sound` seconds in `language`, made in `work` seconds."""
    RECOGNISED.labels(language).inc(sound)
    if sound >= SHORTEST:
        FACTOR.observe(work / sound)
