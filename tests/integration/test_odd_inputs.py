"""Odd but real inputs, through the whole system: the bad input table of docs/contracts/enhancement.md.

Frame by frame truth about each of them is in tests/media; here is what a client of the API gets.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.client import ENHANCE, EXTRACT, User
from tests.media.corpus import Corpus, corpus

__all__ = ["corpus"]

EXTENSIONS = {"video/mp4": "mp4", "video/webm": "webm", "video/x-matroska": "mkv", "video/quicktime": "mov"}
SUCCEED = [
    "no-audio", "rotated-90", "vfr", "odd-h264", "ten-bit", "hdr10", "interlaced", "interlaced-ts",
    "many-tracks", "subtitles-mkv", "cover", "gif", "cut-mp4", "vp9", "surround-mkv", "edit-list",
]  # fmt: skip
FAIL = {
    "empty": "The file is empty.",
    "audio-only": "There is no video in this file, only sound.",
    "text": None,
    "hls": "This kind of file is not accepted as a video.",
    "no-index": None,
}


@dataclass(frozen=True)
class Answer:
    """What both processes made of a file."""

    enhanced: Path
    metadata: dict[str, Any]


def streams(path: Path, kind: str) -> list[dict[str, Any]]:
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-count_frames", "-of", "json", str(path)],
        capture_output=True,
        check=True,
        timeout=60,
    )
    found = [stream for stream in json.loads(out.stdout)["streams"] if stream["codec_type"] == kind]
    return [stream for stream in found if not stream["disposition"]["attached_pic"]]


class Runner:
    """Uploads a file once, and waits for what becomes of it."""

    def __init__(self, user: User, corpus: Corpus, folder: Path) -> None:
        self._user = user
        self._corpus = corpus
        self._folder = folder
        self._ids: dict[str, str] = {}

    def submit(self, name: str) -> str:
        if name not in self._ids:
            self._ids[name] = self._user.upload(self._corpus.path(name))
        return self._ids[name]

    def _ended(self, name: str, status: str) -> list[dict[str, Any]]:
        file_id = self.submit(name)
        ends = [self._user.wait_for(file_id, process, within=110) for process in (ENHANCE, EXTRACT)]
        assert [end["status"] for end in ends] == [status, status], ends
        return ends

    def succeed(self, name: str) -> Answer:
        self._ended(name, "completed")
        file_id = self.submit(name)
        video = self._user.http.get(f"/processed_videos/{file_id}")
        path = self._folder / f"{file_id}.{EXTENSIONS[video.headers['content-type']]}"
        path.write_bytes(video.content)
        return Answer(path, self._user.http.get(f"/metadata/{file_id}.json").json())

    def fail(self, name: str) -> list[str]:
        errors = [end["error"] for end in self._ended(name, "failed")]
        assert self._user.http.get(f"/processed_videos/{self.submit(name)}").status_code == 404
        return errors


@pytest.fixture(scope="module")
def runner(user: User, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Everything is uploaded at once, so that the workers are busy while tests wait."""
    runner = Runner(user, corpus, tmp_path_factory.mktemp("odd"))
    for name in [*SUCCEED, *FAIL]:
        runner.submit(name)
    return runner


@pytest.mark.parametrize("name", list(FAIL))
def test_what_is_no_video_fails_clearly(runner: Runner, name: str) -> None:
    errors = runner.fail(name)
    assert len(set(errors)) == 1
    assert FAIL[name] in (None, errors[0])
    assert errors[0].endswith(".")
    assert "/" not in errors[0]
    assert "ffmpeg" not in errors[0].lower()


@pytest.mark.parametrize("name", SUCCEED)
def test_frames_size_and_sound_stay(runner: Runner, corpus: Corpus, name: str) -> None:
    answer = runner.succeed(name)
    before, after = streams(corpus.path(name), "video")[0], streams(answer.enhanced, "video")[0]
    assert int(after["nb_read_frames"]) == int(before["nb_read_frames"]) == answer.metadata["frame_count"]
    size = answer.metadata["resolution"]
    even = (size["width"] + size["width"] % 2, size["height"] + size["height"] % 2)
    assert (after["width"], after["height"]) == even
    tracks = [len(streams(path, "audio")) for path in (corpus.path(name), answer.enhanced)]
    assert tracks[0] == tracks[1]


def test_hdr_stays_hdr(runner: Runner) -> None:
    answer = runner.succeed("hdr10")
    (video,) = streams(answer.enhanced, "video")
    assert (video["color_transfer"], video["color_primaries"]) == ("smpte2084", "bt2020")
    assert video["pix_fmt"] == "yuv420p10le"
    assert answer.metadata["advanced"]["hdr"] is True


def test_rotation_is_upright(runner: Runner, corpus: Corpus) -> None:
    answer = runner.succeed("rotated-90")
    (video,) = streams(answer.enhanced, "video")
    stored = streams(corpus.path("rotated-90"), "video")[0]
    assert (video["width"], video["height"]) == (stored["height"], stored["width"])
    assert answer.metadata["advanced"]["rotation"] == 90


def test_languages_and_subtitles_stay(runner: Runner, corpus: Corpus) -> None:
    def languages(path: Path, kind: str) -> list[str]:
        return [stream.get("tags", {}).get("language", "und") for stream in streams(path, kind)]

    for name, kind in (("many-tracks", "audio"), ("subtitles-mkv", "subtitle")):
        kept = languages(runner.succeed(name).enhanced, kind)
        assert len(kept) > 1
        assert kept == languages(corpus.path(name), kind)


def test_a_cut_file_says_that_it_is_cut(runner: Runner) -> None:
    assert runner.succeed("cut-mp4").metadata["advanced"]["warnings"]


def test_a_gif_declared_as_an_image_is_refused(user: User, corpus: Corpus) -> None:
    answer = user.try_upload(corpus.path("gif"), mime="image/gif")
    assert (answer.status_code, answer.json()) == (400, {"detail": "File must be a video"})
