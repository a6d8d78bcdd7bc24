"""What may be in a render graph, and the name of the work that it describes.

A node type of `libs.contracts.graph` is taught to a function here by registering it on the dispatchers
`_check` and `_canonical`, and to `libs.media.command` and `libs.media.passes` in the same way.
"""

from __future__ import annotations

import hashlib
import math
import re
from functools import singledispatch
from typing import Any

import msgspec

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import AudioEncoding, Filter, FilterValue, Node, Output, Source, SubtitleEncoding
from libs.contracts.tasks import MetadataTask, RenderTask, TaskSpec
from libs.media.containers import BY_MUXER
from libs.media.filters import check_step
from libs.media.passes import simplify

ENGINE_VERSION = "1"
"""Part of every fingerprint. Raise it when the same task would now give other bytes worth having."""

VIDEO_ENCODERS = {"copy", "libx264", "libx265", "libvpx-vp9"}
AUDIO_ENCODERS = {"copy", "aac", "libopus"}
SUBTITLE_ENCODERS = {"copy", "mov_text", "subrip", "webvtt"}
NOT_WORK = ("input", "notes")
MAX_DEPTH, MAX_STEPS = 64, 64
_OPTION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_OPTION_TEXT = re.compile(r"[A-Za-z0-9_.,:=/+-]{1,200}")


def validate(output: Output) -> None:
    """`InvalidInputError` saying what is wrong with a graph; silence when it may run."""
    if output.container not in BY_MUXER:
        raise InvalidInputError(f"There is no container named {output.container!r}.")
    _check(output.input, 0)
    video = output.video
    _check_encoder(video.encoder, video.options, VIDEO_ENCODERS)
    if not video.pixel_format.isalnum():
        raise InvalidInputError(f"There is no pixel format named {video.pixel_format!r}.")
    if video.encoder == "copy" and isinstance(simplify(output).input, Filter):
        raise InvalidInputError("Filtered video cannot be copied, it has to be encoded.")
    if video.tag is not None and not re.fullmatch(r"[a-z0-9]{4}", video.tag):
        raise InvalidInputError("A codec tag has four characters.")
    for audio in output.audio:
        _check_encoder(audio.encoder, audio.options, AUDIO_ENCODERS)
    for subtitle in output.subtitles:
        _check_encoder(subtitle.encoder, {}, SUBTITLE_ENCODERS)
    _check_streams(output)


def main_source(node: Node) -> Source:
    """The source whose sound, subtitles and tags go with the picture."""
    while isinstance(node, Filter):
        node = node.input
    return node


def canonical(output: Output) -> bytes:
    """Stable JSON of the work itself: equal for graphs that give equal results from equal bytes.

    Sources are their content, not their place in storage; notes to the user are left out.
    """
    output = simplify(output)
    fields = [field for field in Output.__struct_fields__ if field not in NOT_WORK]
    tree = {field: msgspec.to_builtins(getattr(output, field)) for field in fields}
    tree["input"] = _canonical(output.input)
    return msgspec.json.encode(_plain(tree), order="sorted")


def fingerprint(spec: TaskSpec, engine_version: str = ENGINE_VERSION) -> str:
    """The content address of a task: 64 hex digits. File names do not count."""
    if isinstance(spec, RenderTask):
        work = b"render\n" + canonical(spec.graph)
    elif isinstance(spec, MetadataTask):
        work = b"metadata\n" + f"{spec.source.sha256} {spec.source.size}".encode()
    return hashlib.sha256(engine_version.encode() + b"\n" + work).hexdigest()


@singledispatch
def _check(node: Node, depth: int) -> None:
    raise InvalidInputError(f"A graph cannot contain {type(node).__name__}.")


@_check.register
def _(node: Source, depth: int) -> None:
    start, end = node.start or 0.0, node.end
    for time in (start, end):
        if time is not None and not (math.isfinite(time) and time >= 0):
            raise InvalidInputError("Times must not be negative.")
    if end is not None and end <= start:
        raise InvalidInputError("The end must be after the start.")
    if node.info.duration is not None and start >= node.info.duration > 0:
        raise InvalidInputError("The start is past the end of the video.")
    if node.info.video is None:
        raise InvalidInputError("There is no video in this file, only sound.")


@_check.register
def _(node: Filter, depth: int) -> None:
    if depth >= MAX_DEPTH or len(node.steps) > MAX_STEPS:
        raise InvalidInputError("This graph is too complex.")
    for step in node.steps:
        check_step(step)
    _check(node.input, depth + 1)


def _check_encoder(encoder: str, options: dict[str, FilterValue], allowed: set[str]) -> None:
    if encoder not in allowed:
        raise InvalidInputError(f"There is no encoder named {encoder!r}.")
    for name, value in options.items():
        if not _OPTION_NAME.fullmatch(name) or not _OPTION_TEXT.fullmatch(str(value)):
            raise InvalidInputError(f"The option {name!r} of {encoder} is malformed.")


def _check_streams(output: Output) -> None:
    """Every audio and subtitle stream that is written is one of the source, once."""
    info = main_source(output.input).info
    wanted: list[tuple[list[int], list[int], str]] = [
        (_indices(output.audio), [stream.index for stream in info.audio], "audio"),
        (_indices(output.subtitles), [stream.index for stream in info.subtitles], "subtitle"),
    ]
    for chosen, present, kind in wanted:
        if len(set(chosen)) != len(chosen) or not set(chosen) <= set(present):
            raise InvalidInputError(f"The source does not have these {kind} streams.")


def _indices(encodings: list[AudioEncoding] | list[SubtitleEncoding]) -> list[int]:
    return [encoding.index for encoding in encodings]


@singledispatch
def _canonical(node: Node) -> dict[str, Any]:
    raise InvalidInputError(f"A graph cannot contain {type(node).__name__}.")


@_canonical.register
def _(node: Source) -> dict[str, Any]:
    content = {"sha256": node.object.sha256, "size": node.object.size}
    return {"type": "source", **content, "start": node.start, "end": node.end}


@_canonical.register
def _(node: Filter) -> dict[str, Any]:
    steps = [msgspec.to_builtins(step) for step in node.steps]
    return {"type": "filter", "steps": steps, "input": _canonical(node.input)}


def _plain(value: Any) -> Any:
    """Numbers that are equal become the same JSON: 2.0 is 2."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
