"""The render graph of a VIDEO_EDIT. Pure."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from libs.contracts.graph import (
    AudioEncoding,
    AudioMix,
    Filter,
    FilterStep,
    FilterValue,
    Fit,
    Focus,
    Loudness,
    Node,
    Output,
    Rate,
    Source,
    VideoEncoding,
)
from libs.contracts.media import AudioStream, MediaInfo, ObjectRef, VideoStream
from libs.contracts.video_edit import TRUE_PEAK, Analysis, Wanted
from libs.media.containers import MP4
from libs.media.foretell import length_of, video_of
from libs.media.motion import clip_rate
from libs.media.notes import audible, editing_notes
from libs.media.picture import deinterlace, is_rgb
from libs.media.standard import size_within, video_steps

SOUND: dict[str, FilterValue] = {"b": "192k", "ar": 48_000, "ac": 2}
_PICTURES: dict[str, FilterValue] = {"profile": "high", "preset": "veryfast", "crf": 20}
_OUTLASTS = 0.05
"""Seconds of sound after the last picture that nobody minds."""
_AS_LONG = 0.01
"""dB: nothing to hear, but a mix, which lasts as long as its pictures."""


def video_edit_graph(source: ObjectRef, info: MediaInfo, wanted: Wanted, found: Analysis) -> Output:
    """What `wanted` asks for of `source`: H.264 and AAC in an MP4 that begins to play at once; without sound
    where the source has none. Raises `MediaError` without a video."""
    video = video_of(info)
    node = part(source, info, wanted, found.start)
    focus = found.focus if wanted.fit == "crop" else []
    if _is_plain(video):
        node = _fitted(node, wanted, focus)
        node = _filtered(node, video_steps(_framed(video, wanted), wanted.width, wanted.height))
    else:
        node = _filtered(node, video_steps(video, *_wanted_size(video, wanted)))
        node = _fitted(node, wanted, focus)
    if wanted.lufs is not None and heard(info) is not None:
        node = Loudness(input=node, target=wanted.lufs, true_peak=TRUE_PEAK, two_pass=True)
    return written(node, info, notes=editing_notes([info], 1))


def part(source: ObjectRef, info: MediaInfo, wanted: Wanted, start: float) -> Node:
    """What is shown and heard of `source`, from `start` seconds on: at a constant rate, whole pictures. What
    is found in it is found by its clock."""
    video, length = video_of(info), length_of(info)
    end: float | None = start + wanted.duration
    if length is not None and end is not None and end >= length:
        end = None
    node: Node = Source(object=source, info=info, start=start or None, end=end)
    node = Rate(input=_filtered(node, deinterlace(video)), rate=str(rate_of(info)))
    track = heard(info)
    if end is None and track is not None and _outlasts(track, info):
        return AudioMix(input=node, sounds=[], gain=_AS_LONG)
    return node


def rate_of(info: MediaInfo) -> Fraction:
    """Frames a second: the nominal rate of the source, 60 at most."""
    return clip_rate(video_of(info))


def heard(info: MediaInfo) -> AudioStream | None:
    """The track that players begin with."""
    return next(iter(sorted(audible(info), key=lambda stream: not stream.default)), None)


def written(node: Node, info: MediaInfo, notes: list[str] | None = None) -> Output:
    """`node` in the encodings of a VIDEO_EDIT."""
    track = heard(info)
    return Output(
        input=node,
        container=MP4.muxer,
        extension=MP4.extension,
        content_type=MP4.content_type,
        video=VideoEncoding(encoder="libx264", pixel_format="yuv420p", options=_PICTURES),
        audio=[AudioEncoding(index=track.index, encoder="aac", options=SOUND)] if track else [],
        notes=notes or [],
        bare=True,
    )


def kept(info: MediaInfo, wanted: Wanted) -> tuple[float, float]:
    """Shares of the width and the height that a crop keeps."""
    video = video_of(info)
    ratio = Fraction(wanted.width * video.display_height, wanted.height * video.display_width)
    return min(float(ratio), 1.0), min(float(1 / ratio), 1.0)


def _fitted(node: Node, wanted: Wanted, focus: list[Focus]) -> Node:
    return Fit(input=node, width=wanted.width, height=wanted.height, mode=wanted.fit, focus=focus)


def _filtered(node: Node, steps: list[FilterStep]) -> Node:
    return Filter(input=node, steps=steps) if steps else node


def _outlasts(track: AudioStream, info: MediaInfo) -> bool:
    pictures = video_of(info).duration
    sound = track.duration or info.duration
    return pictures is not None and sound is not None and sound > pictures + _OUTLASTS


def _is_plain(video: VideoStream) -> bool:
    """Whether bars and blurred edges come out right in its own colours, so that only what is kept has to be
    worked on."""
    return not (video.alpha or is_rgb(video) or (video.color_range == "pc" and not video.hdr))


def _framed(video: VideoStream, wanted: Wanted) -> VideoStream:
    """`video` once it is fitted."""
    return msgspec.structs.replace(
        video,
        width=wanted.width, height=wanted.height, display_width=wanted.width, display_height=wanted.height,
        rotation=0, sample_aspect="1:1",
    )  # fmt: skip


def _wanted_size(video: VideoStream, wanted: Wanted) -> tuple[int, int]:
    """The shape of `video` no larger than it is, nor than it will be in the frame."""
    shares = Fraction(wanted.width, video.display_width), Fraction(wanted.height, video.display_height)
    share = min(max(shares) if wanted.fit == "crop" else min(shares), Fraction(1))
    box = (round(video.display_width * share), round(video.display_height * share))
    return size_within(video, (max(box[0], 2), max(box[1], 2)), even=True)
