"""The render graph as it travels in tasks and as it is hashed: a small typed tree.

Nodes are read inside out: `Output(Filter(Source))`. What they mean and how they are checked, rewritten
and run is in `libs.media`; here is only their shape.
"""

from __future__ import annotations

from typing import Union

from libs.contracts.base import Message
from libs.contracts.media import MediaInfo, ObjectRef

FilterValue = Union[str, int, float]  # noqa: UP007  (evaluated by msgspec)


class Source(Message, frozen=True, kw_only=True, tag="source"):
    """A stored object. `start` and `end` are seconds on its own time line; `None` is its edge."""

    object: ObjectRef
    info: MediaInfo
    start: float | None = None
    end: float | None = None


class FilterStep(Message, frozen=True, kw_only=True):
    """One ffmpeg filter by name, with named options."""

    name: str
    options: dict[str, FilterValue] = {}


class Filter(Message, frozen=True, kw_only=True, tag="filter"):
    """A chain of video filters over the video of `input`; everything else of it passes through."""

    input: Node
    steps: list[FilterStep]


Node = Union[Source, Filter]  # noqa: UP007  (a forward reference of Filter)


class VideoEncoding(Message, frozen=True, kw_only=True):
    """`encoder` is ffmpeg's name; `options` are its private and generic options, e.g. `{"crf": 20}`.

    `variable_rate` keeps each frame's own timestamp instead of a constant grid.
    """

    encoder: str
    pixel_format: str
    options: dict[str, FilterValue] = {}
    tag: str | None = None
    variable_rate: bool = False


class AudioEncoding(Message, frozen=True, kw_only=True):
    """How one audio stream of the source is written: `encoder` is `copy` or ffmpeg's name."""

    index: int
    encoder: str
    options: dict[str, FilterValue] = {}


class SubtitleEncoding(Message, frozen=True, kw_only=True):
    """How one subtitle stream of the source is written: `encoder` is `copy` or ffmpeg's name."""

    index: int
    encoder: str


class Output(Message, frozen=True, kw_only=True):
    """The root: what is written. `container` is ffmpeg's muxer name (`mp4`, `matroska`, `webm`).

    `notes` tell the user what could not be kept (for instance bitmap subtitles in MP4).
    """

    input: Node
    container: str
    extension: str
    content_type: str
    video: VideoEncoding
    audio: list[AudioEncoding] = []
    subtitles: list[SubtitleEncoding] = []
    notes: list[str] = []
