"""A few frames and a little sound, really encoded, to see what this ffmpeg can write."""

from __future__ import annotations

import json
import math
import struct
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from libs.contracts.errors import InternalError, MediaError, TaskTimeoutError, TooLargeError
from libs.contracts.graph import AudioEncoding, VideoEncoding
from libs.contracts.media import AudioStream, VideoStream
from libs.contracts.rpc import EncodingTrial
from libs.media.codecs import AudioEncoder, VideoEncoder
from libs.media.containers import MKV, Container
from libs.media.encodings import audio_encoding, video_encoding
from libs.media.inputs import input_args
from libs.media.runner import run_ffmpeg, run_ffprobe
from libs.media.tools import Tools

FRAMES = 4
_SIDE = 64
_SOUND = AudioStream(index=0, codec="pcm_s16le", sample_rate=48000, channels=2)
_SOUND_SECONDS = 0.25
_RATE_TOLERANCE = 0.15
"""How far off a rate is that a probe guesses from so few frames in milliseconds."""
_BEGIN_LIMIT = 6.0
_LACKS = ("This ffmpeg lacks an encoder.", "This ffmpeg does not know an option.")
"""What `reasons.failure` says of encoders that are not built in, or are older than what we ask of them."""
_NOWHERE = ("-f", "null", "-")
_SHOWN = "stream=codec_type,codec_name,width,height,avg_frame_rate,r_frame_rate,nb_read_frames"


@dataclass(frozen=True)
class Shape:
    """Pixels, and frames a second."""

    width: int
    height: int
    rate: int

    @property
    def stream(self) -> VideoStream:
        rate = f"{self.rate}/1"
        return VideoStream(
            index=0, codec="rawvideo", width=self.width, height=self.height, display_width=self.width,
            display_height=self.height, frame_rate=rate, nominal_rate=rate, time_base=f"1/{self.rate}",
            pixel_format="yuv420p",
        )  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """Encodes into `folder` until `deadline` (monotonic seconds), then raises `TaskTimeoutError`."""

    tools: Tools
    folder: Path
    deadline: float

    async def write(
        self, shape: Shape, video: VideoEncoder, audio: AudioEncoder | None, container: Container
    ) -> EncodingTrial | None:
        """What is in the file that was written; `None` when there is none or it is not what was asked for."""
        target = self.folder / f"trial.{container.extension}"
        inputs, options = self._pictures(shape), _video_args(shape, video, container)
        if audio is not None:
            inputs += ["-i", f"file:{self._sound()}"]
            options += ["-map", "1:a", *_audio_args(audio, container)]
        muxing = [text for name, value in container.options for text in (f"-{name}", value)]
        if not await self._runs([*inputs, *options, *muxing, "-f", container.muxer, f"file:{target}"]):
            return None
        return _judged(await self._look(target), shape, video, audio, container)

    async def encodes(self, shape: Shape, encoder: VideoEncoder) -> bool:
        """Whether the encoder takes such frames, whatever container they would go into."""
        return await self._runs([*self._pictures(shape), *_video_args(shape, encoder, MKV), *_NOWHERE])

    async def encodes_sound(self, encoder: AudioEncoder) -> bool:
        sound = f"file:{self._sound()}"
        return await self._runs(["-i", sound, "-map", "0:a", *_audio_args(encoder, MKV), *_NOWHERE])

    async def begins(self, shape: Shape, encoder: VideoEncoder) -> bool:
        """Whether the encoder takes such frames, however long it needs for one."""
        options = [*_video_args(shape, encoder, MKV), "-frames:v", "1"]
        try:
            return await self._runs([*self._pictures(shape), *options, *_NOWHERE], _BEGIN_LIMIT)
        except TaskTimeoutError:
            return True

    def _pictures(self, shape: Shape) -> list[str]:
        path = self.folder / f"{shape.rate}.y4m"
        if not path.exists():
            _write_pictures(path, shape.rate)
        return input_args(path)

    def _sound(self) -> Path:
        path = self.folder / "sound.wav"
        if not path.exists():
            _write_sound(path)
        return path

    async def _runs(self, args: Sequence[str], limit: float = math.inf) -> bool:
        limit = min(limit, self._left())
        try:
            await run_ffmpeg(self.tools, ["-y", *args], cwd=self.folder, time_limit=limit)
        except (MediaError, TooLargeError):
            return False
        except InternalError as error:
            if error.message not in _LACKS:
                raise
            return False
        return True

    async def _look(self, target: Path) -> list[dict[str, Any]]:
        asked = ["-count_frames", "-show_entries", _SHOWN, "-of", "json", *input_args(target)]
        try:
            output = await run_ffprobe(self.tools, asked, time_limit=self._left())
        except MediaError:
            return []
        streams: list[dict[str, Any]] = json.loads(output.decode("utf-8", "replace")).get("streams", [])
        return streams

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TaskTimeoutError("The trial took too long.")
        return left


def _video_args(shape: Shape, encoder: VideoEncoder, container: Container) -> list[str]:
    encoding = video_encoding(shape.stream, encoder, container)
    scaled = ["-vf", f"scale={shape.width}:{shape.height}:flags=fast_bilinear,setsar=1"]
    args = ["-map", "0:v", *scaled, "-fps_mode:v", "vfr", *_encoder_args(encoding, "v")]
    args += ["-pix_fmt:v", encoding.pixel_format] if encoding.pixel_format else []
    return args + (["-tag:v", encoding.tag] if encoding.tag else [])


def _audio_args(encoder: AudioEncoder, container: Container) -> list[str]:
    return _encoder_args(audio_encoding(_SOUND, encoder, container), "a")


def _encoder_args(encoding: VideoEncoding | AudioEncoding, kind: str) -> list[str]:
    options = {"c": encoding.encoder, **encoding.options}
    return [text for name, value in options.items() for text in (f"-{name}:{kind}", str(value))]


def _judged(
    streams: Sequence[dict[str, Any]],
    shape: Shape,
    video: VideoEncoder,
    audio: AudioEncoder | None,
    container: Container,
) -> EncodingTrial | None:
    """Every stream must decode and be of the family that its encoder is for."""
    found = {stream.get("codec_type"): stream for stream in streams if _decoded(stream)}
    pictures, sound = found.get("video", {}), found.get("audio", {})
    size = pictures.get("width"), pictures.get("height")
    if pictures.get("codec_name") != video.family or size != (shape.width, shape.height):
        return None
    if not _has_rate(pictures, shape.rate) or (audio and sound.get("codec_name") != audio.family):
        return None
    return EncodingTrial(
        video_encoder=video.name,
        video_family=video.family,
        audio_encoder=audio.name if audio else None,
        audio_family=audio.family if audio else None,
        container=container.extension,
    )


def _decoded(stream: dict[str, Any]) -> bool:
    return str(stream.get("nb_read_frames", "")).isdigit() and int(stream["nb_read_frames"]) > 0


def _has_rate(stream: dict[str, Any], rate: int) -> bool:
    found = [str(stream.get(name, "")) for name in ("avg_frame_rate", "r_frame_rate")]
    rates = [Fraction(each) for each in found if each and not each.endswith("/0")]
    return any(abs(each - rate) <= rate * _RATE_TOLERANCE for each in rates)


def _write_pictures(path: Path, rate: int) -> None:
    """`FRAMES` frames of a gradient that moves (YUV4MPEG2)."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{_SIDE} H{_SIDE} F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in range(FRAMES):
            luma = bytes((3 * x + 2 * y + 16 * frame) % 220 + 16 for y in range(_SIDE) for x in range(_SIDE))
            file.write(b"FRAME\n" + luma + bytes([110] * (_SIDE**2 // 4) + [140] * (_SIDE**2 // 4)))


def _write_sound(path: Path) -> None:
    """A quiet tone of 440 Hz in both channels."""
    rate, channels = _SOUND.sample_rate, _SOUND.channels
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        tone = (
            round(3000 * math.sin(2 * math.pi * 440 * i / rate)) for i in range(int(rate * _SOUND_SECONDS))
        )
        file.writeframes(b"".join(struct.pack("<h", level) * channels for level in tone))
