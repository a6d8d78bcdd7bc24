"""The task that writes captions: staged sections in, four stored files out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from libs.chassis.worker import TaskContext
from libs.contracts.captions import CaptionSection, CaptionStyle, Transcript, Utterance, Word
from libs.contracts.errors import InvalidInputError, MediaError
from libs.contracts.media import ObjectRef
from libs.contracts.tasks import CaptionTask
from services.speech.captions import CaptionWriter

pytestmark = pytest.mark.anyio
SRT = b"1\n00:00:00,500 --> 00:00:01,500\nBonjour tout le monde\n\n2\n00:00:02,000 --> 00:00:01,000\nx\n"
HEARD = Transcript(
    language="en",
    duration=2.0,
    model="base",
    utterances=[
        Utterance(
            text="Hello there.",
            start=0.0,
            end=1.0,
            words=[Word(text="Hello", start=0.0, end=0.5), Word(text="there.", start=0.5, end=1.0)],
        )
    ],
)


class Context:
    """Stored objects by key, and what is stored."""

    def __init__(self, scratch: Path, stored: dict[str, bytes]) -> None:
        self.scratch = scratch
        self.stored = stored
        self.kept: dict[str, tuple[bytes, str]] = {}
        self.done: list[float] = []

    def progress(self, fraction: float) -> None:
        self.done.append(fraction)

    async def stage(self, source: ObjectRef) -> Path:
        path = self.scratch / f"input-{source.sha256[:16]}"
        path.write_bytes(self.stored[source.key])
        return path

    async def artifact(self, path: Path, name: str, content_type: str) -> ObjectRef:
        self.kept[name] = path.read_bytes(), content_type
        return ref(name, len(self.kept[name][0]), content_type)


def ref(key: str, size: int = 100, content_type: str = "application/octet-stream") -> ObjectRef:
    return ObjectRef(key=key, size=size, sha256=key.encode().hex().ljust(64, "0"), content_type=content_type)


def section(start: float = 0.0, **what: Any) -> CaptionSection:
    return CaptionSection(start=start, length=5.0, style=CaptionStyle(font_family="Nowhere"), **what)


def context(tmp_path: Path) -> Context:
    stored = {
        "heard": msgspec.json.encode(HEARD),
        "given": SRT,
        "bad": b"<html>",
        "broken": b'{"language":1}',
    }
    return Context(tmp_path, stored)


async def test_four_files_are_stored(tmp_path: Path) -> None:
    fake = context(tmp_path)
    sections = [section(transcript=ref("heard")), section(5.0, file=ref("given"))]
    task = CaptionTask(width=640, height=360, sections=sections)
    result = await CaptionWriter()(task, cast("TaskContext", fake))
    assert {name: kind for name, (_, kind) in fake.kept.items()} == {
        "captions.ass": "text/x-ssa",
        "captions.srt": "application/x-subrip",
        "captions.vtt": "text/vtt",
        "transcript.json": "application/json",
    }
    assert fake.kept["captions.srt"][0].decode() == (
        "1\n00:00:00,000 --> 00:00:01,300\nHello there.\n\n"
        "2\n00:00:05,500 --> 00:00:06,500\nBonjour tout le monde\n"
    )
    assert fake.kept["captions.vtt"][0].startswith(b"WEBVTT\n\n00:00:00.000 --> ")
    whole = msgspec.json.decode(fake.kept["transcript.json"][0], type=Transcript)
    assert [each.start for each in whole.utterances] == [0.0, 5.5]
    assert (whole.duration, whole.model, whole.language) == (10.0, "base", "en")
    assert (result.language, result.words) == ("en", 6)
    assert result.artifact == ref("captions.ass", len(fake.kept["captions.ass"][0]), "text/x-ssa")
    assert result.notes[0] == "1 captions end before they begin and are left out."
    assert result.notes[1].startswith("The font 'Nowhere' is not installed; ")
    assert len(result.notes) == 2
    assert fake.done == sorted(fake.done)


async def test_nothing_said_is_no_error(tmp_path: Path) -> None:
    fake = context(tmp_path)
    fake.stored["silence"] = msgspec.json.encode(Transcript(language="und", duration=3.0))
    task = CaptionTask(width=640, height=360, sections=[section(transcript=ref("silence"))])
    result = await CaptionWriter()(task, cast("TaskContext", fake))
    assert (result.language, result.words, result.notes) == ("und", 0, [])
    assert fake.kept["captions.srt"][0] == b""
    assert b"Dialogue" not in fake.kept["captions.ass"][0]


@pytest.mark.parametrize(
    ("what", "error", "problem"),
    [
        ({"file": ref("bad")}, MediaError, "Line 1 of the captions"),
        ({"transcript": ref("broken")}, MediaError, "cannot be read"),
        ({"file": ref("given", 1 << 30)}, MediaError, "at most 16 MiB"),
        ({}, InvalidInputError, "either a transcript or a file"),
        ({"file": ref("given"), "transcript": ref("heard")}, InvalidInputError, "either"),
    ],
)
async def test_what_is_wrong_is_said(
    what: dict[str, Any], error: type[Exception], problem: str, tmp_path: Path
) -> None:
    task = CaptionTask(width=640, height=360, sections=[section(**what)])
    with pytest.raises(error, match=problem):
        await CaptionWriter()(task, cast("TaskContext", context(tmp_path)))


async def test_the_same_file_in_many_sections_takes_room_each_time(tmp_path: Path) -> None:
    large = ref("given", size=16 << 20)
    task = CaptionTask(width=640, height=360, sections=[section(5.0 * at, file=large) for at in range(5)])
    with pytest.raises(InvalidInputError, match="at most 64 MiB"):
        await CaptionWriter()(task, cast("TaskContext", context(tmp_path)))
