"""The editing part of the demo: a queue of edits, executed as one job."""

import asyncio
from pathlib import Path
from typing import Any

from reelbus.demo.client import Client
from reelbus.demo.clips import duration
from reelbus.demo.errors import DemoError
from reelbus.demo.screen import Bars

NAME = "edit queue"
PAUSE = 0.2
EDITABLE = ("mp4", "avi", "mov", "mkv", "wmv", "flv", "mpeg", "3gp", "webm")
"""Extensions that the contract takes."""


async def edit(client: Client, clip: Path, output: Path, bars: Bars) -> dict[Path, str]:
    """Trim the clip and encode the part anew, in one queue; the results and how they were made. Raises
    `DemoError` when an edit fails."""
    if clip.suffix[1:].lower() not in EDITABLE:
        return {}
    start, end = (share * duration(clip) for share in (0.3, 0.8))
    video = await client.put_video(clip)
    times = {"trim_start": f"{start * 1000:.0f}", "trim_end": f"{end:.3f}s"}
    trimmed = await _queue(client, "trim", video_id=video, **times)
    encoded = await _queue(client, "encoding", video_id=trimmed, video_codec="hevc", resolution="640:360")
    execution = await _execute(client, bars)
    made = {}
    for job in execution["jobs"]:
        link = job["download_link"]
        name = {trimmed: "trimmed", encoded: "encoded"}[job["video_id"]]
        path = output / f"{name}.{link.rpartition('.')[2]}"
        await client.download(link, path, {})
        made[path] = _how(job, start, end)
    return made


async def _queue(client: Client, process: str, **body: Any) -> int:
    answer = await client.post(f"/video/process/{process}", {"request_code": client.client_id, **body})
    return int(answer["video_id"])


async def _execute(client: Client, bars: Bars) -> dict[str, Any]:
    """Start the queue and watch it."""
    accepted = await client.post(
        "/video/process/execute", {"request_code": client.client_id}, {"Prefer": "respond-async"}
    )
    while True:
        state = await client.get(accepted["links"]["execution"])
        bars.show(NAME, state["progress"], state["state"])
        if state["state"] == "completed":
            return state
        if state["state"] in ("failed", "cancelled"):
            raise DemoError(f"The edits failed: {state['error']}")
        await asyncio.sleep(PAUSE)


def _how(job: dict[str, Any], start: float, end: float) -> str:
    if job["operation"] == "encode":
        return "the same seconds as HEVC, 640x360, 30 fps, encoded once from the original"
    anew = f"{job['copied_packets']} pictures copied, {job['encoded_frames']} at the cuts encoded"
    return f"{start:.2f} s to {end:.2f} s, exact to the frame: {anew}"
