"""`reelbus demo`, as `make demo` runs it, on a real stack in a directory of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from libs.media.motionphoto import read
from reelbus.demo.clips import bunny

pytestmark = pytest.mark.timeout(180)


def run(cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("REELBUS_")}
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-m", "reelbus", "demo", *options],
        cwd=cwd,
        env={**clean, "PYTHONPATH": root, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


def probe(path: Path, *options: str) -> Any:
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", *options, str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that a demo leaves behind, and what it printed."""
    cwd = tmp_path_factory.mktemp("demo")
    done = run(cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return cwd / "demo-output", done.stdout


def test_it_shows_both_processes_in_plain_lines(outcome: tuple[Path, str]) -> None:
    _, printed = outcome
    assert "\x1b" not in printed
    assert "\r" not in printed
    for name in ("video enhancement", "metadata extraction"):
        assert re.search(rf"{name} +100 %  completed", printed)
    assert re.search(r"video enhancement +\d+ %  processing", printed)
    assert "a noisy, dull copy of Big Buck Bunny" in printed
    assert re.search(r"Done in \d+ s", printed)


def test_the_picture_has_something_to_see_on_both_sides(outcome: tuple[Path, str]) -> None:
    folder, _ = outcome
    with Image.open(folder / "before-after.png") as opened:
        pixels = np.asarray(opened.convert("L"), dtype=float)
    height, width = pixels.shape
    assert width >= 1200
    assert height >= 1200
    middle = slice(height // 8, height // 4)
    before, after = pixels[middle, 20 : width // 2 - 20], pixels[middle, width // 2 + 20 : width - 20]
    assert before.std() > 10
    assert after.std() > before.std() * 1.2, "the enhanced side has no more contrast"


def test_the_enhanced_video_decodes_and_lasts_as_long(outcome: tuple[Path, str]) -> None:
    folder, _ = outcome
    counting = ("-count_frames", "-select_streams", "v:0")
    before, after = (probe(folder / name, *counting) for name in ("uploaded.mp4", "enhanced.mp4"))
    assert after["streams"][0]["nb_read_frames"] == before["streams"][0]["nb_read_frames"] == "132"
    assert float(after["format"]["duration"]) == pytest.approx(float(before["format"]["duration"]), abs=0.1)
    assert _sound(probe(folder / "enhanced.mp4")["streams"]) == _sound(probe(bunny())["streams"])


def test_the_printed_likeness_to_the_original_rises(outcome: tuple[Path, str]) -> None:
    _, printed = outcome
    found = re.search(r"\(SSIM\): ([0-9.]+) uploaded, ([0-9.]+) enhanced", printed)
    assert found
    assert 0 < float(found[1]) < float(found[2]) <= 1


def test_the_metadata_says_what_ffprobe_says(outcome: tuple[Path, str]) -> None:
    folder, printed = outcome
    metadata = json.loads((folder / "metadata.json").read_text())
    found = probe(folder / "uploaded.mp4")
    video = next(stream for stream in found["streams"] if stream["codec_type"] == "video")
    assert metadata["resolution"] == {"width": video["width"], "height": video["height"]}
    assert metadata["frame_count"] == int(video["nb_frames"])
    assert metadata["fps"] == pytest.approx(25.0)
    assert metadata["duration_seconds"] == round(float(found["format"]["duration"]))
    assert metadata["file_size_bytes"] == (folder / "uploaded.mp4").stat().st_size
    assert metadata["bit_rate"] == found["format"]["bit_rate"]
    assert f"{video['width']} x {video['height']}" in printed


def test_the_edits_are_exact(outcome: tuple[Path, str]) -> None:
    """0.3 to 0.8 of 132 frames at 25 a second; most are copied, few encoded."""
    folder, printed = outcome
    counting = ("-count_frames", "-select_streams", "v:0")
    trimmed = probe(folder / "trimmed.mp4", *counting)["streams"][0]
    found = re.search(r"(\d+) pictures copied, (\d+) at the cuts encoded", printed)
    assert found
    copied, encoded = map(int, found.groups())
    assert copied > encoded
    assert int(trimmed["nb_read_frames"]) == copied + encoded == 66
    streams = probe(folder / "encoded.mp4")["streams"]
    video = next(stream for stream in streams if stream["codec_type"] == "video")
    assert (video["codec_name"], video["width"], video["height"]) == ("hevc", 640, 360)


def test_the_motion_photo_is_one(outcome: tuple[Path, str]) -> None:
    """Half a second on each side of the middle, twice as slow."""
    folder, printed = outcome
    photo = read((folder / "photo.MP.jpg").read_bytes())
    assert (photo.width, photo.height) == (1280, 720)
    assert photo.presentation_us == pytest.approx(1_056_000, abs=20_000)
    assert re.search(
        r"a Motion Photo, 1280x720: .* at half speed .*, the picture 1\.0[0-9] s into it", printed
    )
    (folder / "tail.mp4").write_bytes(photo.video)
    assert float(probe(folder / "tail.mp4")["format"]["duration"]) == pytest.approx(2.11, abs=0.1)


def test_its_stack_is_stopped(outcome: tuple[Path, str]) -> None:
    folder, _ = outcome
    state = json.loads((folder.parent / ".reelbus" / "demo" / "state.json").read_text())
    assert state["phase"] == "stopped"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--url", "http://127.0.0.1:9", "--clean"), "No Reelbus answers at http://127.0.0.1:9"),
        (("--clip", __file__), "cannot be read as a video"),
    ],
)
def test_a_failure_ends_in_plain_words(tmp_path: Path, options: Sequence[str], words: str) -> None:
    done = run(tmp_path, *options)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def _sound(streams: list[dict[str, Any]]) -> list[str]:
    return [stream["codec_name"] for stream in streams if stream["codec_type"] == "audio"]
