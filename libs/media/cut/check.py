"""Looking at a result as a player would: its packets, their times, and the pictures around every seam."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import av
from av.codec.context import CodecContext, ThreadType
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from libs.media.cut.compare import FAITHFUL, likeness
from libs.media.cut.facts import Refused
from libs.media.cut.nal import Entry, parse_config, split
from libs.media.cut.pictures import Look
from libs.media.cut.planned import Planned, digest
from libs.media.inputs import LOCAL

OUT_OF_SYNC = Fraction(20, 1000)
WRONG = "what was written of it is not right"


class WrongError(Refused):
    """The result is not what it should be; says in what."""


def check(path: Path, planned: Planned, threads: int = 0) -> None:
    """`WrongError` when the result at `path` is not what was planned."""
    try:
        with av.open(str(path), "r", options=LOCAL) as container:
            _Looking(container, planned, threads).run()
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise WrongError(f"{WRONG} ({type(error).__name__})") from error


class _Looking:
    def __init__(self, container: InputContainer, planned: Planned, threads: int) -> None:
        self._container, self._planned, self._threads = container, planned, threads
        self._video = container.streams.video[0]
        self._tick = self._video.time_base or Fraction(1, 1000)
        self._times: list[int] = []
        self._last = 0
        self._sounds: dict[int, list[Fraction]] = {}
        self._regions = planned.regions()
        self._region: _Region | None = None
        codec, context = planned.codec, self._video.codec_context
        self._length_size = parse_config(codec, context.extradata).length_size if codec else 0

    def run(self) -> None:
        sounds = {stream.index: number for number, stream in enumerate(self._container.streams.audio)}
        for packet in self._container.demux():
            if not packet.size or packet.pts is None:
                continue
            if packet.stream_index == self._video.index:
                self._picture(packet, packet.pts)
            elif packet.stream_index in sounds:
                self._sound(sounds[packet.stream_index], packet, packet.pts)
        self._check_times()
        self._check_sounds()

    def _picture(self, packet: Packet[Any], pts: int) -> None:
        number, planned = len(self._times), self._planned
        if number >= len(planned.shown):
            raise WrongError(f"{WRONG} (too many pictures)")
        if planned.digests and planned.digests[number] != self._digest(packet):
            raise WrongError(f"{WRONG} (packets)")
        self._times.append(pts)
        self._last = max(self._last, pts + (packet.duration or 0))
        if self._region is None and self._regions and number == self._regions[0][0]:
            strict = planned.entries.get(number, Entry.NONE) is not Entry.RECOVERY
            self._region = _Region(self._video, self._regions.pop(0)[1], self._threads, strict=strict)
        if self._region is not None:
            for shown, frame in self._region.feed(packet, number):
                self._compare(self._planned.looks.get(self._planned.shown[shown]), frame)
            if number == self._region.last:
                self._region = None

    def _digest(self, packet: Packet[Any]) -> bytes:
        return digest(self._planned.codec, split(bytes(packet), self._length_size))

    def _compare(self, look: Look | None, frame: VideoFrame) -> None:
        if look is None:
            return
        found = likeness(look.frame, frame)
        if found < (float("inf") if look.exact else FAITHFUL):
            raise WrongError(f"{WRONG} (pictures: {found:.1f} dB)")

    def _check_times(self) -> None:
        planned = self._planned
        if len(self._times) != len(planned.shown):
            raise WrongError(f"{WRONG} ({len(planned.shown) - len(self._times)} pictures are missing)")
        zero, origin = min(self._times), min(planned.shown)
        for there, wanted in zip(self._times, planned.shown, strict=True):
            if abs((there - zero) * self._tick - (wanted - origin) * planned.tick) > self._tick:
                raise WrongError(f"{WRONG} (times)")
        longest = max(after - before for before, after in pairwise([*sorted(planned.shown), planned.end]))
        if abs((self._last - zero) * self._tick - planned.end * planned.tick) > longest * planned.tick:
            raise WrongError(f"{WRONG} (its length)")

    def _sound(self, number: int, packet: Packet[Any], pts: int) -> None:
        time = pts * packet.time_base
        if packet.is_discard and number not in self._sounds:
            return
        first = self._sounds.get(number, [time])[0]
        self._sounds[number] = [first, time]

    def _check_sounds(self) -> None:
        zero = min(self._times) * self._tick
        if self._sounds.keys() != self._planned.sounds.keys():
            raise WrongError(f"{WRONG} (tracks)")
        for number, sound in self._planned.sounds.items():
            first, last = (time - zero for time in self._sounds[number])
            late = max(first, Fraction(0)) - Fraction(max(sound.first, 0), sound.rate)
            if max(abs(late), abs(last - Fraction(sound.last, sound.rate))) > OUT_OF_SYNC:
                raise WrongError(f"{WRONG} (sound)")


class _Region:
    """Packets in a row that are decoded: all that are shown from the first one on must come out of them, in
    the order of their times, and without complaint when that is `strict`: pictures that are shown before a
    recovery point cannot be decoded from there."""

    def __init__(self, video: VideoStream, last: int, threads: int, *, strict: bool) -> None:
        context = video.codec_context
        self.last = last
        self._decoder = cast(VideoCodecContext, CodecContext.create(context.codec.name, "r"))
        self._decoder.extradata = context.extradata
        self._decoder.thread_count, self._decoder.thread_type = threads, ThreadType.AUTO
        if strict:
            self._decoder.options = {"err_detect": "explode"}
        self._decoder.open()
        self._decoder.reorder_depth = context.reorder_depth
        self._numbers: dict[int, int] = {}
        self._found: list[int] = []
        self._first: int | None = None

    def feed(self, packet: Packet[Any], number: int) -> Iterator[tuple[int, VideoFrame]]:
        """Pictures that are there now, by the number of their packet; all that are left after the last one.
        `WrongError` when they are not those of the packets."""
        assert packet.pts is not None
        self._first = packet.pts if self._first is None else self._first
        if packet.pts >= self._first:
            self._numbers[packet.pts] = number
        frames = self._decoder.decode(packet)
        if number == self.last:
            frames += self._decoder.decode(None)
        for frame in frames:
            if frame.pts is None or frame.pts < self._first:
                continue
            if frame.pts not in self._numbers or frame.is_corrupt:
                raise WrongError(f"{WRONG} (pictures)")
            self._found.append(frame.pts)
            yield self._numbers[frame.pts], frame
        if number == self.last and self._found != sorted(self._numbers):
            raise WrongError(f"{WRONG} (pictures)")
