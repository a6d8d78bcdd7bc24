"""How the pictures and sounds of a clip are written by an encoder into a container. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from libs.contracts.graph import AudioEncoding, FilterValue, VideoEncoding
from libs.contracts.media import AudioStream, VideoStream
from libs.contracts.rpc import EncodingTrial
from libs.media.codecs import (
    ANY,
    AUDIO_ENCODERS,
    BY_FRAME,
    SHORT,
    VIDEO_ENCODERS,
    AudioEncoder,
    VideoEncoder,
    audio_encoders,
    video_encoders,
)
from libs.media.containers import GRID, ISO_FORMATS, Container
from libs.media.rhythm import rhythm_of

REORDERS = {"h264", "hevc", "mpeg4", "mpeg2video"}
INTERLACES = {"h264", "mpeg2video", "mpeg4"}
MAX_GRID = 60
"""Frames a second at most where variable rates become constant."""
_SHORT = 65535


def kept_video(family: str, container: Container) -> VideoEncoder:
    """What pictures of `family` are encoded with when they have to be, in `container`: their own codec where
    there is an encoder for it."""
    usual = [each for each in video_encoders(family) if each.family == family and not each.rare]
    return usual[0] if usual and container.holds(family) else VIDEO_ENCODERS[container.video_encoder]


def kept_audio(family: str, container: Container) -> AudioEncoder:
    """As `kept_video`, of sound."""
    usual = [each for each in audio_encoders(family) if each.family == family and not each.rare]
    fits = family in container.audio | container.more_audio
    return usual[0] if usual and fits else AUDIO_ENCODERS[container.audio_encoder]


def tried_video(trial: EncodingTrial) -> VideoEncoder:
    """The encoder that was tried."""
    return VIDEO_ENCODERS.get(trial.video_encoder) or VideoEncoder(trial.video_encoder, trial.video_family)


def tried_audio(trial: EncodingTrial, container: Container) -> AudioEncoder:
    """The encoder that was tried; what suits `container` if it was tried without sound."""
    return AUDIO_ENCODERS.get(trial.audio_encoder or container.audio_encoder) or kept_audio("", container)


@dataclass(frozen=True)
class Clock:
    """`tick` is the encoder's time base (seconds), `rate` frames a second."""

    rate: Fraction
    tick: Fraction
    variable: bool


def clock_of(
    video: VideoStream, encoder: VideoEncoder, container: Container, *, finer: bool = False
) -> Clock:
    """The frames of a constant rate are counted, which is also what mends times that a container rounded.
    With `finer` they keep their own times where encoder and container can, as those of variable rates do."""
    rhythm = rhythm_of(video)
    counted = encoder.clock == BY_FRAME or container.clock == GRID
    if counted or not (rhythm.variable or (finer and encoder.clock == ANY and not rhythm.steps)):
        rate = _grid_rate(video, rhythm.rate) if rhythm.variable else rhythm.rate
        return Clock(rate, _short(1 / rate), False)
    tick = _short(rhythm.tick) if encoder.clock == SHORT else rhythm.tick
    return Clock(rhythm.rate, tick, rhythm.variable)


def _grid_rate(video: VideoStream, average: Fraction) -> Fraction:
    nominal = Fraction(video.nominal_rate)
    return nominal if average <= nominal <= MAX_GRID else min(average, Fraction(MAX_GRID))


def _short(tick: Fraction) -> Fraction:
    """A time base near `tick` with 16 bit numbers; a multiple of MPEG's where that is finer."""
    if tick.denominator <= _SHORT:
        return tick
    return tick.limit_denominator(_SHORT) if tick > Fraction(1, 1000) else Fraction(1, 30_000)


def video_encoding(
    video: VideoStream, encoder: VideoEncoder, container: Container, *, finer: bool = False
) -> VideoEncoding:
    """Of pictures like `video`; with `finer` as near to them as is sensible, their pixel format and fields
    included, else such as plays widely."""
    clock = clock_of(video, encoder, container, finer=finer)
    options: dict[str, FilterValue] = {
        "enc_time_base": f"{clock.tick.numerator}/{clock.tick.denominator}",
        "r": f"{clock.rate.numerator}/{clock.rate.denominator}",
        **encoder.options,
        **(encoder.finer if finer else {}),
    }
    if finer and video.interlaced and encoder.family in INTERLACES:
        options["flags"] = "+ilme+ildct"
    if encoder.family in REORDERS and (clock.variable or container.clock == GRID):
        options["bf"] = 0  # ffmpeg 5.1 loses the duration of the last frame in MP4, and AVI has no times
    apple = encoder.family == "hevc" and container.formats == ISO_FORMATS
    return VideoEncoding(
        encoder=encoder.name,
        pixel_format=_kept_format(video, encoder) if finer else _wide_format(video, encoder),
        options=options,
        tag="hvc1" if apple else None,
        variable_rate=clock.variable,
    )


def _wide_format(video: VideoStream, encoder: VideoEncoder) -> str | None:
    """More than 8 bits only where players expect them (in H.264 they do not, but HDR needs them)."""
    deep = video.hdr or (video.bit_depth > 8 and encoder.family != "h264")
    return encoder.deep if deep and encoder.deep else encoder.plain


def _kept_format(video: VideoStream, encoder: VideoEncoder) -> str | None:
    """`None`, which is that of the pictures or the nearest, as long as the codec stays; H.264 of odd sizes
    needs whole chroma."""
    if encoder.family == video.codec:
        return None
    odd = video.width % 2 or video.height % 2
    return "yuv444p" if odd and encoder.family in ("h264", "hevc") else _wide_format(video, encoder)


def audio_encoding(stream: AudioStream, encoder: AudioEncoder, container: Container) -> AudioEncoding:
    """Of sound like `stream`: as many channels and as high a rate of it as fit."""
    channels = max((n for n in encoder.channels if n <= stream.channels), default=encoder.channels[0])
    options: dict[str, FilterValue] = {}
    if kilobits := encoder.kilobits(channels):
        options["b"] = f"{kilobits}k"
    options |= {**encoder.options, "ac": channels}
    rates = container.mp3_rates if encoder.family == "mp3" and container.mp3_rates else encoder.rates
    if rates and stream.sample_rate not in rates:
        options["ar"] = next((rate for rate in rates if rate >= stream.sample_rate), rates[-1])
    return AudioEncoding(index=stream.index, encoder=encoder.name, options=options)
