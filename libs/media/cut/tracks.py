"""The sound tracks of a result: which are copied, which are encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from libs.contracts.graph import AudioEncoding
from libs.media.containers import BY_MUXER
from libs.media.cut.facts import Refused
from libs.media.cut.sound import LONGEST_PACKET, PREROLL, STATEFUL, Cursor, Span, Steps
from libs.media.cut.sound_encode import Encoder
from libs.media.cut.source import Media

EDIT_LISTS = ("mp4", "mov", "3gp", "3g2")
DELAYS = (*EDIT_LISTS, "matroska", "webm")
"""Containers that can say how much of the first sound is only there to start the decoder."""
SILENT_RATE, SILENT_LAYOUT = 48_000, "stereo"


@dataclass(frozen=True)
class Heard:
    """A packet to write: `pts` and `duration` in samples of the track."""

    pts: int
    duration: int
    data: bytes


class CopiedTrack:
    """Passes on packets of `streams`, one for each part."""

    def __init__(self, streams: Sequence[AudioStream], *, edit_list: bool) -> None:
        self.streams = list(streams)
        self.like: AudioStream | None = streams[0]
        self.rate = streams[0].codec_context.sample_rate
        preroll = PREROLL.get(streams[0].codec_context.name, 0) if edit_list else None
        self._cursor = Cursor(self.rate, preroll)
        self._steps: Steps | None = None

    def add_to(self, out: OutputContainer) -> AudioStream:
        """The stream of `out` that is written to. `ValueError` when it takes no such sound."""
        return out.add_stream_from_template(self.streams[0])

    def begin(self, part: int, span: Span) -> None:
        stream = self.streams[part]
        self._steps = Steps(self.rate, _samples(stream), stream.time_base or Fraction(1, self.rate))
        self._cursor.begin(span)

    @property
    def done(self) -> bool:
        """Whether nothing of the part comes any more."""
        return self._cursor.done

    def feed(self, packet: Packet[Any]) -> Iterator[Heard]:
        assert self._steps is not None
        if packet.pts is None or packet.has_sidedata("new_extradata"):
            raise Refused("the times of its sound are unknown")
        time, length = self._steps(packet.pts, packet.duration or 0)
        at = self._cursor.place(time, length)
        if at is not None:
            yield Heard(at, round(length * self.rate), bytes(packet))

    def end(self) -> Iterator[Heard]:
        self._cursor.finish()
        yield from ()

    def close(self) -> Iterator[Heard]:
        yield from ()


class EncodedTrack:
    """Decodes `streams`, one for each part (`None`: silence), and encodes one track of all. Without `delay`
    nothing of it is before the first picture."""

    def __init__(
        self, streams: Sequence[AudioStream | None], encoding: AudioEncoding, *, delay: bool
    ) -> None:
        self._delay = delay
        self.streams = list(streams)
        like = self.like = next((stream for stream in streams if stream is not None), None)
        rate = like.codec_context.sample_rate if like else SILENT_RATE
        layout = like.codec_context.layout.name if like else SILENT_LAYOUT
        self._encoder = Encoder(encoding, rate, layout)
        self.rate = self._encoder.rate

    def add_to(self, out: OutputContainer) -> AudioStream:
        """The stream of `out` that is encoded into. `ValueError` when it takes no such sound."""
        return self._encoder.add_to(out)

    def begin(self, part: int, span: Span) -> None:
        self._encoder.begin(self.streams[part], span)

    @property
    def done(self) -> bool:
        """Whether nothing of the part comes any more."""
        return self._encoder.done

    def feed(self, packet: Packet[Any]) -> Iterator[Heard]:
        return self._heard(self._encoder.feed(packet))

    def end(self) -> Iterator[Heard]:
        return self._heard(self._encoder.end())

    def close(self) -> Iterator[Heard]:
        return self._heard(self._encoder.close())

    def _heard(self, packets: Iterator[Packet[Any]]) -> Iterator[Heard]:
        for packet in packets:
            assert packet.pts is not None
            if self._delay or packet.pts >= 0:
                yield Heard(packet.pts, packet.duration or 0, bytes(packet))


Track = CopiedTrack | EncodedTrack


def open_tracks(
    encodings: Sequence[AudioEncoding],
    medias: Sequence[Media],
    container: str,
    *,
    padded: set[int],
    from_start: bool,
) -> list[Track]:
    """The tracks of `encodings`, whose streams are of the first source; of the others, those at the same
    position are meant. Those in `padded` need silence somewhere. `from_start`: there is only one part, and it
    begins where its source does."""
    first = [stream.index for stream in medias[0].info.audio]
    tracks: list[Track] = []
    for number, encoding in enumerate(encodings):
        if encoding.index not in first:
            raise Refused("a sound track is not there")
        position = first.index(encoding.index)
        streams = [_stream(media, position) for media in medias]
        there = [stream for stream in streams if stream is not None]
        edit_list = container in EDIT_LISTS
        begins = from_start or (edit_list and len(medias) == 1)
        fits = len(there) == len(streams) and number not in padded
        if fits and _copyable(there, container, begins=begins):
            tracks.append(CopiedTrack(there, edit_list=edit_list))
        else:
            tracks.append(EncodedTrack(streams, encoding, delay=container in DELAYS))
    return tracks


def _stream(media: Media, position: int) -> AudioStream | None:
    if position >= len(media.info.audio):
        return None
    index = media.info.audio[position].index
    streams = media.container.streams
    if index >= len(streams) or streams[index].type != "audio" or streams[index].codec_context is None:
        raise Refused("a sound track is not there")
    return cast(AudioStream, streams[index])


def _copyable(streams: Sequence[AudioStream], container: str, *, begins: bool) -> bool:
    """Whether packets of all of these can follow each other in one track of `container`. `begins`: whatever
    a decoder needs before the first packet that is heard is there."""
    kinds = {(_family(s), s.codec_context.sample_rate, s.codec_context.layout.name) for s in streams}
    sets = {stream.codec_context.extradata for stream in streams}
    holder = BY_MUXER.get(container)
    [kind, *others] = kinds
    if others or len(sets) > 1 or holder is None or kind[0] not in holder.audio | holder.more_audio:
        return False
    if kind[0] in STATEFUL and not begins:
        return False
    samples = _samples(streams[0])
    return kind[1] > 0 and Fraction(samples, kind[1]) <= LONGEST_PACKET


def _family(stream: AudioStream) -> str:
    return stream.codec_context.codec.canonical_name


def _samples(stream: AudioStream) -> int:
    """Samples of every packet; 0 when they differ."""
    return stream.codec_context.frame_size or 0
