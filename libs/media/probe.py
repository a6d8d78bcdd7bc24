"""What is in a media file, by ffprobe. Parsing is pure; only `probe` and `check_decodes` run anything."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from libs.contracts.errors import MediaError
from libs.contracts.media import AudioStream, MediaInfo, SubtitleStream, VideoStream
from libs.media.bounds import MAX_TRACKS, bounded, check_frames, check_size
from libs.media.inputs import PICTURES, input_args
from libs.media.orientation import orientation, packets, turned
from libs.media.reasons import NOT_A_VIDEO, no_video
from libs.media.runner import run_ffprobe, stream
from libs.media.tools import Tools

Raw = dict[str, Any]

TEXT_SUBTITLES = {"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "microdvd", "sami",
                  "subviewer", "subviewer1",
                  "stl", "realtext", "jacosub", "mpl2", "pjs", "vplayer", "ttml"}  # fmt: skip
ALPHA = re.compile(r"^(yuva|gbrap|rgba|bgra|argb|abgr|ya8|ya16|pal8)")
DEPTH = re.compile(r"(?:p|gray|gbrp|gbrap|ya|p0|xyz)(9|10|12|14|16)(?:le|be)?$")
DEEP_PACKED = {"rgb48": 16, "bgr48": 16, "rgba64": 16, "bgra64": 16, "x2rgb10": 10, "x2bgr10": 10,
               "y210": 10, "xv30": 10, "v30x": 10}  # fmt: skip
MIRRORED_FIELDS = ("tt", "bb", "tb", "bt")
CFR_TOLERANCE = 0.01

_MAX = 2 << 20
"""Bytes of a probe: a file that says more about itself is no honest one."""
_MAX_LANGUAGE = 35
"""Characters of the longest sensible BCP 47 tag (RFC 5646, section 4.4.1)."""


@dataclass(frozen=True)
class Probed:
    """`raw` is ffprobe's `format` and `streams` without the file name."""

    info: MediaInfo
    raw: Raw


async def probe(target: str | Path, tools: Tools, *, size: int, time_limit: float = 60.0) -> Probed:
    """Probe `target`, whose size is `size` bytes.

    Raises `MediaError` in words for users when it holds neither video nor audio that ffmpeg knows, and
    whatever `runner.run_ffprobe` raises.
    """
    if size == 0:
        raise MediaError("The file is empty.")
    asked = ["-show_format", "-show_streams", "-of", "json"]
    output = await run_ffprobe(tools, [*asked, *input_args(target)], time_limit=time_limit, max_output=_MAX)
    try:
        raw: Raw = bounded(json.loads(output.decode("utf-8", "replace")))
    except ValueError as error:
        raise MediaError(NOT_A_VIDEO) from error
    raw.get("format", {}).pop("filename", None)
    info = parse_probe(raw, size)
    if info.picture is not None:
        seen = await orientation(target, info.picture, tools, time_limit=time_limit)
        info = msgspec.structs.replace(info, picture=turned(info.picture, seen))
    if info.video is not None and info.video.codec == "gif" and not info.video.declared_frames:
        count = await packets(target, tools, time_limit=time_limit)
        info = msgspec.structs.replace(info, video=msgspec.structs.replace(info.video, declared_frames=count))
    return Probed(info, raw)


async def check_decodes(
    target: str | Path, info: MediaInfo, tools: Tools, *, time_limit: float = 60.0
) -> None:
    """Decode the first frame of the main video; `MediaError` when none comes out of it."""
    if info.video is None:
        raise MediaError(no_video(info))
    mapped = ["-map", f"0:{info.video.index}", "-frames:v", "1", "-f", "framecrc", "pipe:1"]
    async with stream(tools, "ffmpeg", [*input_args(target), *mapped], time_limit=time_limit) as reader:
        frames = [line async for line in reader.lines() if line and not line.startswith("#")]
    if not frames:
        raise MediaError("Nothing in this video could be decoded.")


def parse_probe(raw: Raw, size: int) -> MediaInfo:
    """`MediaInfo` of ffprobe's `-show_format -show_streams` JSON; `MediaError` when there is no media."""
    container: Raw = raw.get("format", {})
    streams: list[Raw] = raw.get("streams", [])
    of_video, of_audio, of_subtitle = (
        [s for s in streams if s.get("codec_type") == kind] for kind in ("video", "audio", "subtitle")
    )
    pictures = [s for s in of_video if _is_picture(s)]
    videos = [s for s in of_video if not _is_picture(s) and s.get("width") and s.get("height")]
    audio = [_audio(s) for s in of_audio]
    if not videos and not audio:
        raise MediaError(NOT_A_VIDEO)
    main = max(videos, key=_prominence, default=None)
    formats = str(container.get("format_name", "")).split(",")
    still = any(name.endswith(PICTURES) for name in formats)
    if main:
        check_size(int(main["width"]), int(main["height"]))
        check_size(*_displayed(main))
        check_frames(_declared_frames(main))
    return MediaInfo(
        formats=formats,
        size=size,
        start=_float(container.get("start_time")),
        duration=_float(container.get("duration")),
        bit_rate=_int(container.get("bit_rate")),
        video=_video(main) if main and not still else None,
        picture=_video(main) if main and still else None,
        extra_videos=max(len(videos) - 1, 0),
        pictures=len(pictures),
        audio=audio[:MAX_TRACKS],
        subtitles=[_subtitle(s) for s in of_subtitle[:MAX_TRACKS]],
    )


def bit_depth(pixel_format: str | None) -> int:
    """Bits per component of an ffmpeg pixel format name; 8 where the name says nothing."""
    name = (pixel_format or "").removesuffix("le").removesuffix("be")
    if name in DEEP_PACKED:
        return DEEP_PACKED[name]
    found = DEPTH.search(name)
    return int(found.group(1)) if found else 8


def _declared_frames(s: Raw) -> float:
    """How many frames the headers claim, one way or another."""
    rate = _ratio(s.get("avg_frame_rate")) or Fraction(0)
    return max(float(_int(s.get("nb_frames")) or 0), float(rate) * (_duration(s) or 0))


def _is_picture(s: Raw) -> bool:
    flags = s.get("disposition", {})
    return bool(flags.get("attached_pic") or flags.get("timed_thumbnails") or flags.get("still_image"))


def _prominence(s: Raw) -> tuple[bool, bool, int]:
    known = s.get("codec_name") not in (None, "unknown", "none")
    return known, bool(s.get("disposition", {}).get("default")), int(s["width"]) * int(s["height"])


def _video(s: Raw) -> VideoStream:
    width, height = int(s["width"]), int(s["height"])
    aspect, shown = _aspect(s), _displayed(s)
    pixel_format = s.get("pix_fmt")
    interlaced = s.get("field_order") in MIRRORED_FIELDS
    average, nominal = _ratio(s.get("avg_frame_rate")), _ratio(s.get("r_frame_rate"))
    return VideoStream(
        index=int(s["index"]),
        codec=str(s.get("codec_name", "unknown")),
        profile=s.get("profile"),
        width=width,
        height=height,
        display_width=shown[0],
        display_height=shown[1],
        frame_rate=_fraction(average or nominal),
        nominal_rate=_fraction(nominal or average),
        time_base=str(s.get("time_base", "1/90000")),
        pixel_format=pixel_format,
        bit_depth=bit_depth(pixel_format),
        rotation=_rotation(s),
        sample_aspect=f"{aspect.numerator}:{aspect.denominator}",
        interlaced=interlaced,
        variable_rate=_varies(average, nominal, interlaced),
        alpha=bool(ALPHA.match(pixel_format or "")) or _tag(s, "alpha_mode") == "1",
        color_primaries=_known(s.get("color_primaries")),
        color_transfer=_known(s.get("color_transfer")),
        color_space=_known(s.get("color_space")),
        color_range=_known(s.get("color_range")),
        start=_float(s.get("start_time")),
        duration=_duration(s),
        bit_rate=_int(s.get("bit_rate")) or _int(_tag(s, "bps")),
        declared_frames=_int(s.get("nb_frames")) or _int(_tag(s, "number_of_frames")),
    )


def _audio(s: Raw) -> AudioStream:
    return AudioStream(
        index=int(s["index"]),
        codec=str(s.get("codec_name", "unknown")),
        sample_rate=_int(s.get("sample_rate")) or 0,
        channels=_int(s.get("channels")) or 0,
        layout=s.get("channel_layout"),
        language=_language(s),
        bit_rate=_int(s.get("bit_rate")) or _int(_tag(s, "bps")),
        duration=_duration(s),
        default=bool(s.get("disposition", {}).get("default")),
    )


def _subtitle(s: Raw) -> SubtitleStream:
    codec = str(s.get("codec_name", "unknown"))
    return SubtitleStream(
        index=int(s["index"]), codec=codec, text=codec in TEXT_SUBTITLES, language=_language(s)
    )


def _aspect(s: Raw) -> Fraction:
    """Of a pixel."""
    return _ratio(s.get("sample_aspect_ratio")) or Fraction(1)


def _displayed(s: Raw) -> tuple[int, int]:
    """The size in square pixels, upright."""
    width, height = max(round(int(s["width"]) * _aspect(s)), 1), int(s["height"])
    return (height, width) if _rotation(s) in (90, 270) else (width, height)


def _rotation(s: Raw) -> int:
    """Clockwise quarter turns. ffprobe's `rotation` of a display matrix is counter-clockwise degrees."""
    for side in s.get("side_data_list", []):
        if "rotation" in side:
            return round(-float(side["rotation"]) / 90) * 90 % 360
    return round((_float(_tag(s, "rotate")) or 0) / 90) * 90 % 360


def _varies(average: Fraction | None, nominal: Fraction | None, interlaced: bool) -> bool:
    """Field-coded video has a nominal rate of twice its frames, which is still constant."""
    if not average or not nominal:
        return False
    ratio = float(nominal / average)
    multiples = (1.0, 2.0) if interlaced else (1.0,)
    return all(abs(ratio / multiple - 1) > CFR_TOLERANCE for multiple in multiples)


def _duration(s: Raw) -> float | None:
    """Seconds; Matroska keeps when a stream ends in a `DURATION` tag as `HH:MM:SS.fraction`."""
    if (seconds := _float(s.get("duration"))) is not None:
        return seconds
    parts = (_tag(s, "duration") or "").split(":")
    try:
        hours, minutes, rest = (float(part) for part in parts)
    except ValueError:
        return None
    end, start = _float(hours * 3600 + minutes * 60 + rest), _float(s.get("start_time")) or 0.0
    return end - start if end is not None and 0 < start < end else end


def _tag(s: Raw, name: str) -> str | None:
    """A tag in any case, with or without Matroska's language suffix (`BPS-eng`)."""
    for key, value in s.get("tags", {}).items():
        if key.lower().partition("-")[0] == name:
            return str(value)
    return None


def _language(s: Raw) -> str | None:
    language = _tag(s, "language")
    return None if language in (None, "", "und") else language[:_MAX_LANGUAGE]


def _known(value: str | None) -> str | None:
    return None if value in (None, "", "unknown", "unspecified", "reserved") else value


def _ratio(text: str | None) -> Fraction | None:
    """`30000/1001` or `4:3`; `None` for zero, nonsense and nothing."""
    try:
        value = Fraction((text or "").replace(":", "/"))
    except (ValueError, ZeroDivisionError):
        return None
    return value if value > 0 else None


def _fraction(value: Fraction | None) -> str:
    return f"{value.numerator}/{value.denominator}" if value else "0/1"


def _float(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None


def _int(value: object) -> int | None:
    number = _float(value)
    return None if number is None else int(number)
