"""The render graph of a movie. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from libs.contracts.errors import MediaError
from libs.contracts.graph import (
    AudioEncoding,
    AudioMix,
    Canvas,
    Concat,
    Filter,
    FilterValue,
    Loop,
    Node,
    Output,
    Overlay,
    Sound,
    Source,
    Subtitles,
    VideoEncoding,
)
from libs.contracts.media import MediaInfo, ObjectRef, StoredMedia
from libs.contracts.movie import AUDIO, IMAGE, VIDEO, Movie
from libs.media.bounds import MAX_WORK
from libs.media.compose.cast import Media, Role, heard, roles, seen
from libs.media.compose.layers import corner, layer_steps, place, visible
from libs.media.compose.timing import Span, spans
from libs.media.containers import MP4
from libs.media.foretell import video_of

LONGEST = 4 * 3600.0
"""Seconds of a movie."""
SOUND: dict[str, FilterValue] = {"b": "192k", "ar": 48_000, "ac": 2}
QUALITY: dict[str, dict[str, FilterValue]] = {
    "low": {"preset": "veryfast", "crf": 28},
    "medium": {"preset": "veryfast", "crf": 22},
    "high": {"preset": "medium", "crf": 18},
}
_QUIETEST = -60.0
"""dB under which nothing is heard."""


def movie_graph(
    movie: Movie, media: Media, lengths: Mapping[int, float], captions: ObjectRef | None = None
) -> Output:
    """`movie` as H.264 and AAC in an MP4 that begins to play at once. `lengths` as in `timing.spans`,
    `captions` an ASS for pictures of this size. Raises `MediaError` for a medium that is of no use, naming
    its element, and for a movie that is too long."""
    timing = spans(movie, media, lengths)
    total = timing[-1].start + timing[-1].length
    if total > LONGEST:
        raise MediaError(f"A movie has at most {LONGEST / 3600:g} hours; this one would have {total:.0f} s.")
    cast = roles(movie)
    _check_work(movie, cast, media, timing)
    scenes = [
        _scene(movie, number, [role for role in cast if role.scene == number], media, span)
        for number, span in enumerate(timing)
    ]
    under_all, whole = [role for role in cast if role.scene is None], Span(0.0, total)
    node: Node = scenes[0] if len(scenes) == 1 else Concat(inputs=scenes)
    node = _seen(node, movie, under_all, media, whole)
    if captions is not None:
        node = Subtitles(input=node, file=captions)
    node = _heard(node, under_all, media, whole)
    return Output(
        input=node,
        container=MP4.muxer,
        extension=MP4.extension,
        content_type=MP4.content_type,
        video=VideoEncoding(
            encoder="libx264", pixel_format="yuv420p", options={"profile": "high", **QUALITY[movie.quality]}
        ),
        audio=[AudioEncoding(index=1, encoder="aac", options=SOUND)],
        bare=True,
    )


def _check_work(movie: Movie, cast: Iterable[Role], media: Media, timing: Sequence[Span]) -> None:
    """Layers count as the pictures below them do: each is scaled for every frame, unless it is a still."""
    pixels = movie.width * movie.height * sum(span.length for span in timing)
    for role in cast:
        if role.element.kind in (VIDEO, IMAGE) and media[role.number].info.video is not None:
            where = place(role.element, video_of(media[role.number].info), movie)
            lengths = [span.length for span in timing] if role.scene is None else [timing[role.scene].length]
            pixels += where.width * where.height * sum(lengths)
    if pixels * movie.rate > MAX_WORK:
        raise MediaError(
            "This would be too much to encode: smaller, shorter, or with fewer videos it may go."
        )


def _scene(movie: Movie, number: int, cast: Sequence[Role], media: Media, span: Span) -> Node:
    canvas = Canvas(
        width=movie.width,
        height=movie.height,
        rate=movie.rate,
        length=span.length,
        color=(movie.scenes[number].background or movie.background).upper(),
    )
    return _heard(_seen(canvas, movie, cast, media, span), cast, media, span)


def _seen(node: Node, movie: Movie, cast: Iterable[Role], media: Media, span: Span) -> Node:
    """`node` under the pictures of `cast`, the later ones above."""
    for role in cast:
        if role.element.kind not in (VIDEO, IMAGE):
            continue
        medium = media[role.number]
        info = seen(role, medium)
        video = video_of(info)
        where = place(role.element, video, movie)
        if not visible(where, movie):
            continue
        shown = Loop(input=Source(object=medium.object, info=_only(info, audio=0)), length=span.length)
        still = medium.info.video is None
        layer = Filter(input=shown, steps=layer_steps(video, where, still=still))
        x, y = corner(where)
        node = Overlay(input=node, layer=layer, x=x, y=y)
    return node


def _heard(node: Node, cast: Iterable[Role], media: Media, span: Span) -> Node:
    """`node` with the sounds of `cast`: audio plays once, the sound of a video goes on with it."""
    sounds = [
        Sound(input=_sound(role, media[role.number], span), gain=gain)
        for role in cast
        if role.element.kind in (VIDEO, AUDIO)
        and heard(role, media[role.number])
        and (gain := _gain(role.element.volume)) > _QUIETEST
    ]
    return AudioMix(input=node, sounds=sounds) if sounds else node


def _sound(role: Role, medium: StoredMedia, span: Span) -> Node:
    source = Source(object=medium.object, info=_only(medium.info, audio=1))
    return source if role.element.kind == AUDIO else Loop(input=source, length=span.length)


def _only(info: MediaInfo, *, audio: int) -> MediaInfo:
    """`info` with so many tracks of sound, and without what is not shown: a movie has 200 elements, and all
    of it has to go into one message."""
    return msgspec.structs.replace(info, audio=info.audio[:audio], subtitles=[])


def _gain(volume: float) -> float:
    """dB of a factor."""
    return round(20 * math.log10(volume), 4) if volume > 0 else -math.inf
