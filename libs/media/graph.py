"""What may be in a render graph, and the name of the work that it describes.

A node type of `libs.contracts.graph` is taught to a function by registering it there: to `checks`, to
`_canonical` here, to the passes, and to the pictures and sounds of `command`.
"""

from __future__ import annotations

import hashlib
import re
from functools import singledispatch
from typing import Any

import msgspec

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import (
    AudioEncoding,
    AudioMix,
    Canvas,
    Concat,
    Filter,
    FilterValue,
    Fit,
    Loop,
    Loudness,
    Node,
    Output,
    Overlay,
    Rate,
    Source,
    Speed,
    SubtitleEncoding,
    Subtitles,
    Trim,
)
from libs.contracts.media import ObjectRef
from libs.contracts.tasks import (
    CaptionTask,
    EditAnalysisTask,
    FetchTask,
    ListenTask,
    MetadataTask,
    MotionPhotoTask,
    PreviewTask,
    RecogniseTask,
    RenderTask,
    TaskSpec,
)
from libs.media.checks import check_tree
from libs.media.containers import BY_MUXER
from libs.media.passes import simplify
from libs.media.passes.tree import main_source
from libs.media.walk import nodes

__all__ = ["ENGINE_VERSION", "canonical", "fingerprint", "main_source", "sound_is_untouched", "validate"]

ENGINE_VERSION = "1"
"""Part of every fingerprint. Raise it when the same task would now give other bytes worth having."""

SUBTITLE_ENCODERS = {"copy", "mov_text", "subrip", "webvtt"}
NOT_WORK = ("input", "notes")
LATER = ("bare", "focus", "two_pass")
"""Fields that came later: they are in a name only where they say something, so that names stay."""
_ENCODER = re.compile(r"[a-z0-9_-]{1,40}")
_OPTION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_OPTION_TEXT = re.compile(r"[A-Za-z0-9_.,:=/+-]{1,200}")


def validate(output: Output) -> None:
    """`InvalidInputError` saying what is wrong with a graph; silence when it may run.

    Whether this ffmpeg has the encoders that it names is not known here.
    """
    if output.container not in BY_MUXER:
        raise InvalidInputError(f"There is no container named {output.container!r}.")
    check_tree(output.input)
    video = output.video
    _check_encoder(video.encoder, video.options)
    if video.pixel_format is not None and not video.pixel_format.isalnum():
        raise InvalidInputError(f"There is no pixel format named {video.pixel_format!r}.")
    if video.tag is not None and not re.fullmatch(r"[a-z0-9]{4}", video.tag):
        raise InvalidInputError("A codec tag has four characters.")
    for audio in output.audio:
        _check_encoder(audio.encoder, audio.options)
    for subtitle in output.subtitles:
        if subtitle.encoder not in SUBTITLE_ENCODERS:
            raise InvalidInputError(f"There is no encoder named {subtitle.encoder!r}.")
    _check_streams(output)
    _check_passes(output)
    _check_copies(output)


def sound_is_untouched(node: Node) -> bool:
    """Whether the sound of `node` is that of its main source, whole: it needs no filter."""
    while not isinstance(node, Source):
        if not isinstance(node, Fit | Rate | Filter | Overlay | Subtitles):
            return False
        node = node.input
    return node.start is None and node.end is None


def canonical(output: Output) -> bytes:
    """Stable JSON of the work itself: equal for graphs that give equal results from equal bytes.

    Sources are their content, not their place in storage; notes to the user are left out.
    """
    output = simplify(output)
    fields = [field for field in Output.__struct_fields__ if field not in NOT_WORK]
    said = [field for field in fields if field not in LATER or getattr(output, field)]
    tree = {field: msgspec.to_builtins(getattr(output, field)) for field in said}
    tree["input"] = _canonical(output.input)
    return msgspec.json.encode(_plain(tree), order="sorted")


def fingerprint(spec: TaskSpec, engine_version: str = ENGINE_VERSION) -> str:
    """The content address of a task: 64 hex digits. File names do not count. What is made for a session is
    the session's own, and goes with it."""
    match spec:
        case RenderTask():
            work = b"render\n" + canonical(spec.graph)
        case MetadataTask():
            work = b"metadata\n" + f"{spec.source.sha256} {spec.source.size}".encode()
        case PreviewTask():
            work = f"preview\n{spec.session_id}\n".encode() + canonical(spec.graph)
        case MotionPhotoTask():
            still = f"{spec.source.sha256} {spec.cover_time!r} {spec.presentation_us} {spec.device}"
            work = f"motion_photo\n{spec.session_id}\n{still}\n".encode() + canonical(spec.clip)
        case FetchTask():
            work = f"fetch\n{spec.job_id}\n{spec.url}".encode()
        case EditAnalysisTask():
            source = f"{spec.source.sha256} {spec.source.size}\n".encode()
            work = b"edit_analysis\n" + source + msgspec.json.encode(spec.wanted, order="sorted")
        case ListenTask():
            work = f"listen\n{spec.source.sha256} {spec.source.size}".encode()
        case RecogniseTask():
            heard = f"{spec.source.sha256} {spec.source.size}\n{spec.model}\n{spec.language or ''}"
            work = f"recognise\n{heard}".encode()
        case CaptionTask():
            work = f"captions\n{spec.width} {spec.height}\n".encode() + _captions(spec)
    return hashlib.sha256(engine_version.encode() + b"\n" + work).hexdigest()


def _check_encoder(encoder: str, options: dict[str, FilterValue]) -> None:
    if not _ENCODER.fullmatch(encoder):
        raise InvalidInputError(f"There is no encoder named {encoder!r}.")
    for name, value in options.items():
        if not _OPTION_NAME.fullmatch(name) or not _OPTION_TEXT.fullmatch(str(value)):
            raise InvalidInputError(f"The option {name!r} of {encoder} is malformed.")


def _check_streams(output: Output) -> None:
    """Every audio and subtitle stream that is written is one of the main source, once. A mix over a silent
    one makes one track of its own."""
    info = main_source(output.input).info
    if not info.audio and any(isinstance(node, AudioMix) and node.sounds for node in nodes(output.input)):
        if len(output.audio) > 1:
            raise InvalidInputError("What is mixed over a silent video makes one track.")
    else:
        _check_chosen(output.audio, [stream.index for stream in info.audio], "audio")
    _check_chosen(output.subtitles, [stream.index for stream in info.subtitles], "subtitle")


def _check_chosen(
    encodings: list[AudioEncoding] | list[SubtitleEncoding], present: list[int], kind: str
) -> None:
    chosen = [encoding.index for encoding in encodings]
    if len(set(chosen)) != len(chosen) or not set(chosen) <= set(present):
        raise InvalidInputError(f"The source does not have these {kind} streams.")


def _check_passes(output: Output) -> None:
    """Sound that is encoded to be measured is the one track of its output, as it is written."""
    passes = [node for node in nodes(output.input) if isinstance(node, Loudness) and node.two_pass]
    if passes and (passes != [output.input] or len(output.audio) > 1 or output.subtitles):
        raise InvalidInputError("A loudness of two passes is the last thing done to an only track.")


def _check_copies(output: Output) -> None:
    """Streams are copied only where nothing is done to them."""
    node = simplify(output).input
    copied = output.video.encoder == "copy"
    if output.keep and (copied or any(audio.encoder == "copy" for audio in output.audio)):
        raise InvalidInputError("What keeps its packets names real encoders for what cannot be kept.")
    if output.keep and not all(isinstance(each, Source | Trim | Concat) for each in nodes(node)):
        raise InvalidInputError("Only what is cut and joined keeps its packets.")
    if copied and not isinstance(node, Source):
        raise InvalidInputError("Filtered video cannot be copied, it has to be encoded.")
    if not copied and not sound_is_untouched(node) and any(a.encoder == "copy" for a in output.audio):
        raise InvalidInputError("Sound that is cut, joined or mixed cannot be copied, it has to be encoded.")
    if output.subtitles and not _keeps_tracks(node):
        raise InvalidInputError("Subtitle tracks cannot follow this edit; draw them into the pictures.")


def _keeps_tracks(node: Node) -> bool:
    """Whether `node` shows one part of one source at its own speed, so that its packets need but a shift."""
    cut = False
    while not isinstance(node, Source):
        if isinstance(node, Concat | Speed | Canvas | Loop) or (
            cut and not isinstance(node, Trim | Fit | Filter)
        ):
            return False
        cut = cut or isinstance(node, Trim)
        node = node.input
    return True


@singledispatch
def _canonical(node: Node) -> dict[str, Any]:
    raise InvalidInputError(f"A graph cannot contain {type(node).__name__}.")


@_canonical.register
def _(node: Source) -> dict[str, Any]:
    return {"type": "source", **_content(node.object), **_edges(node)}


@_canonical.register
def _(node: Canvas) -> dict[str, Any]:
    fields = {name: msgspec.to_builtins(getattr(node, name)) for name in node.__struct_fields__}
    return {"type": "canvas", **fields}


@_canonical.register
def _(node: Trim) -> dict[str, Any]:
    return {"type": "trim", **_edges(node), "input": _canonical(node.input)}


@_canonical.register
def _(node: Concat) -> dict[str, Any]:
    return {"type": "concat", "inputs": [_canonical(each) for each in node.inputs]}


@_canonical.register(Fit)
@_canonical.register(Rate)
@_canonical.register(Speed)
@_canonical.register(Filter)
@_canonical.register(Loudness)
@_canonical.register(Loop)
def _(node: Fit | Rate | Speed | Filter | Loudness | Loop) -> dict[str, Any]:
    fields = {name: msgspec.to_builtins(getattr(node, name)) for name in _own_fields(node)}
    return {"type": node.__struct_config__.tag, **fields, "input": _canonical(node.input)}


@_canonical.register
def _(node: Overlay) -> dict[str, Any]:
    fields = {"x": node.x, "y": node.y, "start": node.start, "end": node.end}
    return {"type": "overlay", **fields, "input": _canonical(node.input), "layer": _canonical(node.layer)}


@_canonical.register
def _(node: Subtitles) -> dict[str, Any]:
    return {"type": "subtitles", **_content(node.file), "input": _canonical(node.input)}


@_canonical.register
def _(node: AudioMix) -> dict[str, Any]:
    sounds = [
        {"start": sound.start, "gain": sound.gain, "input": _canonical(sound.input)} for sound in node.sounds
    ]
    return {"type": "audio_mix", "gain": node.gain, "sounds": sounds, "input": _canonical(node.input)}


def _captions(task: CaptionTask) -> bytes:
    """Stable JSON of the sections of `task`; texts are their content, not their place in storage."""
    sections = []
    for section in task.sections:
        told = msgspec.to_builtins(section)
        for name, stored in (("transcript", section.transcript), ("file", section.file)):
            told[name] = _content(stored) if stored else None
        sections.append(told)
    return msgspec.json.encode(_plain(sections), order="sorted")


def _own_fields(node: Node) -> list[str]:
    fields = [name for name in node.__struct_fields__ if name != "input"]
    return [name for name in fields if name not in LATER or getattr(node, name)]


def _content(stored: ObjectRef) -> dict[str, Any]:
    return {"sha256": stored.sha256, "size": stored.size}


def _edges(node: Source | Trim) -> dict[str, Any]:
    """Times count to the microsecond."""
    start, end = (None if time is None else round(time, 6) for time in (node.start, node.end))
    return {"start": start, "end": end}


def _plain(value: Any) -> Any:
    """Numbers that are equal become the same JSON: 2.0 is 2."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
