"""The main jobs, as users of the API have them done, and a look at what comes back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from deploy.images.names import ROOT, ImageError
from deploy.images.shelf import Shelf

API = "/api/v1"
PATIENCE = 240.0
SPEECH = Path("/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0880.wav")
"""From Debian's pocketsphinx-testdata: a LibriVox reader says a sentence."""
SAID = {"he", "not", "young", "man"}
"""Words of it that any model of speech hears."""
BRIGHT = 150
"""Of 16…235: letters of captions on black."""
SIZE = (320, 180)


def enhancement(url: str, output: Path) -> None:
    """The demo as it is: uploads a clip, has it enhanced and described, edits it, makes a Motion Photo."""
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "reelbus", "demo", "--url", url, "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise ImageError(f"The demo failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    before, after = probe(output / "uploaded.mp4"), probe(output / "enhanced.mp4")
    if abs(before["length"] - after["length"]) > 0.1 or before["size"] != after["size"]:
        raise ImageError(f"The enhanced video is {after}, the uploaded one {before}.")
    for name in ("metadata.json", "trimmed.mp4", "encoded.mp4", "photo.MP.jpg", "before-after.png"):
        if not (output / name).is_file() or not (output / name).stat().st_size:
            raise ImageError(f"The demo made no {name}.")


def movie(url: str, shelf: Shelf, key: str, output: Path) -> None:
    """A black movie whose sound is speech: the captions on it say what is said."""
    with httpx.Client(
        base_url=url, timeout=60, trust_env=False, headers={"Authorization": f"Bearer {key}"}
    ) as http:
        http.headers["X-CSRF-Token"] = _data(http.get(f"{API}/csrf-token"))["csrf_token"]
        job_id = _data(http.post(f"{API}/generate-video", json=_wish(shelf.put(SPEECH))))["job_id"]
        video_id = _made(http, job_id)
        words = http.get(f"{API}/videos/{video_id}/subtitles.srt").text
        path = output / "movie.mp4"
        path.write_bytes(http.get(f"{API}/videos/{video_id}/download").content)
    if not set(words.lower().replace(",", " ").replace(".", " ").split()) >= SAID:
        raise ImageError(f"The captions are: {words}")
    made = probe(path)
    if made["size"] != SIZE or abs(made["length"] - probe_length(SPEECH)) > 0.1:
        raise ImageError(f"The movie is {made}.")
    if (brightest := _brightest(path)) < BRIGHT:
        raise ImageError(f"No captions are drawn: nothing is brighter than {brightest}.")


def _wish(speech: str) -> dict[str, Any]:
    scene = {"background-color": "#000000", "elements": [{"type": "audio", "src": speech}]}
    captions = {"type": "subtitles", "language": "en", "settings": {"font-size": 18}}
    return {
        "scenes": [scene],
        "elements": [captions],
        "resolution": "{}x{}".format(*SIZE),
        "quality": "low",
        "fps": 25,
    }


def _made(http: httpx.Client, job_id: str) -> str:
    """The id of the video once the job is completed. Raises `ImageError`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        state = _data(http.get(f"{API}/jobs/{job_id}/status"))
        if state["status"] == "completed":
            return str(state["result"]["video_id"])
        if state["status"] in ("failed", "cancelled"):
            raise ImageError(f"The movie {state['status']}: {_data(http.get(f'{API}/jobs/{job_id}'))}")
        time.sleep(0.3)
    raise ImageError("The movie was not made in time.")


def _data(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise ImageError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    found: dict[str, Any] = answer.json()["data"]
    return found


def probe(path: Path) -> dict[str, Any]:
    """Length in seconds, and size and codec of the video."""
    found = _probed(path)
    video = next(each for each in found["streams"] if each["codec_type"] == "video")
    return {
        "length": float(found["format"]["duration"]),
        "size": (video["width"], video["height"]),
        "codec": video["codec_name"],
    }


def probe_length(path: Path) -> float:
    return float(_probed(path)["format"]["duration"])


def _probed(path: Path) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise ImageError(f"{path.name} is no video: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _brightest(path: Path) -> int:
    """The largest luma of any picture."""
    chain = "signalstats,metadata=print:key=lavfi.signalstats.YMAX:file=-"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-vf", chain, "-f", "null", "-"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return max(int(line.partition("YMAX=")[2]) for line in shown.splitlines() if "YMAX=" in line)
