"""The Motion Photo family as web pages use it: the fetch of Node, and a <video> in Chromium."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.integration.motion import Json, Studio
from tests.integration.pages import Site
from tests.integration.photos import look
from tests.media.numbered import numbered
from tests.stack.harness import Stack

SCRIPT = Path(__file__).with_name("motion_client.mjs")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PAGE = """
<!doctype html>
<video crossorigin="anonymous" muted playsinline preload="auto" src="PREVIEW"></video>
"""
LOADED = """video => new Promise((resolve, reject) => {
  video.onerror = () => reject(new Error(video.error.message));
  const loaded = () => resolve([video.duration, video.videoWidth, video.videoHeight]);
  if (video.readyState >= 2) loaded(); else video.onloadeddata = loaded;
})"""
SEEK = """(video, time) => new Promise((resolve, reject) => {
  video.onerror = () => reject(new Error(video.error.message));
  video.onseeked = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const pen = canvas.getContext("2d");
    pen.drawImage(video, 0, 0);
    const bits = [];
    for (let x = 8; x < canvas.width; x += 16) bits.push(pen.getImageData(x, 8, 1, 1).data[0] > 128);
    const number = bits.reduce((sum, bit, place) => sum + bit * 2 ** place, 0);
    resolve([video.currentTime, video.readyState, number]);
  };
  video.currentTime = time;
})"""
PLAY = """video => new Promise((resolve, reject) => {
  video.onended = () => resolve([video.currentTime, video.getVideoPlaybackQuality().totalVideoFrames]);
  video.playbackRate = 4;
  video.play().catch(reject);
})"""
FETCHED = """async url => {
  const asked = { method: "POST", credentials: "include", headers: { "Content-Type": "application/json" } };
  const answer = await fetch(url, { ...asked, body: JSON.stringify({ session_id: "abc123" }) });
  return [answer.status, (await answer.json()).error_code];
}"""


def node() -> str:
    """Node 20 or newer: the machine's, or else the one that playwright brings along."""
    if found := shutil.which("node"):
        version = subprocess.run([found, "--version"], capture_output=True, check=True, text=True).stdout
        if int(version.lstrip("v").split(".")[0]) >= 20:
            return found
    spec = importlib.util.find_spec("playwright")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "driver" / "node")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds that say their frame numbers, 25 a second."""
    return numbered(tmp_path_factory.mktemp("motion-browser") / "video.mp4", 100)


@pytest.fixture(scope="module")
def prepared(stack: Stack, clip: Path) -> Iterator[Json]:
    studio = Studio(stack)
    found = studio.prepare(clip)
    yield found
    studio.cleanup(found["session_id"])


@pytest.fixture
def page(site: Site, prepared: Json) -> Iterator[Page]:
    """A page of another origin that shows the preview."""
    site.pages["/player"] = PAGE.replace("PREVIEW", prepared["preview_url"])
    chromium = shutil.which(os.environ.get("REELBUS_CHROMIUM", "chromium"))
    assert chromium is not None, "there is no Chromium: make setup-tests"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            page = browser.new_page()
            page.goto(f"{site.origin}/player")
            yield page
        finally:
            browser.close()


def test_the_flow_with_fetch(stack: Stack, clip: Path, tmp_path: Path) -> None:
    command = [node(), str(SCRIPT), stack.url, str(clip), str(tmp_path / "photo.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    size = seen["size"]
    assert seen["health"] == 200
    assert seen["prepared"]["duration"] == pytest.approx(4.0, abs=0.05)
    assert seen["range"] == [206, 100, f"bytes 0-99/{size}"]
    photo = (tmp_path / "photo.jpg").read_bytes()
    assert seen["photo"] == ["image/jpeg", len(photo), True]
    assert look(photo, tmp_path).photo.presentation_us == 500_000
    assert seen["thumbnail"][0] == "image/jpeg"
    assert seen["thumbnail"][1] > 500
    assert seen["cleaned"] == {"message": "清理成功"}
    assert seen["gone"] == [404, "INVALID_SESSION"]


def test_a_page_plays_the_preview_and_seeks_in_it(page: Page, stack: Stack) -> None:
    """The frames that it draws say which they are: 25 of the source in 30 of the preview."""
    video = page.locator("video")
    duration, width, height = video.evaluate(LOADED)
    assert duration == pytest.approx(4.0, abs=0.1)
    assert (width, height) == (192, 96)
    for time, frame in ((3.02, 75), (0.5, 12), (1.98, 49), (3.5, 87), (0.0, 0)):
        at, state, shown = video.evaluate(SEEK, time)
        assert at == pytest.approx(time, abs=0.01)
        assert state >= 2
        assert shown == pytest.approx(frame, abs=1)
    end, played = video.evaluate(PLAY)
    assert end == pytest.approx(duration, abs=0.05)
    assert played > 20
    assert page.evaluate(FETCHED, f"{stack.url}/cleanup") == [404, "INVALID_SESSION"]
