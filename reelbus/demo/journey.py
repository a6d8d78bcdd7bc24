"""The demo from start to end."""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libs.media.containers import BY_MUXER
from reelbus.demo import clips, facts, sheet
from reelbus.demo.client import Client, follow
from reelbus.demo.clips import Clip
from reelbus.demo.edit import edit
from reelbus.demo.errors import DemoError
from reelbus.demo.motion import make_photo
from reelbus.demo.screen import Bars, Screen
from reelbus.stack import control
from reelbus.stack.layout import Layout
from reelbus.stack.progress import Progress
from reelbus.stack.state import Phase

START_TIMEOUT = 120.0
NAMES = {"video_enhancement": "video enhancement", "metadata_extraction": "metadata extraction"}
EXTENSIONS = {container.content_type: container.extension for container in BY_MUXER.values()}


@dataclass(frozen=True)
class Wish:
    """What the user asked for."""

    data: Path
    url: str | None
    port: int
    clip: Path | None
    clean: bool
    output: Path
    keep: bool


@dataclass(frozen=True)
class Results:
    enhanced: Path
    metadata: Path
    picture: Path
    made: dict[Path, str]
    """What else, and how."""


def travel(wish: Wish, screen: Screen) -> None:
    """Do it all. Raises `StackError` in words for the user."""
    begun = time.monotonic()
    clips.require_ffmpeg()
    if wish.clip is not None:
        clips.duration(wish.clip)
    _make_folder(wish.output)
    with tempfile.TemporaryDirectory(prefix="reelbus-demo-") as scratch, ThreadPoolExecutor(1) as pool:
        choosing = pool.submit(_choose, wish, Path(scratch))  # while the stack starts
        with _reelbus(wish, screen) as url:
            clip = choosing.result()
            screen.say(f"\nUploading {clip.path.name}: {clip.what}.", style="bold")
            results = asyncio.run(_process(url, clip, wish.output, screen))
            _show(clip, results, screen)
    screen.say(f"\nDone in {time.monotonic() - begun:.0f} s.", style="bold")


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"Cannot write to {path}: {error.strerror}. Name another with --output.") from error


def _choose(wish: Wish, scratch: Path) -> Clip:
    if wish.clip is not None:
        return Clip(wish.clip, "your clip, as it is")
    if wish.clean:
        return Clip(clips.bunny(), "Big Buck Bunny, as it is")
    return clips.worn_copy(clips.bunny(), wish.output / "uploaded.mp4")


@contextmanager
def _reelbus(wish: Wish, screen: Screen) -> Iterator[str]:
    """The address of a Reelbus; one that was started here is stopped again."""
    if wish.url is not None:
        yield wish.url
        return
    layout = Layout.at(wish.data)
    running = control.current_state(layout)
    if running.phase is Phase.READY:
        screen.say(f"Using the Reelbus that runs at {running.public_url}.")
        yield running.public_url
        return
    screen.say("Starting Reelbus: message bus, database, object storage, services, gateway …", style="bold")
    ready = control.start_detached(
        layout,
        Progress(screen.say).show,
        host="127.0.0.1",
        port=wish.port,
        replicas=1,
        timeout=START_TIMEOUT,
    )
    try:
        yield ready.public_url
    except BaseException:
        control.stop(layout)
        raise
    if wish.keep:
        screen.say(f"\nReelbus still runs at {ready.public_url}. Stop it: reelbus down --data {layout.root}")
    else:
        control.stop(layout)
        screen.say("\nStopped Reelbus.")


async def _process(url: str, clip: Clip, output: Path, screen: Screen) -> Results:
    """Upload, watch, and fetch the results."""
    async with Client(url) as client:
        with screen.bars() as bars:
            async with client.channel() as channel:
                file_id = await client.upload(
                    clip.path, lambda sent, of: bars.show("upload", 100 * sent / of, f"{of / 1e6:.1f} MB")
                )
                await _watch(client, channel, file_id, bars)
            made = await edit(client, clip.path, output, bars)
            made |= await make_photo(client, clip.path, output, bars)
        unnamed = output / f"enhanced{clip.path.suffix}"
        enhanced = await client.download(f"/processed_videos/{file_id}", unnamed, EXTENSIONS)
        document, _ = await client.fetch(f"/processed_videos/metadata/{file_id}_metadata.json")
    metadata = output / "metadata.json"
    metadata.write_bytes(document)
    return Results(enhanced, metadata, output / "before-after.png", made)


async def _watch(client: Client, channel: Any, file_id: str, bars: Bars) -> None:
    """Show both processes until they have ended. Raises `DemoError` when one fails."""
    failures = []
    async for message in follow(client, channel, file_id):
        name = NAMES[message["process_type"]]
        bars.show(name, message["progress"], message["status"])
        if message["status"] == "failed":
            failures.append(f"The {name} failed: {message['error']}")
    if failures:
        raise DemoError(" ".join(failures))


def _show(clip: Clip, results: Results, screen: Screen) -> None:
    metadata: dict[str, Any] = json.loads(results.metadata.read_bytes())
    screen.say()
    screen.console.print(facts.table(metadata, colour=screen.lively))
    sheet.make(clip.path, results.enhanced, results.picture, f"{clip.path.name}: {clip.what}")
    if clip.original is not None:
        before, after = (clips.likeness(clip.original, path) for path in (clip.path, results.enhanced))
        screen.say(f"\nLikeness to the clean original (SSIM): {before:.3f} uploaded, {after:.3f} enhanced.")
    screen.say("\nLook at the result:", style="bold")
    for path, what in (
        (results.picture, "before and after, side by side"),
        (results.enhanced, "the enhanced video"),
        (results.metadata, "its metadata"),
        *results.made.items(),
        (clip.path, "what was uploaded"),
    ):
        screen.say(f"  {path!s:<32} {what}")
