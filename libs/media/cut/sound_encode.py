"""One sound track that is decoded, cut to the sample and encoded, silence where a part has none."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, cast

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.codec import Codec
from av.container import OutputContainer
from av.packet import Packet

from libs.contracts.graph import AudioEncoding
from libs.media.cut.facts import Refused
from libs.media.cut.sound import Span

BYTES = 4
"""Of one sample of one channel, as it waits to be encoded."""
CHUNK = 16_384
"""Samples at a time, of silence and of what is handed to the encoder."""
JUMP = Fraction(1, 100)
"""Seconds by which a packet may be off the end of the one before and still follow it."""


class Encoder:
    """Encodes the parts one after the other, each exactly as long as its span. `rate` and `layout` are those
    of the first part that has sound; `rate` becomes what the encoder can do."""

    def __init__(self, encoding: AudioEncoding, rate: int, layout: str) -> None:
        try:
            codec = Codec(encoding.encoder, "w")
        except ValueError as error:
            raise Refused("its sound would have to be encoded otherwise than here") from error
        rates = codec.audio_rates or [rate]
        self.rate = rate if rate in rates else min(rates, key=lambda each: (each < rate, abs(each - rate)))
        self._codec, self._layout = codec, layout
        self._options = {name: str(value) for name, value in encoding.options.items()}
        self._size, self._written = 0, 0
        self._part: _Part | None = None

    def add_to(self, out: OutputContainer) -> AudioStream:
        """The stream of `out` that is encoded into. `ValueError` when it takes no such sound."""
        stream = cast(AudioStream, out.add_stream(self._codec.name, rate=self.rate, options=self._options))
        self._context = stream.codec_context
        self._context.layout = self._layout
        if self._codec.audio_formats:
            self._context.format = self._codec.audio_formats[0]
        self._context.time_base = Fraction(1, self.rate)
        self._size = BYTES * self._context.channels
        return stream

    def begin(self, stream: AudioStream | None, span: Span) -> None:
        first, stop = (round(moment * self.rate) for moment in (span.offset, span.stop))
        self._part = _Part(
            stream, span.start, stop - first, rate=self.rate, layout=self._layout, size=self._size
        )

    @property
    def done(self) -> bool:
        """Whether nothing of the part is missing."""
        return self._part is not None and self._part.done

    def feed(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Packets that are ready after `packet` of the stream."""
        assert self._part is not None
        yield from self._encode(self._part.feed(packet))

    def end(self) -> Iterator[Packet[Any]]:
        """The part is over."""
        assert self._part is not None
        yield from self._encode(self._part.finish())

    def close(self) -> Iterator[Packet[Any]]:
        """All parts are over."""
        yield from self._context.encode(None)

    def _encode(self, pieces: Iterator[bytes]) -> Iterator[Packet[Any]]:
        for piece in pieces:
            frame = AudioFrame("flt", self._layout, len(piece) // self._size)
            frame.planes[0].update(piece)
            frame.sample_rate, frame.pts, frame.time_base = self.rate, self._written, Fraction(1, self.rate)
            self._written += frame.samples
            yield from self._context.encode(frame)


class _Part:
    """The samples of one part, from `start` seconds of the stream's clock on, `count` of them."""

    def __init__(
        self, stream: AudioStream | None, start: Fraction, count: int, *, rate: int, layout: str, size: int
    ) -> None:
        self._stream, self._start, self._count = stream, start, count
        self._rate, self._layout, self._size = rate, layout, size
        self._resampler = self._fresh()
        self._at: int | None = None
        self._next: Fraction | None = None
        self._written = 0

    @property
    def done(self) -> bool:
        return self._stream is None or self._written >= self._count

    def feed(self, packet: Packet[Any]) -> Iterator[bytes]:
        assert self._stream is not None
        if self.done:
            return
        try:
            frames = self._stream.codec_context.decode(packet)
        except av.FFmpegError:
            frames = []  # what cannot be decoded is silence
        for frame in frames:
            yield from self._frame(frame)

    def finish(self) -> Iterator[bytes]:
        if self._stream is not None and self._at is not None:
            yield from self._resampled(None)
        while self._written < self._count:
            yield self._take(bytes(min(self._count - self._written, CHUNK) * self._size))

    def _frame(self, frame: AudioFrame) -> Iterator[bytes]:
        if frame.pts is None or frame.time_base is None:
            raise Refused("the times of its sound are unknown")
        time = frame.pts * frame.time_base - self._start
        if self._next is None or abs(time - self._next) > JUMP:
            if self._at is not None:
                yield from self._resampled(None)
                self._resampler = self._fresh()
            self._at, self._next = round(time * self._rate), time
        self._next += Fraction(frame.samples, frame.sample_rate)
        frame.pts = None
        yield from self._resampled(frame)

    def _resampled(self, frame: AudioFrame | None) -> Iterator[bytes]:
        for made in self._resampler.resample(frame):
            yield from self._place(bytes(made.planes[0])[: made.samples * self._size], made.samples)

    def _place(self, data: bytes, samples: int) -> Iterator[bytes]:
        """`data` where it belongs, silence before it where there is nothing."""
        assert self._at is not None
        at, self._at = self._at, self._at + samples
        while self._written < min(at, self._count):
            yield self._take(bytes(min(at - self._written, self._count - self._written, CHUNK) * self._size))
        skipped = max(self._written - at, 0)
        piece = data[skipped * self._size : max(self._count - at, 0) * self._size]
        if piece:
            yield self._take(piece)

    def _take(self, piece: bytes) -> bytes:
        self._written += len(piece) // self._size
        return piece

    def _fresh(self) -> AudioResampler:
        return AudioResampler(format="flt", layout=self._layout, rate=self._rate)
