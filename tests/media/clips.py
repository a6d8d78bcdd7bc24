"""Small clips of the editor for tests that run nothing."""

from __future__ import annotations

from typing import Any

from libs.contracts.editor import EncodeEdit
from libs.contracts.graph import Output
from libs.contracts.media import ObjectRef
from libs.contracts.rpc import EncodingTrial
from libs.media.edit import Clip, render, stored
from libs.media.graph import validate
from tests.media.building import REF, audio, info

OTHER = ObjectRef(key="uploads/2/in.mp4", size=2000, sha256="cd" * 32)


def clip(name: str = "a.mp4", ref: ObjectRef = REF, **changes: Any) -> Clip:
    return stored(ref, info(**({"audio": [audio()]} | changes)), name)


def graph(made: Clip) -> Output:
    output = render(made)
    validate(output)
    return output


def tried(**changes: Any) -> EncodingTrial:
    fields: dict[str, Any] = {
        "video_encoder": "libx265", "video_family": "hevc", "audio_encoder": "aac", "audio_family": "aac",
        "container": "mp4",
    }  # fmt: skip
    return EncodingTrial(**(fields | changes))


def asked(**changes: Any) -> EncodeEdit:
    fields: dict[str, Any] = {
        "video_id": 1, "video_codec": "hevc", "audio_codec": "aac", "width": 320, "height": 240,
        "frame_rate": 30,
    }  # fmt: skip
    return EncodeEdit(**(fields | changes))


def length(made: Clip) -> float:
    assert made.info.duration is not None
    return made.info.duration
