"""The pictures and sounds of a Motion Photo session as render graphs: its preview, and the clips of it."""

from __future__ import annotations

import math
from fractions import Fraction

from libs.contracts.graph import (
    AudioEncoding,
    Filter,
    FilterStep,
    FilterValue,
    Node,
    Output,
    Rate,
    Source,
    Speed,
    VideoEncoding,
)
from libs.contracts.media import MediaInfo, ObjectRef, VideoStream
from libs.media import picture
from libs.media.clock import length_of, nominal_rate
from libs.media.containers import MP4
from libs.media.foretell import video_of
from libs.media.notes import audible
from libs.media.passes.clocks import MICROSECONDS
from libs.media.rhythm import rhythm_of
from libs.media.standard import size_within, video_steps

PREVIEW_SIZE, PREVIEW_RATE = (1280, 720), 30
CLIP_SIZE, CLIP_RATE = (3840, 3840), 60
SOUND_HERTZ = 48_000
SHORTEST = 0.01
"""Seconds of a source that a clip is made of at least: the compiler takes less for nothing."""

_PREVIEW: dict[str, FilterValue] = {
    "profile": "baseline", "level": "3.1", "preset": "veryfast", "crf": 23, "maxrate": "8M", "bufsize": "8M",
    "g": PREVIEW_RATE,
}  # fmt: skip
_CLIP: dict[str, FilterValue] = {"profile": "high", "preset": "veryfast", "crf": 20}


def preview_graph(source: ObjectRef, info: MediaInfo) -> Output:
    """All of `source` as every browser plays it: H.264 baseline in at most 1280 x 720 upright square pixels,
    30 frames a second, a key frame a second. Raises `MediaError` without a video."""
    video = video_of(info)
    whole = Source(object=source, info=info)
    shown = Filter(
        input=whole,
        steps=[
            *picture.deinterlace(video),
            *video_steps(video, *size_within(video, PREVIEW_SIZE, even=True)),
        ],
    )
    return _mp4(Rate(input=shown, rate=str(PREVIEW_RATE)), info, _PREVIEW)


def clip_graph(source: ObjectRef, info: MediaInfo, start: float, end: float, speed: float) -> Output:
    """What `source` shows from `start` to `end` seconds, `speed` times as fast, at its own size (3840 pixels
    each way at most) and nominal rate (60 at most). Raises `MediaError` without a video."""
    video = video_of(info)
    plain = video_steps(video, *size_within(video, CLIP_SIZE, even=True))
    rate = clip_rate(video)
    last = Fraction(speed) * rhythm_of(video).rate >= rate  # on no more frames, and none before the start
    part: Node = Source(object=source, info=info, start=start, end=max(end, start + SHORTEST))
    part = _filtered(part, [*picture.deinterlace(video), *([] if last else plain)])
    timed = Rate(input=Speed(input=part, factor=speed), rate=str(rate))
    return _mp4(_filtered(timed, plain if last else []), info, _CLIP)


def presentation_us(start: float, cover: float, speed: float, clip: Output | None = None) -> int:
    """When a clip from `start` shows the frame at `cover` seconds of its source: microseconds. In `clip`, its
    graph, no later than its last frame."""
    shown = max(round((cover - start) / speed * MICROSECONDS), 0)
    return shown if clip is None else min(shown, _last_us(clip))


def _last_us(clip: Output) -> int:
    """When its last frame begins."""
    rate, length = nominal_rate(clip.input), length_of(clip.input)
    assert length is not None
    return math.floor((length - 1 / rate) * MICROSECONDS)


def clip_rate(video: VideoStream) -> Fraction:
    """Frames a second of a clip."""
    rhythm, nominal = rhythm_of(video), Fraction(video.nominal_rate)
    if not nominal and not Fraction(video.frame_rate):
        return Fraction(PREVIEW_RATE)
    rate = nominal if rhythm.variable and nominal else rhythm.rate
    return min(max(rate, Fraction(1)), Fraction(CLIP_RATE))


def _filtered(node: Node, steps: list[FilterStep]) -> Node:
    return Filter(input=node, steps=steps) if steps else node


def _mp4(node: Node, info: MediaInfo, options: dict[str, FilterValue]) -> Output:
    return Output(
        input=node,
        container=MP4.muxer,
        extension=MP4.extension,
        content_type=MP4.content_type,
        video=VideoEncoding(encoder="libx264", pixel_format="yuv420p", options=options),
        audio=_sound(info),
        bare=True,
    )


def _sound(info: MediaInfo) -> list[AudioEncoding]:
    """The track that players begin with, if any."""
    tracks = sorted(audible(info), key=lambda stream: not stream.default)
    return [
        AudioEncoding(
            index=stream.index,
            encoder="aac",
            options={"b": "128k", "ar": SOUND_HERTZ, "ac": min(stream.channels, 2)},
        )
        for stream in tracks[:1]
    ]
