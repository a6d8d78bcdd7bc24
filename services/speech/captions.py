"""Tasks of speech: `CaptionTask` in, the captions of a movie in four formats out."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import anyio
import msgspec

from libs.chassis.worker import TaskContext
from libs.contracts.captions import CaptionSection, Transcript
from libs.contracts.errors import InvalidInputError, MediaError
from libs.contracts.media import ObjectRef
from libs.contracts.tasks import CaptionResult, CaptionTask
from libs.media.captions.given import MAX_BYTES, transcript_of
from libs.media.captions.installed import installed
from libs.media.captions.make import Captions, captions
from libs.media.captions.sections import Said

ASS, SUBRIP, WEBVTT, JSON = "text/x-ssa", "application/x-subrip", "text/vtt", "application/json"
MAX_TRANSCRIPT = 64 << 20
"""Bytes of a transcript, and of all that the captions of a movie are read from: it is in memory at once, also
what several sections take from the same file."""
_READ, _WRITTEN = 0.3, 0.8
"""Shares of the progress when the sections are read and the captions are laid out."""


class CaptionWriter:
    """Handles `CaptionTask`s."""

    async def __call__(self, task: CaptionTask, context: TaskContext) -> CaptionResult:
        """Raises `MediaError` for a file that holds no captions, `InvalidInputError` for a section or a style
        that makes no sense, or for too much text."""
        said, notes, read = [], dict[str, None](), 0
        for number, section in enumerate(task.sections, 1):
            found, of_section = await _said(section, context)
            read += sum(each.size for each in (section.transcript, section.file) if each is not None)
            if read > MAX_TRANSCRIPT:
                most = f"at most {MAX_TRANSCRIPT >> 20} MiB of text"
                raise InvalidInputError(f"The captions of a movie are made of {most}.")
            said.append(found)
            notes.update(dict.fromkeys(of_section))
            context.progress(_READ * number / len(task.sections))
        made = await anyio.to_thread.run_sync(partial(_made, task, said))
        context.progress(_WRITTEN)
        notes.update(dict.fromkeys(made.notes))
        return CaptionResult(
            artifact=await _stored(context, "captions.ass", made.ass.encode(), ASS),
            subrip=await _stored(context, "captions.srt", made.subrip.encode(), SUBRIP),
            webvtt=await _stored(context, "captions.vtt", made.webvtt.encode(), WEBVTT),
            transcript=await _stored(context, "transcript.json", msgspec.json.encode(made.transcript), JSON),
            language=made.transcript.language,
            words=made.words,
            notes=list(notes),
        )


def _made(task: CaptionTask, said: list[Said]) -> Captions:
    return captions(task.width, task.height, said, installed())


async def _said(section: CaptionSection, context: TaskContext) -> tuple[Said, list[str]]:
    """What is said in `section`, and notes on it."""
    if section.transcript is not None and section.file is None:
        data = await _bytes(section.transcript, MAX_TRANSCRIPT, context)
        try:
            return Said(section, msgspec.json.decode(data, type=Transcript)), []
        except msgspec.DecodeError as error:
            raise MediaError("What was recognised of the speech cannot be read.") from error
    if section.file is not None and section.transcript is None:
        data = await _bytes(section.file, MAX_BYTES, context)
        read = partial(transcript_of, data, section.language)
        transcript, notes = await anyio.to_thread.run_sync(read)
        return Said(section, transcript, given=True), notes
    raise InvalidInputError("A section of captions has either a transcript or a file.")


async def _bytes(stored: ObjectRef, most: int, context: TaskContext) -> bytes:
    if stored.size > most:
        raise MediaError(f"A caption file has at most {most >> 20} MiB.")
    staged: Path = await context.stage(stored)
    return staged.read_bytes()


async def _stored(context: TaskContext, name: str, data: bytes, content_type: str) -> ObjectRef:
    path = context.scratch / name
    path.write_bytes(data)
    return await context.artifact(path, name, content_type)
