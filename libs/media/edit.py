"""The algebra of the editor's videos: what a trim, a concat or an encode of others will be. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import msgspec

from libs.contracts.editor import EncodeEdit
from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import (
    AudioEncoding,
    Concat,
    Filter,
    FilterStep,
    Fit,
    Node,
    Output,
    Rate,
    Source,
    Trim,
    VideoEncoding,
)
from libs.contracts.media import MediaInfo, ObjectRef, VideoStream
from libs.contracts.rpc import EncodingTrial
from libs.media import foretell, picture
from libs.media.bounds import check_work
from libs.media.checks import MAX_DEPTH, MAX_SOURCES
from libs.media.codecs import is_lossless
from libs.media.containers import BY_EXTENSION, Container, own_container
from libs.media.encodings import (
    audio_encoding,
    kept_audio,
    kept_video,
    tried_audio,
    tried_video,
    video_encoding,
)
from libs.media.foretell import video_of
from libs.media.notes import audible, editing_notes
from libs.media.passes.tree import main_source
from libs.media.probe import bit_depth
from libs.media.walk import children, sources

_ROOM = 4
"""Levels of a graph that are left to the passes."""


@dataclass(frozen=True)
class Clip:
    """A video, stored or to be: how it is made, and what it will be like. Without an `encoding` the packets
    of its sources are kept where that gives the same frames. `extension` is one of `containers`."""

    node: Node
    info: MediaInfo
    extension: str
    encoding: EncodingTrial | None = None


@dataclass(frozen=True)
class Facts:
    """What videos are compared by: codec families (of sound that of the first track), `W:H` as displayed,
    frames a second, rounded."""

    video: str
    audio: str | None
    resolution: str
    frame_rate: int


def facts(info: MediaInfo) -> Facts:
    """Raises `MediaError` without a video."""
    video = video_of(info)
    return Facts(
        video=video.codec,
        audio=info.audio[0].codec if info.audio else None,
        resolution=f"{video.display_width}:{video.display_height}",
        frame_rate=round(Fraction(video.frame_rate)),
    )


def stored(stored_object: ObjectRef, info: MediaInfo, name: str) -> Clip:
    """The clip that is `stored_object` as it is; `name` ends in its extension. Raises `MediaError` without a
    video."""
    families = [each.codec for each in audible(info)]
    container = own_container(name, info.formats, video_of(info).codec, families)
    return Clip(node=Source(object=stored_object, info=info), info=info, extension=container.extension)


def trim(clip: Clip, start: float, end: float) -> Clip:
    """The frames from `start` up to, not including, `end` seconds; an end past the end is the end.

    Raises `InvalidInputError` when there is no such frame.
    """
    if not (math.isfinite(start) and math.isfinite(end) and 0 <= start < end):
        raise InvalidInputError("The start must not be negative, and the end must be after it.")
    last = foretell.end_of(clip.info)
    if last is not None and start >= last:
        raise InvalidInputError(
            f"The start, {start:g} s, is past the end of the video, which lasts {last:g} s."
        )
    if _between_frames(clip.info, start, end):
        raise InvalidInputError(f"There is no frame of the video between {start:g} s and {end:g} s.")
    node = Trim(input=clip.node, start=start, end=end)
    return replace(clip, node=node, info=foretell.part(clip.info, start, end))


def _between_frames(info: MediaInfo, start: float, end: float) -> bool:
    """Whether no frame can be meant, however its time was rounded (by a quarter of a frame at most)."""
    frames, last = foretell.frames_of(info), foretell.end_of(info)
    if frames is None or last is None:
        return False
    first = max(math.ceil(Fraction(start) * frames.rate - Fraction(1, 4)), 0)
    return first >= math.ceil(min(Fraction(end) * frames.rate + Fraction(1, 4), Fraction(last) * frames.rate))


def concat(clips: Sequence[Clip]) -> Clip:
    """One after the other. When some have an encoding, all get it.

    Raises `InvalidInputError` naming what differs.
    """
    if not clips:
        raise InvalidInputError("There is nothing to concatenate.")
    _check_alike([facts(clip.info) for clip in clips])
    first = clips[0]
    if len(clips) == 1:
        return first
    parts = [part for clip in clips for part in _parts(clip.node)]
    encoding = next((clip.encoding for clip in clips if clip.encoding), None)
    if encoding is not None:
        families = [encoding.audio_family] if encoding.audio_family else []
        if BY_EXTENSION[first.extension].holds(encoding.video_family, families):
            encoding = msgspec.structs.replace(encoding, container=first.extension)
    return Clip(
        node=Concat(inputs=parts),
        info=foretell.joined([clip.info for clip in clips]),
        extension=first.extension if encoding is None else encoding.container,
        encoding=encoding,
    )


def _parts(node: Node) -> list[Node]:
    return list(node.inputs) if isinstance(node, Concat) else [node]


def _check_alike(found: Sequence[Facts]) -> None:
    compared = {
        "video codec": [each.video for each in found],
        "audio codec": [each.audio or "none" for each in found],
        "resolution": [each.resolution for each in found],
        "frame rate": [str(each.frame_rate) for each in found],
    }
    differing = [
        f"{what} ({', '.join(dict.fromkeys(values))})"
        for what, values in compared.items()
        if len(set(values)) > 1
    ]
    if differing:
        raise InvalidInputError(
            f"These videos cannot be concatenated; they differ in {', '.join(differing)}."
        )


def encode(clip: Clip, edit: EncodeEdit, trial: EncodingTrial) -> Clip:
    """The same in the codecs of `trial`, at the size and rate of `edit`, with bars where the aspect differs.

    Raises `InvalidInputError` when it is all that already.
    """
    now = facts(clip.info)
    sound = trial.audio_family if now.audio else None
    wanted = Facts(trial.video_family, sound, f"{edit.width}:{edit.height}", edit.frame_rate)
    if wanted == now:
        codecs = f"{now.video} with {now.audio} sound" if now.audio else now.video
        raise InvalidInputError(
            f"The video already is {codecs}, {now.resolution}, {now.frame_rate} frames a second."
        )
    frames = edit.frame_rate * (clip.info.duration or 0.0)
    check_work(edit.width, edit.height, frames, lossless=is_lossless(trial.video_encoder))
    before, container = video_of(clip.info), BY_EXTENSION[trial.container]
    shape = foretell.plain(before, trial.video_family, edit.width, edit.height, edit.frame_rate)
    pixel_format = video_encoding(shape, tried_video(trial), container).pixel_format
    if pixel_format is not None:
        shape = msgspec.structs.replace(shape, pixel_format=pixel_format, bit_depth=bit_depth(pixel_format))
    tracks = audible(clip.info)[: container.tracks]
    audio = [msgspec.structs.replace(each, codec=trial.audio_family or each.codec) for each in tracks]
    steps = [*picture.deinterlace(before), *(_colours(before, edit.height) if pixel_format else [])]
    node = Filter(input=clip.node, steps=steps) if steps else clip.node
    fitted = Fit(input=node, width=edit.width, height=edit.height, mode="pad")
    return Clip(
        node=Rate(input=fitted, rate=str(edit.frame_rate)),
        info=foretell.encoded(clip.info, shape, audio),
        extension=trial.container,
        encoding=trial,
    )


def _colours(video: VideoStream, height: int) -> list[FilterStep]:
    """RGB becomes YUV of a known kind. Untagged YUV says what it is when its new size would be taken for
    something else."""
    if picture.is_rgb(video):
        deep = "yuv444p10le" if video.bit_depth > 8 else "yuv444p"
        scaled = picture.step("scale", out_color_matrix=picture.matrix(video), out_range="tv")
        return [scaled, picture.step("format", pix_fmts=deep), *picture.tag_colours(video)]
    resized = msgspec.structs.replace(video, height=height)
    if video.color_space is None and picture.matrix(video) != picture.matrix(resized):
        return [picture.step("setparams", colorspace=picture.matrix(video))]
    return []


def render(clip: Clip) -> Output:
    """The graph that makes `clip`. Raises `InvalidInputError` when it would be too large."""
    _check_extent(clip.node)
    container = BY_EXTENSION[clip.extension]
    distinct = {source.object.sha256: source.info for source in sources(clip.node)}
    return Output(
        input=clip.node,
        container=container.muxer,
        extension=container.extension,
        content_type=container.content_type,
        video=_pictures(clip, container),
        audio=_sound(clip, container),
        notes=editing_notes(distinct.values(), container.tracks),
        keep=clip.encoding is None,
    )


def _pictures(clip: Clip, container: Container) -> VideoEncoding:
    video = video_of(clip.info)
    if clip.encoding is None:
        return video_encoding(video, kept_video(video.codec, container), container, finer=True)
    return video_encoding(video, tried_video(clip.encoding), container)


def _sound(clip: Clip, container: Container) -> list[AudioEncoding]:
    """Of every track of the main source, since `info` may be of a file that was made of it."""
    encodings = []
    for stream in audible(main_source(clip.node).info)[: container.tracks]:
        tried = tried_audio(clip.encoding, container) if clip.encoding else None
        encodings.append(audio_encoding(stream, tried or kept_audio(stream.codec, container), container))
    return encodings


def _check_extent(root: Node) -> None:
    """Raises `InvalidInputError` for what `graph.validate` would refuse in words about graphs."""
    if sum(1 for _ in sources(root)) > MAX_SOURCES or _depth(root) > MAX_DEPTH - _ROOM:
        raise InvalidInputError(
            "This edit is made of too many others. Execute the queue, then go on from its results."
        )


def _depth(node: Node) -> int:
    return 1 + max((_depth(child) for child in children(node)), default=0)
