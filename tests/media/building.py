"""Small graphs and infos for tests that run nothing."""

from __future__ import annotations

from typing import Any

from libs.contracts.graph import Filter, FilterStep, FilterValue, Node, Output, Source, VideoEncoding
from libs.contracts.media import AudioStream, MediaInfo, ObjectRef, SubtitleStream, VideoStream

REF = ObjectRef(key="uploads/1/in.mp4", size=1000, sha256="ab" * 32)


def video(**changes: Any) -> VideoStream:
    fields: dict[str, Any] = {
        "index": 0, "codec": "h264", "width": 640, "height": 360, "display_width": 640, "display_height": 360,
        "frame_rate": "25/1", "nominal_rate": "25/1", "time_base": "1/12800", "pixel_format": "yuv420p",
    }  # fmt: skip
    return VideoStream(**(fields | changes))


def audio(index: int = 1, codec: str = "aac", **changes: Any) -> AudioStream:
    fields: dict[str, Any] = {"index": index, "codec": codec, "sample_rate": 48000, "channels": 2}
    return AudioStream(**(fields | changes))


def subtitle(index: int, codec: str, *, text: bool = True) -> SubtitleStream:
    return SubtitleStream(index=index, codec=codec, text=text)


def info(**changes: Any) -> MediaInfo:
    fields: dict[str, Any] = {"formats": ["mov", "mp4"], "size": 1000, "duration": 10.0, "video": video()}
    return MediaInfo(**(fields | changes))


def source(**changes: Any) -> Source:
    return Source(**({"object": REF, "info": info()} | changes))


def step(name: str, **options: FilterValue) -> FilterStep:
    return FilterStep(name=name, options=options)


def output(node: Node | None = None, **changes: Any) -> Output:
    fields: dict[str, Any] = {
        "input": node or source(), "container": "mp4", "extension": "mp4", "content_type": "video/mp4",
        "video": VideoEncoding(encoder="libx264", pixel_format="yuv420p", options={"crf": 19}),
    }  # fmt: skip
    return Output(**(fields | changes))


def filtered(*steps: FilterStep, of: Node | None = None) -> Filter:
    return Filter(input=of or source(), steps=list(steps))
