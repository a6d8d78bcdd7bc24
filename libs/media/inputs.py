"""How hostile media is opened: by an allow-list of protocols and of container formats."""

from __future__ import annotations

from pathlib import Path

from libs.contracts.media import VideoStream

FORMATS = (
    "mov", "mp4", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "asf", "gif", "ogg",
    "yuv4mpegpipe", "h264", "hevc", "m4v", "ivf", "obu", "av1", "mxf", "gxf", "dv", "nut", "rm", "wtv",
    "wav", "w64", "mp3", "aac", "flac", "aiff", "ac3", "eac3", "dts", "amr", "caf",
    "png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe",
)  # fmt: skip
"""ffmpeg demuxers that read nothing but the bytes they are given. Playlists (hls, dash, concat, imf),
scripts (lavfi, sdp) and image sequences are left out because they open other files and hosts."""

LOCAL = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}
"""Options for a file on disk."""

PICTURES = "_pipe"
"""How the names of demuxers end that read one picture."""

ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""ffmpeg's own decoders of these show no transparency."""

READ_STALL_MICROSECONDS = 30_000_000


def is_url(target: str | Path) -> bool:
    """Whether `target` is read over HTTP; everything else is a path."""
    return isinstance(target, str) and target.startswith(("http://", "https://"))


def input_url(target: str | Path) -> str:
    """What follows `-i`. The `file:` prefix keeps a name with a colon from being read as a protocol."""
    return str(target) if is_url(target) else f"file:{Path(target).absolute()}"


def input_options(target: str | Path) -> dict[str, str | int]:
    """Options that must precede `-i target`. References inside MOV to other files stay off, which is
    the default of the demuxer (`enable_drefs`, `use_absolute_path`)."""
    options: dict[str, str | int] = {**LOCAL}
    if is_url(target):
        options |= {
            "protocol_whitelist": "http,https,tcp,tls",
            "rw_timeout": READ_STALL_MICROSECONDS,
            "reconnect": 1,
            "reconnect_on_network_error": 1,
            "reconnect_delay_max": 4,
        }
    return options


def transparent_decoder(video: VideoStream) -> dict[str, str]:
    """Options that must precede `-i` of a file where the transparency of `video` counts."""
    decoder = ALPHA_DECODERS.get(video.codec) if video.alpha else None
    return {"c:v": decoder} if decoder else {}


def input_args(target: str | Path) -> list[str]:
    """The argv that opens `target`, ending in `-i URL`."""
    options = [text for name, value in input_options(target).items() for text in (f"-{name}", str(value))]
    return [*options, "-i", input_url(target)]
