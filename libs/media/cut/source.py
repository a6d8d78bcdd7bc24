"""A stored video, opened: its pictures as facts, and its packets from any moment on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from fractions import Fraction
from functools import cached_property
from types import TracebackType
from typing import Any, Self, cast

import av
from av.audio.stream import AudioStream
from av.container import Flags, InputContainer
from av.packet import Packet
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from libs.contracts import graph
from libs.contracts.errors import MediaError
from libs.media.cut.facts import Refused
from libs.media.cut.nal import Config, parse_config, split
from libs.media.cut.ranged import Input, open_input
from libs.media.inputs import LOCAL

SMART = ("h264", "hevc")
ATTEMPTS = 40
NO_FRAMES = "Nothing in this video could be decoded."


class Media(AbstractContextManager["Media"]):
    """An opened source. `video` is its main video stream, `tick` the time base of that.

    Everything that reads here raises what the storage raises (`ReelbusError`), and `MediaError` when there
    are no pictures to be found.
    """

    def __init__(self, source: graph.Source, target: str, threads: int = 0) -> None:
        assert source.info.video is not None
        self.info = source.info
        self.index = source.info.video.index
        self.threads = threads
        self.damaged = False
        """Whether the container was found to be broken somewhere."""
        self._pinned = False
        self.input: Input = open_input(target)
        try:
            self._open()
        except BaseException:
            self.input.__exit__(None, None, None)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.container.close()
        self.input.__exit__(kind, error, trace)

    @property
    def codec(self) -> str:
        return self.video.codec_context.name if self.video.codec_context else ""

    @property
    def smart(self) -> bool:
        """Whether its bitstream is understood here."""
        return self.codec in SMART

    @property
    def tick(self) -> Fraction:
        return self.video.time_base or Fraction(1, 90_000)

    @cached_property
    def config(self) -> Config:
        """The parameter sets beside the stream, and how units are told apart in it."""
        if not self.smart:
            return Config((), 0)
        return parse_config(self.codec, self.video.codec_context.extradata)

    @cached_property
    def frame(self) -> int:
        """Ticks that one picture usually takes."""
        rate = self.video.average_rate or self.video.base_rate or Fraction(25)
        return max(round(1 / rate / self.tick), 1)

    def units(self, packet: Packet[Any]) -> list[bytes]:
        """The units of a packet of the video; `Refused` when it is malformed."""
        try:
            return split(bytes(packet), self.config.length_size)
        except ValueError as error:
            raise Refused("it is damaged") from error

    def play(self, start: int, streams: Sequence[AudioStream], sound: Fraction) -> Iterator[Packet[Any]]:
        """Packets from the picture shown at `start` on, and those of `streams` from the moment `sound`
        (seconds of the container) on, or a little earlier."""
        self._pinned = True
        target = min(start, int(sound / self.tick))
        for _ in range(ATTEMPTS):
            at_start = target <= self.earliest
            kept: list[Packet[Any]] = []
            packets = self.packets(None if at_start else target, streams)
            for packet in packets:
                if packet.stream_index != self.index:
                    kept.append(packet)
                elif packet.pts == start:
                    yield from [*kept, packet]
                    yield from packets
                    return
                elif packet.pts is not None and packet.pts > start and packet.is_keyframe and not at_start:
                    break
            if at_start:
                break
            target = min(target, start) - max(round(2 / self.tick), 1)
        raise Refused("a picture could not be found again")

    def decode(self, target: int | None) -> Iterator[VideoFrame]:
        """Pictures from about `target` (`None`: the start) on, as far as they can be decoded."""
        decoder = self.video.codec_context
        if not decoder.is_open:
            decoder.thread_count = 1  # several would lose the times of packets without presentation times
        for packet in self.packets(target):
            with suppress(av.FFmpegError):
                yield from decoder.decode(packet)
        with suppress(av.FFmpegError):
            yield from decoder.decode(None)
        decoder.flush_buffers()

    @cached_property
    def earliest(self) -> int:
        """A moment that nothing is before, as far as the container says."""
        starts = [start for start in (self.video.start_time, self._container_start) if start is not None]
        return min([0, *starts])

    @property
    def claimed_end(self) -> int:
        """Where the container says the video ends, and some more."""
        length = self.video.duration
        if length is None and self.container.duration is not None:
            length = round(Fraction(self.container.duration, av.time_base) / self.tick)
        start = self.video.start_time or self._container_start or 0
        return start + (length or 0) + max(round(10 / self.tick), 1)

    def packets(
        self, target: int | None, streams: Sequence[AudioStream] = (), *, byte: int | None = None
    ) -> Iterator[Packet[Any]]:
        """Packets of the video and of `streams` from a key picture at or before `target` on (`None`: from
        the very start) as far as the index knows, or from a `byte` on; up to where the file is broken, if it
        is."""
        wanted = {self.index, *(stream.index for stream in streams)}
        for stream in self.container.streams:
            stream.discard = Discard.default if stream.index in wanted else Discard.all
        self._seek(self.earliest if target is None else max(target, self.earliest), byte)
        try:
            for packet in self.container.demux([self.container.streams[index] for index in sorted(wanted)]):
                if packet.size:
                    yield packet
        except av.FFmpegError:
            self.damaged = True
        self.input.check()

    def _seek(self, target: int, byte: int | None) -> None:
        """By time where the container can, else to its start: what was asked for comes after that. Streams
        that are in use do not survive opening it again, so that `Refused` is raised then."""
        try:
            if byte is None:
                self.container.seek(target, stream=self.video)
            else:
                self.container.seek(byte, unsupported_byte_offset=True)
        except av.FFmpegError:
            self.input.check()
            if self._pinned:
                raise Refused("it can only be read from end to end") from None
            self.container.close()
            self._open()
        self.input.check()

    def _open(self) -> None:
        self.input.file.seek(0)
        try:
            opened = av.open(self.input.file, mode="r", options=LOCAL, metadata_errors="replace")
        except (av.FFmpegError, ValueError) as error:
            self.input.check()
            raise MediaError(NO_FRAMES) from error
        self.container: InputContainer = opened
        self.container.flags &= ~cast(int, Flags.gen_pts.value)
        if self.index >= len(opened.streams) or opened.streams[self.index].type != "video":
            raise MediaError(NO_FRAMES)
        self.video = cast(VideoStream, opened.streams[self.index])

    @cached_property
    def _container_start(self) -> int | None:
        start = self.container.start_time
        return None if start is None else int(Fraction(start, av.time_base) / self.tick)
