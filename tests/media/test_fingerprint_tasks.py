"""When two tasks on sound and captions are the same work."""

from __future__ import annotations

import msgspec
import pytest

from libs.contracts.captions import CaptionSection, CaptionStyle
from libs.contracts.tasks import CaptionTask, ListenTask, MetadataTask, RecogniseTask, TaskSpec
from libs.media.graph import fingerprint
from tests.media.building import REF, info

replace = msgspec.structs.replace
MOVED = replace(REF, key="elsewhere/in.mp4", content_type="audio/mpeg")
OTHER = replace(REF, sha256="cd" * 32)
LONGER = replace(REF, size=REF.size + 1)
LISTEN = ListenTask(source=REF, info=info())
RECOGNISE = RecogniseTask(source=REF, info=info(), model="whisper-base")
SECTION = CaptionSection(start=0.0, length=4.0, style=CaptionStyle(), transcript=REF)
CAPTIONS = CaptionTask(width=640, height=360, sections=[SECTION])


def captions(**changes: object) -> CaptionTask:
    return replace(CAPTIONS, sections=[replace(SECTION, **changes)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LISTEN, replace(LISTEN, source=MOVED)),
        (LISTEN, replace(LISTEN, info=info(duration=9.9))),
        (RECOGNISE, replace(RECOGNISE, source=MOVED)),
        (RECOGNISE, replace(RECOGNISE, info=info(duration=9.9))),
        (CAPTIONS, captions(transcript=MOVED)),
        (captions(transcript=None, file=REF), captions(transcript=None, file=MOVED)),
        (CAPTIONS, captions(length=4)),
        (CAPTIONS, captions(style=CaptionStyle(outline_width=2))),
    ],
)
def test_places_and_probes_do_not_count(one: TaskSpec, other: TaskSpec) -> None:
    assert fingerprint(one) == fingerprint(other)


def test_all_else_counts() -> None:
    tasks: list[TaskSpec] = [
        MetadataTask(source=REF, info=info()),
        LISTEN,
        *[replace(LISTEN, source=source) for source in (OTHER, LONGER)],
        RECOGNISE,
        *[replace(RECOGNISE, source=source) for source in (OTHER, LONGER)],
        replace(RECOGNISE, model="whisper-small"),
        replace(RECOGNISE, language="en"),
        replace(RECOGNISE, language="es"),
        CAPTIONS,
        replace(CAPTIONS, width=641),
        replace(CAPTIONS, height=361),
        replace(CAPTIONS, width=6403, height=60),
        replace(CAPTIONS, sections=[]),
        replace(CAPTIONS, sections=[SECTION, SECTION]),
        captions(start=1.0),
        captions(length=5.0),
        captions(transcript=OTHER),
        captions(transcript=LONGER),
        captions(transcript=None, file=REF),
        captions(language="en"),
        captions(style=CaptionStyle(style="classic")),
        captions(style=CaptionStyle(font_size=30)),
    ]
    names = {fingerprint(task) for task in tasks}
    assert len(names) == len(tasks)
