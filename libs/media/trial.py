"""Can this ffmpeg write such a file? It is asked by writing a little of it."""

from __future__ import annotations

import re
import tempfile
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import msgspec

from libs.contracts.errors import InvalidInputError, TaskTimeoutError, UnavailableError
from libs.contracts.rpc import EncodingTrial, TryEncoding
from libs.media.codecs import AudioEncoder, VideoEncoder, audio_encoders, is_hardware, video_encoders
from libs.media.containers import BY_EXTENSION, ORDER, Container
from libs.media.sampling import Bench, Shape
from libs.media.tools import Tools

TIME_LIMIT = 20.0
"""Seconds of a trial."""
LARGE = 4_100_000
"""Pixels from which on smaller frames are tried, and then only whether the encoder takes the large ones."""
_FRIENDLY_RATE = 25
_FRIENDLY_SIZES = ((352, 288), (720, 576), (1920, 1080), (128, 128), (48, 48))
_TOKEN = re.compile(r"[a-z0-9_-]{1,40}")


class Trials:
    """Answers `TryEncoding`: remembers the last `remembered` answers. One trial of small frames and one of
    large ones run at a time, and `waiting` others of its kind wait at most."""

    def __init__(self, tools: Tools, scratch_root: Path, *, waiting: int = 32, remembered: int = 512) -> None:
        self._tools = tools
        self._scratch_root = scratch_root
        self._waiting = waiting
        self._slots = {large: anyio.Semaphore(1) for large in (False, True)}
        self._remembered = remembered
        self._known: OrderedDict[TryEncoding, EncodingTrial | str] = OrderedDict()
        self._asked: dict[TryEncoding, anyio.Lock] = {}

    async def __call__(self, request: TryEncoding) -> EncodingTrial:
        """Raises as `try_encoding`, and `UnavailableError` when too many wait. Equal requests are
        one trial."""
        request = _normal(request)
        answer = self._known.get(request) or await self._learn(request)
        if request in self._known:
            self._known.move_to_end(request)
        if isinstance(answer, str):
            raise InvalidInputError(answer)
        return answer

    async def _learn(self, request: TryEncoding) -> EncodingTrial | str:
        lock = self._asked.setdefault(request, anyio.Lock())
        try:
            async with lock:
                return self._known.get(request) or await self._try(request)
        finally:
            if not lock.statistics().tasks_waiting and self._asked.get(request) is lock:
                del self._asked[request]

    async def _try(self, request: TryEncoding) -> EncodingTrial | str:
        answer: EncodingTrial | str
        slot = self._slots[request.width * request.height >= LARGE]
        if slot.statistics().tasks_waiting >= self._waiting:
            raise UnavailableError("Too many encodings are being tried. Please try again later.")
        async with slot:
            try:
                answer = await try_encoding(self._tools, request, scratch=self._scratch_root)
            except InvalidInputError as error:
                answer = error.message
        self._known[request] = answer
        while len(self._known) > self._remembered:
            self._known.popitem(last=False)
        return answer


def _normal(request: TryEncoding) -> TryEncoding:
    """Names count in any case."""
    return msgspec.structs.replace(
        request,
        video_codec=request.video_codec.lower(),
        audio_codec=None if request.audio_codec is None else request.audio_codec.lower(),
        container=request.container.lower(),
    )


async def try_encoding(tools: Tools, request: TryEncoding, *, scratch: Path) -> EncodingTrial:
    """Encode some frames and a little sound as asked, into the container that is liked or another that fits.

    Raises `InvalidInputError` saying what cannot be encoded and why, and `UnavailableError` when this takes
    longer than `TIME_LIMIT`.
    """
    request = _normal(request)
    videos = video_encoders(request.video_codec)
    audios = audio_encoders(request.audio_codec) if request.audio_codec is not None else None
    if not videos:
        raise InvalidInputError(_unknown(request.video_codec, "video"))
    if audios is not None and not audios:
        raise InvalidInputError(_unknown(request.audio_codec or "", "audio"))
    with tempfile.TemporaryDirectory(dir=scratch, prefix="trial-") as folder:
        bench = Bench(tools, Path(folder), time.monotonic() + TIME_LIMIT)
        try:
            return await _search(bench, request, videos, audios)
        except TaskTimeoutError as error:
            raise UnavailableError("Trying this encoding took too long. Please try again later.") from error


def _unknown(name: str, kind: str) -> str:
    if not _TOKEN.fullmatch(name):
        return f"This is not the name of a codec: {name[:40]!r}."
    if is_hardware(name):
        family = name.partition("_")[0]
        instead = f" Use {family} instead." if video_encoders(family) else ""
        return f"The encoder {name} needs hardware that is not used here.{instead}"
    if video_encoders(name) or audio_encoders(name):
        return f"{name} is not a codec of {'pictures' if kind == 'video' else 'sound'}."
    return f"There is no {kind} codec or encoder named {name}."


async def _search(
    bench: Bench, request: TryEncoding, videos: Sequence[VideoEncoder], audios: Sequence[AudioEncoder] | None
) -> EncodingTrial:
    size = request.width, request.height
    shape = Shape(*_smaller(*size), request.frame_rate)
    if size != (shape.width, shape.height):
        videos = [await _first_at_size(bench, Shape(*size, request.frame_rate), shape, videos)]
    video, audio = videos[0], audios[0] if audios else None
    containers = _containers(request.container, video, audio)
    if trial := await bench.write(shape, video, audio, containers[0]):
        return trial
    video = await _first_video(bench, shape, videos, asked=shape)
    audio = await _first_audio(bench, audios) if audios else None
    return await _first_container(bench, shape, video, audio, containers)


async def _first_at_size(
    bench: Bench, large: Shape, shape: Shape, encoders: Sequence[VideoEncoder]
) -> VideoEncoder:
    """The first that takes `large` frames. Raises `InvalidInputError`, which blames the size when `shape`,
    a smaller one, would do."""
    for encoder in encoders:
        if await bench.begins(large, encoder):
            return encoder
    encoder = await _first_video(bench, shape, encoders, asked=large)
    raise InvalidInputError(_wrong_size(encoder, large))


def _smaller(width: int, height: int) -> tuple[int, int]:
    """The size, halved until it is not large; sides stay even."""
    while width * height > LARGE:
        width, height = max(width // 4 * 2, 16), max(height // 4 * 2, 16)
    return width, height


async def _first_video(
    bench: Bench, shape: Shape, encoders: Sequence[VideoEncoder], *, asked: Shape
) -> VideoEncoder:
    """The first that encodes frames of `shape`. Raises `InvalidInputError`: what is wrong with `asked`."""
    for encoder in encoders:
        if await bench.encodes(shape, encoder):
            return encoder
    encoder = encoders[0]
    if await bench.encodes(replace(shape, rate=_FRIENDLY_RATE), encoder):
        raise InvalidInputError(f"{encoder.name} cannot encode {asked.rate} frames a second.")
    for size in _FRIENDLY_SIZES:
        if await bench.encodes(Shape(*size, _FRIENDLY_RATE), encoder):
            raise InvalidInputError(_wrong_size(encoder, asked))
    raise InvalidInputError(f"The ffmpeg that is installed here cannot encode with {encoder.name}.")


def _wrong_size(encoder: VideoEncoder, asked: Shape) -> str:
    return f"{encoder.name} cannot encode pictures of {asked.width} x {asked.height} pixels."


async def _first_audio(bench: Bench, encoders: Sequence[AudioEncoder]) -> AudioEncoder:
    for encoder in encoders:
        if await bench.encodes_sound(encoder):
            return encoder
    raise InvalidInputError(f"The ffmpeg that is installed here cannot encode with {encoders[0].name}.")


def _containers(liked: str, video: VideoEncoder, audio: AudioEncoder | None) -> Sequence[Container]:
    """Those that hold these families, what is liked (an extension) first. Raises `InvalidInputError`."""
    known = [*([BY_EXTENSION[liked]] if liked in BY_EXTENSION else []), *ORDER]
    fitting = [each for each in known if each.holds(video.family, [audio.family] if audio else [])]
    if not fitting:
        raise InvalidInputError(_homeless(video, audio))
    return list(dict.fromkeys(fitting))


async def _first_container(
    bench: Bench,
    shape: Shape,
    video: VideoEncoder,
    audio: AudioEncoder | None,
    containers: Sequence[Container],
) -> EncodingTrial:
    for container in containers:
        if trial := await bench.write(shape, video, audio, container):
            return trial
    raise InvalidInputError(_homeless(video, audio))


def _homeless(video: VideoEncoder, audio: AudioEncoder | None) -> str:
    sound = f" together with {audio.name}" if audio else ""
    return f"There is no container here that holds {video.name}{sound}."
