"""From a render graph to ffmpeg's argv. Pure: the same graph and targets give the same command.

Cuts are frame-exact when the graph is resolved (`libs.media.passes.resolve`); joined parts need it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg

from libs.contracts.graph import Output, Source
from libs.media.command.clock import length_of, offset_of
from libs.media.command.pictures import pictures
from libs.media.command.session import AUDIBLE_SHIFT, Inputs, Session, session_for
from libs.media.command.sounds import Track, filled, sounds, track_of
from libs.media.command.written import GLOBAL, output_options
from libs.media.graph import main_source, sound_is_untouched, validate
from libs.media.passes import simplify

__all__ = ["Inputs", "compile"]


def compile(  # noqa: A001  (nothing here calls the builtin)
    output: Output, inputs: Inputs, destination: Path, *, threads: int = 0
) -> list[str]:
    """The arguments of ffmpeg (without its name) that write `output` to `destination`.

    `inputs` maps the object key or the sha256 of each source to a path or URL, and of each subtitle file to
    the path of its text in ASS (`text.to_ass`); `threads` bounds each codec and the filters (0: as many as
    there are cores). Raises `InvalidInputError` as `graph.validate`, for a file that is not in `inputs`, and
    for joined parts whose lengths or sizes are not known.
    """
    validate(output)
    session, output = session_for(simplify(output), inputs, threads)
    copied = output.video.encoder == "copy"
    tracks = [track_of(output, encoding) for encoding in output.audio]
    streams = _packets(output, session) if copied else [pictures(output.input, session)]
    streams += [] if copied else [_sound(output, session, track) for track in tracks]
    streams += _subtitles(output, session)
    options = output_options(output, tracks, threads, edited=session.rebased)
    bounds = ["-filter_complex_threads", str(threads)] if threads else []
    return [
        *GLOBAL,
        *bounds,
        *ffmpeg.output(*streams, f"file:{destination.absolute()}", **options).get_args(),
    ]


def _packets(output: Output, session: Session) -> list[Any]:
    """Pictures and sound as they are; cuts fall on packets."""
    source = main_source(output.input)
    assert isinstance(source, Source)
    assert source.info.video is not None
    opened = session.packets(source)
    return [opened[str(index)] for index in (source.info.video.index, *(a.index for a in output.audio))]


def _sound(output: Output, session: Session, track: Track) -> Any:
    """One track, from the first picture on; straight from its stream where that is the same."""
    source = main_source(output.input)
    shifted = session.rebased and offset_of(source.info) >= AUDIBLE_SHIFT
    if isinstance(source, Source) and sound_is_untouched(output.input) and not shifted:
        return session.part(source).stream[str(track.index)]
    heard = sounds(output.input, session, track)
    length = length_of(output.input)
    return heard if length is None else filled(heard, session, track, round(length * track.rate))


def _subtitles(output: Output, session: Session) -> list[Any]:
    source = main_source(output.input)
    if not output.subtitles or not isinstance(source, Source):
        return []
    whole = source.start is None and source.end is None and not session.rebased
    opened = session.part(source).stream if whole else session.packets(source)
    return [opened[str(subtitle.index)] for subtitle in output.subtitles]
