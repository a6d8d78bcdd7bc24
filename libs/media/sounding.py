"""How long the sound of a file is, by decoding it: headers may be missing, wrong, or those of pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from libs.contracts.errors import MediaError
from libs.contracts.media import MediaInfo
from libs.media.inputs import input_args
from libs.media.progress import Progress
from libs.media.runner import run_ffmpeg
from libs.media.tools import Tools


async def sound_length(
    tools: Tools,
    source: Path,
    info: MediaInfo,
    *,
    cwd: Path,
    time_limit: float,
    on_progress: Callable[[float], None] = lambda _: None,
) -> float:
    """Seconds from the start of the local file `source` to the end of its first audio stream, of which `info`
    must have one: of what decodes. `on_progress` gets 0…1 as far as the headers say how much there is.

    Raises `MediaError` when nothing decodes, and as `run_ffmpeg`.
    """
    end = 0.0

    def report(progress: Progress) -> None:
        nonlocal end
        end = progress.out_time_s
        if info.duration:
            on_progress(end / info.duration)

    await run_ffmpeg(
        tools, measuring(source, info.audio[0].index), cwd=cwd, time_limit=time_limit, on_progress=report
    )
    if end <= 0:
        raise MediaError("Nothing of the sound in this file could be decoded.")
    return end


def measuring(source: Path, index: int) -> list[str]:
    """The argv that decodes stream `index` to nowhere."""
    return [*input_args(source), "-map", f"0:{index}", "-f", "null", "-"]
