"""From a render graph to ffmpeg's argv. Pure: the same graph and targets give the same command."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from pathlib import Path
from typing import Any

import ffmpeg

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import Filter, FilterValue, Node, Output, Source
from libs.media.containers import BY_MUXER
from libs.media.graph import main_source, validate
from libs.media.inputs import input_options, input_url
from libs.media.passes import simplify

Inputs = Mapping[str, str | Path]
Opened = dict[tuple[str, float | None, float | None], Any]

GLOBAL = ["-y", "-abort_on", "empty_output", "-max_error_rate", "1"]
"""Damaged frames do not fail a run, however many they are; a result without any packet does."""

JUNK_TAGS = ("major_brand", "minor_version", "compatible_brands", "encoder")
"""Tags of the container itself, which would be copied as if the user had written them."""


def compile(  # noqa: A001  (nothing here calls the builtin)
    output: Output, inputs: Inputs, destination: Path, *, threads: int = 0
) -> list[str]:
    """The arguments of ffmpeg (without its name) that write `output` to `destination`.

    `inputs` maps the object key or the sha256 of each source to a path or URL; `threads` bounds each
    codec (0: as many as there are cores). Raises `InvalidInputError` as `graph.validate` and for a
    source that is not in `inputs`.
    """
    validate(output)
    output = simplify(output)
    sources: Opened = {}
    _open(output.input, inputs, threads, sources)
    opened = sources[_key(main_source(output.input))]
    streams = [_picture(output.input, sources)]
    streams += [opened[str(audio.index)] for audio in output.audio]
    streams += [opened[str(subtitle.index)] for subtitle in output.subtitles]
    written = ffmpeg.output(*streams, f"file:{destination.absolute()}", **_output_options(output, threads))
    return [*GLOBAL, *written.get_args()]


def _open(node: Node, inputs: Inputs, threads: int, sources: Opened) -> None:
    while isinstance(node, Filter):
        node = node.input
    target = inputs.get(node.object.key, inputs.get(node.object.sha256))
    if target is None:
        raise InvalidInputError("A source of this graph was not provided.")
    options: dict[str, FilterValue] = {"threads": threads, **input_options(target)}
    if node.start is not None:
        options["ss"] = f"{node.start:.6f}"
    if node.end is not None:
        options["t"] = f"{node.end - (node.start or 0):.6f}"
    sources[_key(node)] = ffmpeg.input(input_url(target), **options)


def _key(node: Source) -> tuple[str, float | None, float | None]:
    return node.object.sha256, node.start, node.end


@singledispatch
def _picture(node: Node, sources: Opened) -> Any:
    """The ffmpeg-python stream that carries the pictures of `node`."""
    raise InvalidInputError(f"A graph cannot contain {type(node).__name__}.")


@_picture.register
def _(node: Source, sources: Opened) -> Any:
    assert node.info.video is not None
    return sources[_key(node)][str(node.info.video.index)]


@_picture.register
def _(node: Filter, sources: Opened) -> Any:
    stream = _picture(node.input, sources)
    for step in node.steps:
        stream = stream.filter(step.name, **step.options)
    return stream


def _output_options(output: Output, threads: int) -> dict[str, Any]:
    video = output.video
    options: dict[str, Any] = {"f": output.container, "c:v": video.encoder, "threads": threads}
    options |= {f"{name}:v": value for name, value in video.options.items()}
    if video.encoder != "copy":
        options |= {"pix_fmt:v": video.pixel_format, "fps_mode:v": "vfr"}
    if video.tag:
        options["tag:v"] = video.tag
    for position, audio in enumerate(output.audio):
        options[f"c:a:{position}"] = audio.encoder
        options |= {f"{name}:a:{position}": value for name, value in audio.options.items()}
    for position, subtitle in enumerate(output.subtitles):
        options[f"c:s:{position}"] = subtitle.encoder
    options |= {f"metadata:g:{position}": f"{tag}=" for position, tag in enumerate(JUNK_TAGS)}
    return options | dict(BY_MUXER[output.container].options) | {"max_muxing_queue_size": 4096}
