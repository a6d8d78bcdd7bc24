"""The output options: encoders, tags, and what the container needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from libs.contracts.graph import Canvas, Concat, Node, Output, Rate, Source, Speed
from libs.media.command.clock import nominal_rate
from libs.media.command.sounds import Track
from libs.media.containers import BY_MUXER
from libs.media.graph import main_source, sound_is_untouched
from libs.media.rhythm import MPEG_CLOCK, rhythm_of
from libs.media.walk import children

GLOBAL = ["-y", "-abort_on", "empty_output", "-max_error_rate", "1"]
"""Damaged frames do not fail a run, however many they are; a result without any packet does."""

JUNK_TAGS = ("major_brand", "minor_version", "compatible_brands", "encoder")
"""Tags of the container itself, which would be copied as if the user had written them."""


def output_options(output: Output, tracks: Sequence[Track], threads: int, *, edited: bool) -> dict[str, Any]:
    """By ffmpeg's names. `edited`: frames may be at other times than in the source."""
    video = output.video
    options: dict[str, Any] = {"f": output.container, "c:v": video.encoder, "threads": threads}
    options |= _timing(output.input) if edited else {}
    options |= {f"{name}:v": value for name, value in video.options.items()}
    if threads and video.encoder == "libx265":  # it does not listen to `threads`
        options["x265-params:v"] = ":".join(filter(None, [options.get("x265-params:v"), f"pools={threads}"]))
    if video.encoder != "copy":
        options |= {"pix_fmt:v": video.pixel_format} if video.pixel_format else {}
        options["fps_mode:v"] = "vfr"
    if video.tag:
        options["tag:v"] = video.tag
    for position, audio in enumerate(output.audio):
        options[f"c:a:{position}"] = audio.encoder
        options |= {f"{name}:a:{position}": value for name, value in audio.options.items()}
    for position, subtitle in enumerate(output.subtitles):
        options[f"c:s:{position}"] = subtitle.encoder
    options |= _tags(output, tracks, edited=edited)
    return options | dict(BY_MUXER[output.container].options) | {"max_muxing_queue_size": 4096}


def _timing(node: Node) -> dict[str, str]:
    """A time base in which the encoder keeps every frame's time, and the rate that players are told. On a
    constant grid the one is the other."""
    leaf = main_source(node)
    if isinstance(leaf, Canvas):
        return {"r:v": str(leaf.rate)}
    while not isinstance(node, Source | Concat | Speed):
        if isinstance(node, Rate):
            return {"r:v": node.rate}
        node = children(node)[0]
    video = main_source(node).info.video
    assert video is not None
    rhythm = rhythm_of(video)
    tick = rhythm.tick if isinstance(node, Source) else MPEG_CLOCK
    rate = nominal_rate(node) if isinstance(node, Speed) else rhythm.rate
    return {"enc_time_base:v": str(tick)} | ({"r:v": str(rate)} if rate else {})


def _tags(output: Output, tracks: Sequence[Track], *, edited: bool) -> dict[str, Any]:
    if output.bare:
        return {"map_metadata": -1, "map_chapters": -1}
    options: dict[str, Any] = {f"metadata:g:{position}": f"{tag}=" for position, tag in enumerate(JUNK_TAGS)}
    return options | (_lost_tags(output, tracks) if edited else {})


def _lost_tags(output: Output, tracks: Sequence[Track]) -> dict[str, Any]:
    """Languages do not go through filters; chapters are not moved with the pictures."""
    if sound_is_untouched(output.input):
        return {}
    spoken = {f"metadata:s:a:{i}": f"language={track.language}" for i, track in enumerate(tracks)
              if track.language}  # fmt: skip
    return {"map_chapters": -1, **spoken}
