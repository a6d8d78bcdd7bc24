"""Motion Photos as others see them: exiftool, ffprobe, and the rules of Android's reader."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

_OLDEST = 13.16
"""The first exiftool that looks for the video behind a JPEG. Debian 12 has 12.57, which finds none."""
_READY = b"{ready}\n"


@cache
def installed() -> str:
    """The exiftool of the virtual environment, or else of the system."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    command = shutil.which("exiftool", path=path)
    assert command, "exiftool is missing: `make setup-tests`"
    version = float(subprocess.run([command, "-ver"], capture_output=True, check=True).stdout)
    assert version >= _OLDEST, f"exiftool {version} is older than {_OLDEST}: `make setup-tests`"
    return command


class Exiftool:
    """One that stays for all files: perl needs long to read its tables."""

    def __init__(self, said: Path) -> None:
        """What it says on stderr goes to the file `said`."""
        self._said = said
        listening = [installed(), "-stay_open", "True", "-@", "-"]
        with said.open("wb") as stderr:
            self._process = subprocess.Popen(
                listening, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
            )

    def close(self) -> None:
        self._process.communicate(b"-stay_open\nFalse\n", timeout=60)

    def binary(self, path: Path, tag: str) -> bytes:
        before = self._said.stat().st_size
        found = self._asked("-b", f"-{tag}", str(path))
        complaints = self._said.read_bytes()[before:]
        assert not complaints, complaints
        return found

    def tags(self, path: Path, *options: str) -> dict[str, Any]:
        """By their groups: `XMP-GCamera:MotionPhoto`. Times and such as exiftool prints them."""
        asked = ["-j", "-a", "-u", "-G1", "-struct", "-validate", "-warning", "-error", "-all", *options]
        found: dict[str, Any] = json.loads(self._asked(*asked, str(path)))[0]
        return found

    def write(self, path: Path, *tags: str) -> None:
        self._asked("-overwrite_original", *(f"-{tag}" for tag in tags), str(path))

    def complaints(self, path: Path) -> list[str]:
        asked = ["-validate", "-warning", "-error", "-a", "-s3"]
        _, *complaints = self._asked(*asked, str(path)).decode().splitlines()
        return complaints

    def _asked(self, *arguments: str) -> bytes:
        """What it prints of a question that succeeds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert not any("\n" in argument for argument in arguments)
        question = [*arguments, "-echo3", "{status ${status}}", "-execute"]
        self._process.stdin.write("\n".join([*question, ""]).encode())
        self._process.stdin.flush()
        answer = bytearray()
        while not answer.endswith(_READY):
            answer += self._process.stdout.readline()
        found, _, status = answer.removesuffix(_READY).rpartition(b"{status ")
        assert status == b"0}\n", (arguments, status, self._said.read_text())
        return bytes(found)


def probe(data: bytes, path: Path) -> dict[str, Any]:
    """What ffprobe says of `data`, which it reads to the end without a complaint."""
    path.write_bytes(data)
    asked = ["-v", "error", "-count_frames", "-show_format", "-show_streams", "-of", "json"]
    done = subprocess.run(["ffprobe", *asked, str(path)], capture_output=True, check=True, timeout=60)
    assert not done.stderr, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


_ITEM = re.compile(
    r'<Container:Item\s+Item:Semantic="(\w+)"\s+Item:Mime="([\w/]+)"'
    r'\s+Item:Length="(\d+)"\s+Item:Padding="(\d+)"/>'
)


def android_video(data: bytes) -> tuple[int, int]:
    """Where the video starts and ends for `MotionPhotoDescription` of androidx/media: parts are laid from the
    end of the file, padding counts for the first one only, and of several videos the first one wins."""
    assert data[2:4] == b"\xff\xe1"
    assert data[6:12] == b"Exif\0\0", "JpegExtractor takes EXIF first"
    items = _ITEM.findall(data[: data.index(b"</x:xmpmeta>")].decode("latin-1"))
    found = (0, 0)
    start = len(data)
    for number, (_, mime, length, padding) in reversed(list(enumerate(items))):
        end = start
        start, end = (0, end - int(padding)) if number == 0 else (end - int(length), end)
        if mime == "video/mp4":
            found = start, end
    return found
