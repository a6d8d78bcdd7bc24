"""What this ffmpeg can write, found by writing it."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from libs.contracts.errors import InvalidInputError, UnavailableError
from libs.contracts.rpc import EncodingTrial, TryEncoding
from libs.media import trial as trial_module
from libs.media.codecs import audio_encoders, is_hardware, video_encoders
from libs.media.containers import BY_EXTENSION, MKV, ORDER, Container
from libs.media.tools import Tools
from libs.media.trial import Trials, try_encoding

pytestmark = pytest.mark.anyio

NO_CONTAINER = {
    "a64multi", "a64multi5", "alias_pix", "apng", "bitpacked", "bmp", "fits", "libjxl", "pam", "pbm", "pcx",
    "pfm", "pgm", "pgmyuv", "phm", "ppm", "qoi", "roqvideo", "rv10", "rv20", "sunrast", "vbn", "libwebp",
    "libwebp_anim", "wrapped_avframe", "xbm", "xface", "xwd", "avui", "adpcm_adx", "adpcm_argo",
    "adpcm_ima_alp", "adpcm_ima_amv", "adpcm_ima_apm", "adpcm_ima_ssi", "adpcm_ima_ws", "aptx", "aptx_hd",
    "comfortnoise", "g726le", "libcodec2", "pcm_bluray", "pcm_s16be_planar", "pcm_s16le_planar",
    "pcm_s24daud", "pcm_s24le_planar", "pcm_s32le_planar", "pcm_s64be", "pcm_s8_planar", "pcm_u16be",
    "pcm_u16le", "pcm_u24be", "pcm_u24le", "pcm_u32be", "pcm_u32le", "pcm_vidc", "roq_dpcm", "sbc", "sonic",
    "sonicls",
}  # fmt: skip
"""Pictures on their own and sound of other files: no video container takes them."""
ELSEWHERE = {
    "qtrle": "mov", "flashsv2": "flv", "adpcm_ima_qt": "mov", "libgsm": "mov", "nellymoser": "mov",
    "pcm_f32be": "mov", "pcm_f64be": "mov", "pcm_s8": "mov", "s302m": "ts", "pcm_dvd": "mpeg",
}  # fmt: skip
"""What does not go into Matroska."""
SIZES = {"dvvideo": (720, 576), "dnxhd": (256, 144)}


def wish(video: str = "mpeg4", audio: str | None = None, **changes: Any) -> TryEncoding:
    fields: dict[str, Any] = {"width": 176, "height": 144, "frame_rate": 25, "container": "mkv"}
    return TryEncoding(video_codec=video, audio_codec=audio, **(fields | changes))


def encoders() -> list[tuple[str, str]]:
    told = subprocess.run(["ffmpeg", "-hide_banner", "-encoders"], capture_output=True, check=True).stdout
    return re.findall(r"^ ([VA])[A-Z.]{5} (\w\S*)", told.decode(), re.MULTILINE)


async def refusal(tools: Tools, scratch: Path, request: TryEncoding) -> str:
    with pytest.raises(InvalidInputError) as caught:
        await try_encoding(tools, request, scratch=scratch)
    return caught.value.message


async def written(tools: Tools, scratch: Path, video: str, audio: str | None = None) -> None:
    """Encoders of pictures and of sound are encodable as the tables say."""
    width, height = SIZES.get(video, (176, 144))
    found = await try_encoding(tools, wish(video, audio, width=width, height=height), scratch=scratch)
    assert found.video_encoder == video_encoders(video)[0].name
    assert found.audio_encoder == (None if audio is None else audio_encoders(audio)[0].name)
    assert found.container == ELSEWHERE.get(video, ELSEWHERE.get(audio or "", "mkv"))


async def refused(tools: Tools, scratch: Path, kind: str, name: str) -> None:
    """With a reason."""
    message = await refusal(tools, scratch, wish(name) if kind == "V" else wish(audio=name))
    if is_hardware(name):
        assert "needs hardware" in message
    else:
        assert re.fullmatch(rf"There is no container here that holds .*\b{name}\.", message)


async def test_every_encoder_of_this_ffmpeg(tools: Tools, tmp_path: Path) -> None:
    """What goes into Matroska is tried two at a time: one of pictures with one of sound."""
    work: list[Callable[[], Awaitable[None]]] = []
    usual: dict[str, list[str]] = {"V": [], "A": []}
    for kind, name in encoders():
        if is_hardware(name) or name in NO_CONTAINER:
            work.append(partial(refused, tools, tmp_path, kind, name))
        elif name in ELSEWHERE:
            work.append(partial(written, tools, tmp_path, *([name] if kind == "V" else ["mpeg4", name])))
        else:
            usual[kind].append(name)
    for video, audio in itertools.zip_longest(usual["V"], usual["A"]):
        work.append(partial(written, tools, tmp_path, video or "mpeg4", audio))
    queue = iter(work)

    async def some() -> None:
        for each in queue:
            await each()

    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(some)
    assert list(tmp_path.iterdir()) == []


USUAL = ("h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mpeg2video", "mpeg1video", "wmv1", "wmv2",
         "msmpeg4v3", "flv1", "theora", "h263", "mjpeg", "prores")  # fmt: skip


def usual(container: Container) -> list[tuple[str, str]]:
    """Each family of pictures that people use there, with the families of sound in turn."""
    videos = [family for family in USUAL if family in container.video]
    sounds = [family for family in sorted(container.audio) if not family.startswith(("pcm", "amr"))]
    return list(zip(videos, itertools.cycle(sounds), strict=False))


@pytest.mark.parametrize(
    "container", [each for each in ORDER if each != MKV], ids=lambda container: container.extension
)
async def test_containers_hold_what_their_tables_say(
    tools: Tools, tmp_path: Path, container: Container
) -> None:
    """Matroska, which holds what others do not, is above."""
    for video, audio in usual(container):
        request = wish(video, audio, container=container.extension)
        found = await try_encoding(tools, request, scratch=tmp_path)
        told = found.video_family, found.audio_family, found.container
        assert told == (video, audio, container.extension)


async def test_the_defaults_of_the_contract(tools: Tools, tmp_path: Path) -> None:
    request = wish("libx264", "aac", width=1920, height=1080, frame_rate=30, container="mp4")
    assert await try_encoding(tools, request, scratch=tmp_path) == EncodingTrial(
        video_encoder="libx264", video_family="h264", audio_encoder="aac", audio_family="aac", container="mp4"
    )


@pytest.mark.parametrize(
    ("request_", "extension"),
    [
        (wish("h264", "aac", container="wmv"), "mkv"),
        (wish("libx265", "aac", container="flv"), "mkv"),
        (wish("libx264", "aac", container="webm"), "mkv"),
        (wish("h264", None, container="webm"), "mkv"),
        (wish("vp9", "libopus", container="webm"), "webm"),
        (wish("vp9", "aac", container="webm"), "mkv"),
        (wish("qtrle", "aac", container="mp4"), "mov"),
        (wish("h264", "aac", container="m4v"), "m4v"),
        (wish("mpeg2video", "mp2", container="mpg"), "mpg"),
        (wish("h264", "aac", container=""), "mkv"),
        (wish("h264", "aac", container="exe"), "mkv"),
    ],
)
async def test_what_does_not_fit_goes_elsewhere(
    tools: Tools, tmp_path: Path, request_: TryEncoding, extension: str
) -> None:
    found = await try_encoding(tools, request_, scratch=tmp_path)
    assert found.container == extension


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (wish("nonsense"), "There is no video codec or encoder named nonsense."),
        (wish("copy"), "There is no video codec or encoder named copy."),
        (wish("vc1"), "There is no video codec or encoder named vc1."),
        (wish(audio="nonsense"), "There is no audio codec or encoder named nonsense."),
        (wish("aac"), "aac is not a codec of pictures."),
        (wish(audio="libx264"), "libx264 is not a codec of sound."),
        (wish("../../etc"), "This is not the name of a codec: '../../etc'."),
        (wish("-i"), "There is no video codec or encoder named -i."),
        (wish("a b"), "This is not the name of a codec: 'a b'."),
        (wish(""), "This is not the name of a codec: ''."),
        (wish(audio=""), "This is not the name of a codec: ''."),
        (
            wish("h264_nvenc"),
            "The encoder h264_nvenc needs hardware that is not used here. Use h264 instead.",
        ),
        (wish("bmp"), "There is no container here that holds bmp."),
        (wish("flashsv2", "ac3"), "There is no container here that holds flashsv2 together with ac3."),
        (wish("libkvazaar"), "The ffmpeg that is installed here cannot encode with libkvazaar."),
        (wish("h264", "libfdk_aac"), "The ffmpeg that is installed here cannot encode with libfdk_aac."),
        (wish("h263", width=640, height=360), "h263 cannot encode pictures of 640 x 360 pixels."),
        (wish("dvvideo"), "dvvideo cannot encode pictures of 176 x 144 pixels."),
        (wish("mpeg1video", frame_rate=10), "mpeg1video cannot encode 10 frames a second."),
        (
            wish("mpeg1video", width=8192, height=8192),
            "mpeg1video cannot encode pictures of 8192 x 8192 pixels.",
        ),
        (wish("h263", width=8192, height=4096), "h263 cannot encode pictures of 8192 x 4096 pixels."),
        (wish("flashsv", width=8192, height=2048), "flashsv cannot encode pictures of 8192 x 2048 pixels."),
    ],
)
async def test_refusals_say_why(tools: Tools, tmp_path: Path, request_: TryEncoding, reason: str) -> None:
    assert await refusal(tools, tmp_path, request_) == reason


@pytest.mark.parametrize("size", [(16, 16), (8192, 16), (16, 8192), (8192, 4096)])
async def test_sizes_at_the_edges(tools: Tools, tmp_path: Path, size: tuple[int, int]) -> None:
    request = wish("h264", "aac", width=size[0], height=size[1], frame_rate=120)
    assert (await try_encoding(tools, request, scratch=tmp_path)).video_family == "h264"


@pytest.mark.parametrize(
    ("extension", "rate"),
    [("mkv", 59), *[(name, rate) for name in ("mkv", "avi", "wmv", "flv", "ts") for rate in (1, 120)]],
)
async def test_any_rate_will_do(tools: Tools, tmp_path: Path, extension: str, rate: int) -> None:
    encoder = BY_EXTENSION[extension].video_encoder
    request = wish(encoder, frame_rate=rate, container=extension)
    assert (await try_encoding(tools, request, scratch=tmp_path)).container == extension


async def test_a_trial_that_takes_too_long_may_be_asked_again(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_module, "TIME_LIMIT", 0.0)
    with pytest.raises(UnavailableError, match="took too long"):
        await try_encoding(tools, wish(), scratch=tmp_path)
    assert list(tmp_path.iterdir()) == []


class Counted:
    """Stands in for `try_encoding`: counts what really runs, and how much at once."""

    def __init__(self) -> None:
        self.asked: list[TryEncoding] = []
        self.running = self.most = 0
        self.go = anyio.Event()

    async def __call__(self, tools: Tools, request: TryEncoding, *, scratch: Path) -> EncodingTrial:
        self.asked.append(request)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.go.wait()
        finally:
            self.running -= 1
        if request.video_codec == "bad":
            raise InvalidInputError("bad is no codec")
        return EncodingTrial(
            video_encoder=request.video_codec, video_family="h264", audio_encoder=None, audio_family=None,
            container="mp4",
        )  # fmt: skip


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    stand_in = Counted()
    monkeypatch.setattr(trial_module, "try_encoding", stand_in)
    return stand_in


async def test_equal_requests_are_one_trial(tools: Tools, tmp_path: Path, counted: Counted) -> None:
    trials, answers = Trials(tools, tmp_path), []

    async def ask(request: TryEncoding) -> None:
        answers.append(await trials(request))

    async with anyio.create_task_group() as group:
        for name in ("one", "ONE", "one", "other"):
            group.start_soon(ask, wish(name))
        await anyio.wait_all_tasks_blocked()
        counted.go.set()
    assert [each.video_codec for each in counted.asked] == ["one", "other"]
    assert (len(answers), counted.most) == (4, 1)
    await ask(wish("One"))
    assert len(counted.asked) == 2


async def test_few_wait_and_small_ones_not_for_large_ones(
    tools: Tools, tmp_path: Path, counted: Counted
) -> None:
    trials = Trials(tools, tmp_path, waiting=1)
    large = [wish(f"large{number}", width=8192, height=8192) for number in range(3)]
    async with anyio.create_task_group() as group:
        for request in large[:2]:
            group.start_soon(trials, request)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(UnavailableError):
            await trials(large[2])
        group.start_soon(trials, wish("small"))
        await anyio.wait_all_tasks_blocked()
        assert [each.video_codec for each in counted.asked] == ["large0", "small"]
        counted.go.set()


async def test_refusals_are_remembered(tools: Tools, tmp_path: Path, counted: Counted) -> None:
    trials = Trials(tools, tmp_path)
    counted.go.set()
    for _ in range(2):
        with pytest.raises(InvalidInputError, match="bad is no codec"):
            await trials(wish("bad"))
    assert len(counted.asked) == 1


async def test_memory_is_bounded(tools: Tools, tmp_path: Path, counted: Counted) -> None:
    trials = Trials(tools, tmp_path, remembered=2)
    counted.go.set()
    for name in ("one", "two", "one", "three", "one", "two"):
        await trials(wish(name))
    assert [each.video_codec for each in counted.asked] == ["one", "two", "three", "two"]


async def test_who_gives_up_does_not_take_the_others_along(
    tools: Tools, tmp_path: Path, counted: Counted
) -> None:
    trials, answers = Trials(tools, tmp_path), []

    async def ask() -> None:
        answers.append(await trials(wish("one")))

    async with anyio.create_task_group() as outer:
        async with anyio.create_task_group() as first:
            first.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            outer.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            first.cancel_scope.cancel()
        counted.go.set()
    assert len(answers) == 1
    assert len(counted.asked) == 2
