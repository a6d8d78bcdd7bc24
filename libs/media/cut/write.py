"""Writing the result: one video, its sound tracks, and what the sources say about them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from libs.media.cut.facts import Refused
from libs.media.cut.nal import join
from libs.media.cut.pictures import Picture
from libs.media.cut.sets import Packing
from libs.media.cut.source import Media
from libs.media.cut.tracks import Heard, Track

OPTIONS = {
    "mp4": {"movflags": "+faststart"},
    "mov": {"movflags": "+faststart"},
    "3gp": {"movflags": "+faststart"},
    "3g2": {"movflags": "+faststart"},
    "matroska": {"avoid_negative_ts": "disabled"},
    "webm": {"avoid_negative_ts": "disabled"},
}
"""Matroska has no decoding times, so that these may be negative: nothing has to be moved for them."""
JUNK = ("major_brand", "minor_version", "compatible_brands", "encoder")
SAID = ("language", "title", "handler_name")


class Writer(AbstractContextManager["Writer"]):
    """The file that is written. Pictures have to come in the order of the stream."""

    def __init__(
        self,
        path: Path,
        container: str,
        *,
        media: Media,
        packing: Packing,
        tracks: Sequence[Track],
        tick: Fraction,
    ) -> None:
        self.tick = tick
        options = OPTIONS.get(container, {})
        try:
            self._out: OutputContainer = av.open(str(path), "w", format=container, options=options)
            self._video = self._add_video(media, packing)
            self._sounds = [self._add_sound(track) for track in tracks]
            self._out.metadata.update(
                {name: text for name, text in media.container.metadata.items() if name.lower() not in JUNK}
            )
            self._out.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            raise Refused("its container cannot take this") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(av.FFmpegError) if error else nullcontext():
            self._out.close()

    def picture(self, picture: Picture, pts: int, dts: int, duration: int) -> None:
        """Times are in `tick`s of the result."""
        packet = picture.original
        if packet is None or not picture.untouched:
            packet = Packet(join(picture.units or ()))
        packet.pts, packet.dts, packet.duration = pts, dts, duration
        packet.is_keyframe = picture.key
        self._mux(packet, self._video, self.tick)

    def sound(self, number: int, rate: int, heard: Heard) -> None:
        packet = Packet(heard.data)
        packet.pts = packet.dts = heard.pts
        packet.duration, packet.is_keyframe = heard.duration, True
        self._mux(packet, self._sounds[number], Fraction(1, rate))

    def _mux(self, packet: Packet[Any], stream: Stream, tick: Fraction) -> None:
        packet.stream, packet.time_base = stream, tick
        try:
            self._out.mux_one(packet)
        except (av.FFmpegError, ValueError) as error:
            raise Refused("its container cannot take this") from error

    def _add_video(self, media: Media, packing: Packing) -> Stream:
        stream = self._out.add_stream_from_template(media.video, opaque=True)
        stream.time_base = self.tick
        if not packing.untouched:
            stream.codec_context.extradata = packing.extradata or None
        if packing.tag:
            stream.codec_context.codec_tag = packing.tag
        _describe(stream, media.video)
        return stream

    def _add_sound(self, track: Track) -> Stream:
        stream = track.add_to(self._out)
        if track.like is not None:
            _describe(stream, track.like)
        stream.time_base = Fraction(1, track.rate)
        return stream


def _describe(stream: Stream, source: Stream) -> None:
    stream.metadata.update({name: source.metadata[name] for name in SAID if name in source.metadata})
    stream.disposition = source.disposition
