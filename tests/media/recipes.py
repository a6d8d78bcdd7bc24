"""How each clip of the corpus is made: ffmpeg's arguments, or a function where bytes have to be bent."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

Make = Callable[[Path, Callable[[str], Path]], None]
"""Writes a clip to the path; may ask for another clip of the corpus by its name."""

SIZE, RATE, SECONDS = (160, 120), 25, 1.0
PATCHES = (("red", 0, 0), ("lime", 120, 0), ("blue", 0, 90), ("white", 120, 90))
BOXES = ",".join(f"drawbox=x={x}:y={y}:w=40:h=30:color={colour}:t=fill" for colour, x, y in PATCHES)
PICTURE = f"testsrc2=s=160x120:r=25:d=1,{BOXES}"
H264 = "-c:v libx264 -preset ultrafast -g 12 -bf 2 -pix_fmt yuv420p"
X265 = "-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params log-level=none -tag:v hvc1"
BT709 = "-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv"
BT2020 = "-color_primaries bt2020 -colorspace bt2020nc -color_range tv"
TAGGED = "setparams=color_primaries=bt2020:colorspace=bt2020nc:range=tv:color_trc="
SRT = "1\n00:00:00,100 --> 00:00:00,800\nHello, world\n"
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n"


def ffmpeg(*args: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *args], check=True, timeout=60)


def lavfi(graph: str = PICTURE, sound: str | None = "sine=440:d=1:r=48000", then: str = "") -> Make:
    """A clip of `graph` and `sound` with the output options `then`."""

    def make(path: Path, of: Callable[[str], Path]) -> None:
        inputs = ["-f", "lavfi", "-i", graph]
        inputs += ["-f", "lavfi", "-i", sound] if sound else []
        ffmpeg(*inputs, *then.split(), str(path))

    return make


def derived(name: str, before: str = "", then: str = "-c copy") -> Make:
    """A clip made from the clip `name`."""

    def make(path: Path, of: Callable[[str], Path]) -> None:
        ffmpeg(*before.split(), "-i", str(of(name)), *then.split(), str(path))

    return make


def cut(name: str, *, head: float = 0.0, tail: float) -> Make:
    """The bytes of the clip `name` from the share `head` to the share `tail`."""

    def make(path: Path, of: Callable[[str], Path]) -> None:
        data = of(name).read_bytes()
        path.write_bytes(data[int(len(data) * head) // 188 * 188 : int(len(data) * tail)])

    return make


def text(content: str) -> Make:
    def make(path: Path, of: Callable[[str], Path]) -> None:
        path.write_text(content)

    return make


def playlist(content: str) -> Make:
    """A playlist that refers to the clip `plain`, which a careless reader would open."""

    def make(path: Path, of: Callable[[str], Path]) -> None:
        path.write_text(content.format(url=of("plain")))

    return make


def subtitled(codec: str, *languages: str) -> Make:
    def make(path: Path, of: Callable[[str], Path]) -> None:
        lines = path.with_suffix(".srt")
        lines.write_text(SRT)
        inputs = [arg for _ in languages for arg in ("-i", str(lines))]
        maps = [arg for i, _ in enumerate(languages) for arg in ("-map", str(i + 1))]
        tags = [a for i, lang in enumerate(languages) for a in (f"-metadata:s:s:{i}", f"language={lang}")]
        ffmpeg(
            "-i", str(of("plain")), *inputs, "-map", "0", *maps, "-c", "copy", "-c:s", codec, *tags, str(path)
        )

    return make


def with_cover(path: Path, of: Callable[[str], Path]) -> None:
    cover = path.with_suffix(".jpg")
    ffmpeg("-f", "lavfi", "-i", "color=orange:s=64x64", "-frames:v", "1", str(cover))
    maps = ["-map", "0", "-map", "1", "-c", "copy", "-disposition:v:1", "attached_pic"]
    ffmpeg("-i", str(of("plain")), "-i", str(cover), *maps, str(path))


def bitmap_subtitles(path: Path, of: Callable[[str], Path]) -> None:
    """PGS segments (`PG`, pts, dts, type, size) of an empty composition: enough to be carried along."""
    composition = struct.pack(">HHBHBBBB", 160, 120, 0x10, 0, 0x80, 0, 0, 0)
    segments = b""
    for pts in (9_000, 45_000):
        for kind, payload in ((0x16, composition), (0x80, b"")):
            segments += b"PG" + struct.pack(">IIBH", pts, 0, kind, len(payload)) + payload
    sup = path.with_suffix(".sup")
    sup.write_bytes(segments)
    ffmpeg(
        "-i", str(of("plain")), "-f", "sup", "-i", str(sup), "-map", "0", "-map", "1", "-c", "copy", str(path)
    )


def late_video(path: Path, of: Callable[[str], Path]) -> None:
    plain = str(of("plain"))
    ffmpeg(
        "-itsoffset",
        "0.4",
        "-i",
        plain,
        "-i",
        plain,
        *["-map", "0:v", "-map", "1:a", "-c", "copy"],
        str(path),
    )


def many_tracks(path: Path, of: Callable[[str], Path]) -> None:
    tones = [arg for tone in (440, 880, 220) for arg in ("-f", "lavfi", "-i", f"sine={tone}:d=1")]
    maps = [
        "-map",
        "0:v",
        "-map",
        "1",
        "-map",
        "2",
        "-map",
        "3",
        "-c:v",
        "copy",
        "-c:a",
        "aac",
        "-c:a:2",
        "ac3",
    ]
    tags = [
        "-metadata:s:a:0",
        "language=eng",
        "-metadata:s:a:1",
        "language=kor",
        "-metadata:s:a:2",
        "language=jpn",
    ]
    ffmpeg("-i", str(of("plain")), *tones, *maps, *tags, "-disposition:a:1", "default", str(path))


IRREGULAR = "testsrc2=s=160x120:r=50:d=1,select='not(mod(n,2))*lt(n,20)+not(mod(n,5))*gte(n,20)'"
INTERLACED = f"testsrc2=s=160x120:r=50:d=1,{BOXES},tinterlace=mode=interleave_top,setfield=tff"
SEE_THROUGH = "testsrc2=s=160x120:r=10:d=1:alpha=0"

RECIPES: dict[str, tuple[str, Make]] = {
    "plain": ("mp4", lavfi(then=f"{H264} {BT709} -c:a aac -movflags +faststart")),
    "no-audio": ("mp4", lavfi(sound=None, then=H264)),
    "audio-only": ("mp4", lavfi(then="-map 1:a -c:a aac")),
    "mp3": ("mp3", lavfi(then="-map 1:a")),
    "rotated-90": ("mp4", derived("plain", then="-c copy -metadata:s:v rotate=270")),
    "rotated-180": ("mp4", derived("plain", then="-c copy -metadata:s:v rotate=180")),
    "rotated-270": ("mov", derived("plain", then="-c copy -metadata:s:v rotate=90")),
    "vfr": ("mp4", lavfi(IRREGULAR, then=f"{H264} -fps_mode vfr -c:a aac")),
    "vfr-mkv": ("mkv", lavfi(IRREGULAR, then=f"{H264} -fps_mode vfr -c:a aac")),
    "ntsc-mkv": ("mkv", lavfi("testsrc2=s=160x120:r=30000/1001:d=2", then=f"{H264} -c:a aac")),
    "odd-h264": (
        "mp4",
        lavfi(
            "testsrc2=s=162x122:d=1,scale=161:121,setsar=1",
            then="-c:v libx264 -preset ultrafast -pix_fmt yuv444p",
        ),
    ),
    "odd-vp9": (
        "webm",
        lavfi(
            "testsrc2=s=162x122:d=1,scale=161:121,setsar=1",
            then="-c:v libvpx-vp9 -deadline realtime -cpu-used 8",
        ),
    ),
    "odd-ffv1": (
        "avi",
        lavfi("testsrc2=s=162x120:d=1,scale=161:120,setsar=1", then="-c:v ffv1 -pix_fmt yuv420p"),
    ),
    "ten-bit": ("mp4", lavfi(then=f"{X265} {BT709} -c:a aac")),
    "hdr10": (
        "mp4",
        lavfi(f"{PICTURE},{TAGGED}smpte2084", then=f"{X265} {BT2020} -color_trc smpte2084 -c:a aac"),
    ),
    "hlg": ("mkv", lavfi(f"{PICTURE},{TAGGED}arib-std-b67", then=f"{X265} {BT2020} -color_trc arib-std-b67")),
    "interlaced": ("mp4", lavfi(INTERLACED, then=f"{H264} -flags +ilme+ildct -x264-params tff=1 -c:a aac")),
    "interlaced-ts": ("ts", lavfi(INTERLACED, then=f"{H264} -flags +ilme+ildct -x264-params tff=1 -c:a aac")),
    "interlaced-mpeg2": ("ts", lavfi(INTERLACED, then="-c:v mpeg2video -q:v 3 -flags +ilme+ildct -c:a mp2")),
    "many-tracks": ("mp4", many_tracks),
    "many-tracks-mkv": ("mkv", derived("many-tracks", then="-map 0 -c copy")),
    "subtitles": ("mp4", subtitled("mov_text", "eng", "kor")),
    "subtitles-mkv": ("mkv", subtitled("srt", "eng", "fre")),
    "subtitles-bitmap": ("mkv", bitmap_subtitles),
    "cover": ("mp4", with_cover),
    "gif": ("gif", lavfi(SEE_THROUGH, sound=None, then="-f gif")),
    "alpha-vp9": ("webm", lavfi(SEE_THROUGH, None, "-c:v libvpx-vp9 -pix_fmt yuva420p -deadline realtime")),
    "edit-list": ("mp4", derived("plain", before="-ss 0.3")),
    "late-video": ("mp4", late_video),
    "pcm": ("mov", lavfi(then=f"{H264} -c:a pcm_s24le")),
    "surround-mkv": (
        "mkv",
        lavfi(
            sound="anoisesrc=d=1:r=48000,aformat=channel_layouts=5.1(side)",
            then=f"{H264} -af aformat=channel_layouts=5.1(side) -c:a flac",
        ),
    ),
    "vp9": (
        "webm",
        lavfi(then="-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -auto-alt-ref 1 -c:a libopus"),
    ),
    "vp8": (
        "webm",
        lavfi(then="-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16 -arnr-maxframes 7 -c:a libvorbis"),
    ),
    "packed": ("avi", lavfi(then="-c:v libxvid -bf 2 -q:v 3 -c:a libmp3lame")),
    "mjpeg": ("avi", lavfi(then="-c:v mjpeg -q:v 3 -pix_fmt yuvj420p -c:a pcm_s16le")),
    "flv": ("flv", lavfi(then=f"{H264} -ar 44100 -c:a aac")),
    "wmv": ("wmv", lavfi(then="-c:v wmv2 -q:v 3 -c:a wmav2")),
    "3gp": ("3gp", lavfi("testsrc2=s=176x144:d=1", "sine=d=1:r=8000", "-c:v h263 -c:a aac")),
    "ogg": ("ogv", lavfi(then="-c:v libtheora -q:v 6 -c:a libvorbis")),
    "ts": ("ts", lavfi(then=f"{H264} -c:a aac")),
    "one-frame": ("mp4", lavfi(sound=None, then=f"{H264} -frames:v 1")),
    "anamorphic": ("mp4", lavfi(f"{PICTURE},setsar=4/3", then=f"{H264} -c:a aac")),
    "full-range": (
        "mp4",
        lavfi(
            f"{PICTURE},scale=out_range=pc,format=yuvj420p",
            then=f"{H264.replace('yuv420p', 'yuvj420p')} -color_range pc -c:a aac",
        ),
    ),
    "dark": ("mp4", lavfi("color=0x0a0a0a:s=160x120:d=1,noise=alls=4:allf=t", then=H264)),
    "cut-mp4": ("mp4", cut("plain", tail=0.7)),
    "cut-mkv": ("mkv", cut("ntsc-mkv", tail=0.6)),
    "cut-ts": ("ts", cut("ts", tail=0.7)),
    "headless-ts": ("ts", cut("ts", head=0.3, tail=1.0)),
    "no-index": ("mp4", cut("no-audio", tail=0.5)),
    "empty": ("mp4", text("")),
    "text": ("mp4", text("This is not a video.\n" * 100)),
    "hls": ("mp4", playlist(PLAYLIST)),
    "concat": ("mp4", playlist("ffconcat version 1.0\nfile '{url}'\n")),
    "sdp": ("mp4", text("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n")),
    "picture": ("mp4", lavfi(sound=None, then="-frames:v 1 -c:v png -f image2")),
}
