"""Everything that the metadata of a video says, from one scan of its packets and a few of its frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from libs.contracts.errors import MediaError
from libs.contracts.media import MediaInfo, Metadata, VideoStream
from libs.media.probe import probe
from libs.media.reasons import no_video
from libs.media.tools import Tools
from services.analyze.colour import colour
from services.analyze.packets import Scan, average_rate, constant_rate, count_by_decoding, scan

SCANNED = 0.3
"""Share of the progress when the packets are read; the rest is colour."""

EARLY_END = 0.2
"""Seconds that a video may be shorter than declared before it is called cut."""

EARLY = "The file ends early: {:.1f} s are declared, {:.1f} s are there."


async def extract(
    target: str | Path,
    info: MediaInfo,
    tools: Tools,
    size: int,
    on_progress: Callable[[float], None],
    *,
    cwd: Path = Path("/"),
    time_limit: float = 3600.0,
) -> Metadata:
    """The metadata of the video at `target`, a path or URL of `size` bytes; `on_progress` gets 0…1.

    `time_limit` bounds each of the passes (seconds). Raises `MediaError` when there is no video or
    nothing in it decodes, and whatever `libs.media.runner` raises.
    """
    video = info.video
    if video is None:
        raise MediaError(no_video(info))
    probed = await probe(target, tools, size=size)
    found = await scan(target, info, video, tools, time_limit=time_limit)
    if found.count == 0:
        raise MediaError("Nothing in this video could be decoded.")
    on_progress(SCANNED)
    frames = found.count
    if not found.exact:
        frames = await count_by_decoding(target, video, tools, cwd=cwd, time_limit=time_limit)
    seen = await colour(
        target,
        video,
        found,
        tools,
        time_limit=time_limit,
        on_progress=lambda done: on_progress(SCANNED + (1 - SCANNED) * done),
    )
    duration, warnings = _duration(info, video, found)
    exact_rate = constant_rate(found, video)
    on_progress(1.0)
    return Metadata(
        format=info.formats[0] if len(info.formats) == 1 else ",".join(info.formats),
        width=video.display_width,
        height=video.display_height,
        fps=round(float(exact_rate) if exact_rate else average_rate(found, video), 3),
        frame_count=frames,
        duration=duration,
        size=size,
        bit_rate=info.bit_rate or (round(size * 8 / duration) if duration else 0),
        histograms=seen.histograms,
        average_color=seen.average,
        sampled_frames=seen.frames,
        key_frames=len(found.keys),
        variable_rate=exact_rate is None,
        rotation=video.rotation,
        hdr=video.hdr,
        interlaced=video.interlaced,
        ffprobe=probed.raw,
        warnings=warnings,
    )


def _duration(info: MediaInfo, video: VideoStream, found: Scan) -> tuple[float, list[str]]:
    """What the container declares, unless the video in it ends well before that."""
    declared = info.duration or video.duration
    if not declared:
        return found.span, []
    of_video = video.duration or declared
    if info.audio and video.duration is None:
        return declared, []
    if of_video - found.span > max(EARLY_END, of_video * 0.02):
        return found.span, [EARLY.format(of_video, found.span)]
    return declared, []
