"""Clips to be cut: everything in them moves, and their sound is never twice the same.

The picture scrolls, so that no frame resembles its neighbours; the sound is noise, so that a piece of it is
found again to the sample.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from reelbus.demo.clips import bunny
from tests.media.recipes import Make, derived, ffmpeg

SECONDS = 5
NOISE = "anoisesrc=d={seconds}:c=pink:r={hertz}:a=0.6:seed={seed},lowpass=f=5000"
AAC = "-c:a aac -b:a 128k -ac 2"
FAST = "-preset veryfast -crf 20 -pix_fmt yuv420p"


def clip(
    then: str,
    *,
    rate: str = "25",
    sounds: int = 1,
    hertz: int = 48000,
    seconds: float = SECONDS,
    pick: str = "1",
) -> Make:
    """`sounds` tracks; only the frames that `pick`, an ffmpeg expression, lets through."""

    def make(path: Path, of: Callable[[str], Path]) -> None:
        picture = f"testsrc2=s=192x108:r={rate}:d={seconds},scroll=h=0.013:v=0.007,select='{pick}'"
        inputs = ["-f", "lavfi", "-i", picture]
        for seed in range(sounds):
            inputs += ["-f", "lavfi", "-i", NOISE.format(seconds=seconds, hertz=hertz, seed=seed + 1)]
        maps = [argument for stream in range(sounds + 1) for argument in ("-map", str(stream))]
        ffmpeg(*inputs, *maps, *then.split(), str(path))

    return make


def x264(gop: int, *, b: int = 3, more: str = "", params: str = "b-pyramid=normal") -> str:
    """Key frames every `gop` frames and nowhere else."""
    grid = f"keyint={gop}:min-keyint={gop}:scenecut=0:ref=4:{params}"
    return f"-c:v libx264 {FAST} -bf {b} -x264-params {grid} {more}"


def x265(gop: int, *, open_gop: bool, more: str = "", params: str = "ref=3") -> str:
    grid = (
        f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop={int(open_gop)}:bframes=3:log-level=none:{params}"
    )
    return f"-c:v libx265 {FAST.replace('veryfast', 'superfast')} -x265-params {grid} -tag:v hvc1 {more}"


def real(path: Path, of: Callable[[str], Path]) -> None:
    shutil.copy(bunny(), path)


FRAGMENTS = "-c copy -movflags frag_keyframe+empty_moov+default_base_moof"
LANGUAGES = "-metadata:s:a:0 language=eng -metadata:s:a:1 language=kor"
BASELINE = x264(30, b=0, params="cabac=0:8x8dct=0", more="-profile:v baseline")
STRICT = x264(40, params="ref=5:b-pyramid=strict", more="-video_track_timescale 30000")
VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 30 -crf 30 -c:a libopus"
TEN_BIT = "-pix_fmt yuv420p10le"
IRREGULAR = "not(mod(n,2))*lt(mod(n,60),40)+not(mod(n,5))*gte(mod(n,60),40)"

CLIPS: dict[str, tuple[str, Make]] = {
    "closed": ("mp4", clip(f"{x264(50)} {AAC} -movflags +faststart")),
    "short-gop": ("mp4", clip(f"{x264(12, b=2)} -c:a aac -ac 1", rate="30", hertz=44100)),
    "no-b": ("mp4", clip(f"{x264(30, b=0)} {AAC}", rate="24")),
    "long-gop": ("mp4", clip(f"{x264(250)} {AAC}")),
    "open-gop": ("mp4", clip(f"{x264(24, params='open-gop=1:b-pyramid=normal')} {AAC}")),
    "hevc": ("mp4", clip(f"{x265(25, open_gop=False)} {AAC}")),
    "hevc-cra": ("mp4", clip(f"{x265(24, open_gop=True)} {AAC}")),
    "hevc10": ("mp4", clip(f"{x265(30, open_gop=False, more=TEN_BIT)} {AAC}", rate="30")),
    "hevc10-cra": ("mkv", clip(f"{x265(24, open_gop=True, more=TEN_BIT)} {AAC}", rate="24000/1001")),
    "edit-list": ("mp4", derived("closed", before="-ss 0.7")),
    "edit-list-cra": ("mp4", derived("hevc-cra", before="-ss 0.5")),
    "ts": ("ts", clip(f"{x264(40)} {AAC}")),
    "hevc-ts": ("ts", derived("hevc-cra", then="-c copy -bsf:v hevc_mp4toannexb")),
    "fragmented": ("mp4", derived("closed", then=FRAGMENTS)),
    "ntsc-mkv": ("mkv", clip(f"{x264(30)} {AAC}", rate="30000/1001")),
    "ntsc": ("mp4", clip(f"{x264(45)} {AAC}", rate="60000/1001", seconds=3)),
    "mkv": ("mkv", derived("closed")),
    "flv": ("flv", derived("closed")),
    "mov": ("mov", derived("closed")),
    "vfr": ("mp4", clip(f"{x264(20)} {AAC} -fps_mode vfr", rate="50", pick=IRREGULAR)),
    "vfr-mkv": ("mkv", derived("vfr")),
    "rotated": ("mp4", derived("closed", then="-c copy -metadata:s:v rotate=90")),
    "silent": ("mp4", derived("closed", then="-an -c copy")),
    "two-tracks": ("mp4", clip(f"{x264(25)} {AAC} {LANGUAGES}", sounds=2)),
    "ac3": ("mkv", clip(f"{x264(25)} -c:a ac3 -ac 2")),
    "opus": ("mkv", clip(f"{x264(25)} -c:a libopus -ac 2")),
    "pcm": ("mov", clip(f"{x264(25)} -c:a pcm_s16le -ac 2")),
    "one-frame": ("mp4", clip(f"{x264(25)} -frames:v 1 {AAC}", seconds=0.04)),
    "sparse-sets": ("mp4", clip(f"{BASELINE} {AAC}")),
    "rich-sets": ("mp4", clip(f"{STRICT} {AAC}")),
    "mjpeg": ("mov", clip("-c:v mjpeg -q:v 3 -pix_fmt yuvj420p -c:a pcm_s16le -ac 2", seconds=3)),
    "vp9": ("webm", clip(VP9, seconds=3)),
    "packed": ("avi", clip("-c:v libxvid -bf 2 -q:v 3 -g 25 -c:a libmp3lame -ac 2", seconds=3)),
    "bunny": ("mp4", real),
}  # fmt: skip
