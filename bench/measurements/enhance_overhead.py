"""An enhancement job against the bare ffmpeg command that it comes down to."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from uuid import uuid4

from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from bench.bench import Bench, ratio
from bench.client import post_file
from bench.report import Figure, Result, Target
from bench.stack import Stack
from libs.chassis.bus import Bus
from libs.chassis.settings import BusSettings
from libs.chassis.storage import Storage
from libs.contracts.jobs import EnhanceSpec
from libs.contracts.media import PUBLIC_OWNER, Asset, ObjectRef
from libs.contracts.rpc import (
    BEGIN_UPLOAD,
    COMPLETE_UPLOAD,
    SUBMIT_JOBS,
    BeginUpload,
    CompleteUpload,
    Submission,
    SubmitJobs,
    UploadTicket,
)
from libs.media.command import compile as compile_graph
from libs.media.enhance import enhance_graph
from libs.media.probe import probe
from libs.media.tools import Tools

NAME = "enhance-overhead"
FAMILY = "enhancement"
LIMIT = 1800.0
BARE = ("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-v", "error")


@dataclass
class JobTimes:
    """Seconds from the submission to the message that work began, and to the one that it ended."""

    begun: float
    ended: float


@dataclass
class UploadTimes:
    """Seconds from the answer to the upload (and from its first byte) until both processes had ended."""

    from_answer: float
    from_first_byte: float


@dataclass
class Samples:
    """Seconds; `bare` is ffmpeg alone."""

    bare: list[float] = field(default_factory=list)
    jobs: list[JobTimes] = field(default_factory=list)
    uploads: list[UploadTimes] = field(default_factory=list)


def measure(bench: Bench) -> Result:
    source = bench.clips.looped(20 if bench.quick else 60)
    samples = Samples()
    for number in range(bench.rounds(3)):
        bench.say(f"round {number + 1}")
        for step in STEPS if number % 2 == 0 else reversed(STEPS):
            step(bench, source, samples)
    bare, jobs, uploads = samples.bare, samples.jobs, samples.uploads
    figures = [
        Figure("job alone / bare ffmpeg", ratio([j.ended for j in jobs], bare), "x", Target("<=", 1.05)),
        Figure("the same, the quickest of each", min(j.ended for j in jobs) / min(bare), "x"),
        Figure("submission to work under way", median(j.begun for j in jobs), "s"),
        Figure(
            "upload answered to both done / bare ffmpeg", ratio([u.from_answer for u in uploads], bare), "x"
        ),
        Figure(
            "first byte to both done / bare ffmpeg", ratio([u.from_first_byte for u in uploads], bare), "x"
        ),
    ]
    return Result(NAME, figures, asdict(samples))


def _bare(bench: Bench, source: Path, samples: Samples) -> None:
    clip = bench.clips.unique(source)
    size = clip.stat().st_size
    info = asyncio.run(probe(clip, Tools(), size=size)).info
    graph = enhance_graph(ObjectRef(key="clip", size=size, sha256="0" * 64), info, clip.name)
    target = bench.folder / f"bare.{graph.extension}"
    argv = [*BARE, *compile_graph(graph, {"clip": clip}, target)]
    begun = time.perf_counter()
    subprocess.run(argv, check=True)
    samples.bare.append(time.perf_counter() - begun)
    clip.unlink()


def _job(bench: Bench, source: Path, samples: Samples) -> None:
    samples.jobs.append(asyncio.run(_job_alone(bench.stack, bench.clips.unique(source))))


def _whole(bench: Bench, source: Path, samples: Samples) -> None:
    samples.uploads.append(asyncio.run(_upload(bench.stack, bench.clips.unique(source))))


STEPS = (_bare, _job, _bare, _whole)
"""One round; every second one runs backwards, so that a drift of the machine hits all alike."""


async def _job_alone(stack: Stack, clip: Path) -> JobTimes:
    """Submit nothing but the enhancement of an asset that is there already."""
    reach = stack.connection
    channel = f"bench-{uuid4().hex}"
    async with _client(stack) as (bus, storage), _socket(stack, channel) as socket:
        asset = await _store(bus, storage, clip)
        submission = Submission(key=f"bench/{asset.asset_id}", spec=EnhanceSpec(asset_id=asset.asset_id))
        request = SubmitJobs(owner=PUBLIC_OWNER, family=FAMILY, channel=channel, submissions=[submission])
        begun = time.perf_counter()
        await bus.call(SUBMIT_JOBS, request)
        under_way = None
        while True:
            message = await _next(socket)
            if message.get("status") == "processing" and under_way is None:
                under_way = time.perf_counter() - begun
            if message.get("status") == "completed":
                break
    assert under_way is not None, f"The results cache of {reach.public_url} answered."
    clip.unlink()
    return JobTimes(under_way, time.perf_counter() - begun)


async def _upload(stack: Stack, clip: Path) -> UploadTimes:
    """What a user sees: upload, both processes at the same time."""
    channel = f"bench-{uuid4().hex}"
    async with _socket(stack, channel) as socket:
        posted = await asyncio.to_thread(post_file, stack.public_port, clip, channel)
        answered = time.perf_counter()
        left = 2
        while left:
            left -= (await _next(socket)).get("status") == "completed"
        seconds = time.perf_counter() - answered
    clip.unlink()
    return UploadTimes(seconds, seconds + posted.seconds)


@asynccontextmanager
async def _client(stack: Stack) -> AsyncIterator[tuple[Bus, Storage]]:
    reach = stack.connection
    bus = Bus("bench", BusSettings(nats_url=SecretStr(reach.nats_url)))
    await bus.connect()
    storage = reach.storage()
    try:
        yield bus, storage
    finally:
        storage.close()
        await bus.stop()


async def _store(bus: Bus, storage: Storage, clip: Path) -> Asset:
    begin = BeginUpload(owner=PUBLIC_OWNER, name=clip.name, declared_type="video/mp4")
    ticket: UploadTicket = await bus.call(BEGIN_UPLOAD, begin)
    stored = await storage.put_file(ticket.key, clip, "video/mp4")
    complete = CompleteUpload(asset_id=ticket.asset_id, size=stored.size, sha256=stored.sha256, family=FAMILY)
    asset: Asset = await bus.call(COMPLETE_UPLOAD, complete)
    return asset


@asynccontextmanager
async def _socket(stack: Stack, channel: str) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://127.0.0.1:{stack.public_port}/ws/{channel}", proxy=None) as socket:
        await socket.recv()
        yield socket


async def _next(socket: ClientConnection) -> dict[str, str]:
    async with asyncio.timeout(LIMIT):
        message: dict[str, str] = json.loads(await socket.recv())
    if message.get("status") == "failed":
        raise RuntimeError(f"The job failed: {message}")
    return message
