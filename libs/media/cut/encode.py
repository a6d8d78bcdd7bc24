"""Decoding and encoding the pictures at the edges of a cut, so that they fit those that are copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import av
from av.codec.context import CodecContext, Flags, ThreadType
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from libs.media.cut.facts import Refused
from libs.media.cut.nal import is_set, parse_config, set_key, unit_type
from libs.media.cut.source import Media

ENCODERS = {"h264": "libx264", "hevc": "libx265"}
CRF, PRESET = {"h264": "14", "hevc": "10"}, "ultrafast"
H264_PROFILES = {66: "baseline", 77: "main", 100: "high", 110: "high10", 122: "high422", 244: "high444"}
NAMED_BY = {"baseline": "cabac=0", "main": "cabac=1", "high": "cabac=1:8x8dct=1"}
"""x264 calls its output by the least profile that has what it uses: here that of the source."""
DOLBY_VISION = (62, 63)


def decoder(media: Media) -> VideoCodecContext:
    """A fresh decoder of the video. It knows how deep pictures are reordered, which some streams do not say
    themselves and which it would otherwise learn by dropping pictures."""
    context = cast(VideoCodecContext, CodecContext.create(media.video.codec_context.codec.name, "r"))
    context.extradata = media.video.codec_context.extradata
    context.thread_count = media.threads
    context.thread_type = ThreadType.AUTO
    context.open()
    context.reorder_depth = media.video.codec_context.reorder_depth
    return context


class Wanted:
    """The pictures of the given times out of packets that are fed in the order of the stream."""

    def __init__(self, media: Media, frames: Iterable[int], last: int) -> None:
        self._decoder = decoder(media)
        self._missing = set(frames)
        self._first = min(self._missing)
        self._last = last
        self.done = False
        self.before: VideoFrame | None = None
        """The picture that is shown before the first wanted one, when it came by."""

    def feed(self, packet: Packet[Any]) -> Iterator[VideoFrame]:
        """Pictures that are there now, in the order shown. `Refused` when one is missing in the end."""
        if self.done:
            return
        try:
            frames = self._decoder.decode(packet)
            if packet.pts == self._last:
                self.done = True
                frames += self._decoder.decode(None)
        except av.FFmpegError as error:
            raise Refused("some of its pictures cannot be decoded") from error
        for frame in frames:
            if frame.pts in self._missing:
                self._missing.remove(frame.pts)
                yield _undamaged(frame)
            elif frame.pts is not None and frame.pts < self._first:
                self.before = frame
        if self.done and self._missing:
            raise Refused("some of its pictures cannot be decoded")


def _undamaged(frame: VideoFrame) -> VideoFrame:
    if frame.is_corrupt:
        raise Refused("some of its pictures are damaged")
    if frame.interlaced_frame:
        raise Refused("it is interlaced")
    return frame


@dataclass(frozen=True)
class Recipe:
    """How edges of one source are encoded. `set_id` is for the parameter sets of H.264; those of HEVC always
    have the id 0."""

    media: Media
    set_id: int = 0

    def encoder(self) -> VideoCodecContext:
        """A fresh encoder: no reordering, each edge begins with an IDR, parameter sets beside the stream."""
        source = self.media.video.codec_context
        context = cast(VideoCodecContext, CodecContext.create(ENCODERS[self.media.codec], "w"))
        context.width, context.height = source.width, source.height
        context.pix_fmt = source.pix_fmt
        context.time_base = self.media.tick
        context.framerate = 1 / (self.media.frame * self.media.tick)
        context.sample_aspect_ratio = self.media.video.sample_aspect_ratio or Fraction(1)
        context.color_range, context.color_primaries = source.color_range, source.color_primaries
        context.color_trc, context.colorspace = source.color_trc, source.colorspace
        context.thread_count, context.thread_type = self.media.threads, ThreadType.FRAME
        context.gop_size, context.max_b_frames = 250, 0
        context.flags |= Flags.global_header | Flags.closed_gop
        context.options = self._options()
        try:
            context.open()
        except (av.FFmpegError, ValueError) as error:
            raise Refused("its pictures are of a kind that cannot be encoded in the same way") from error
        return context

    def sets(self) -> tuple[bytes, ...]:
        """The parameter sets of everything that is encoded by this."""
        return parse_config(self.media.codec, self.encoder().extradata).sets

    def _options(self) -> dict[str, str]:
        codec = self.media.codec
        options = {"preset": PRESET, "crf": CRF[codec], "forced-idr": "1"}
        if codec == "hevc":
            pools = f":pools={self.media.threads}" if self.media.threads else ""
            return options | {"x265-params": f"log-level=none:info=0:bframes=0:open-gop=0{pools}"}
        profile = ""
        sps = next((unit for unit in self.media.config.sets if unit_type(codec, unit) == 7), None)
        if sps is not None and sps[1] in H264_PROFILES:
            options["profile"] = profile = H264_PROFILES[sps[1]]
        if sps is not None and sps[3] >= 10:
            options["level"] = str(sps[3])
        features = NAMED_BY.get(profile, NAMED_BY["high"])
        return options | {"x264-params": f"sps-id={self.set_id}:bframes=0:open-gop=0:{features}"}


def free_id(codec: str, sets: Iterable[bytes]) -> int:
    """An id that none of the parameter sets has."""
    taken = {set_key(codec, unit)[1] for unit in sets if is_set(codec, unit)}
    return next((number for number in range(31, -1, -1) if number not in taken), 0)


def encoded(context: VideoCodecContext, frames: Iterable[VideoFrame]) -> Iterator[Packet[Any]]:
    """The packets of `frames`, whose times they keep."""
    for frame in frames:
        frame.pict_type = PictureType.NONE
        yield from context.encode(frame)


def flushed(context: VideoCodecContext) -> list[Packet[Any]]:
    return context.encode(None)
