"""What the confined process writes to its stdout: one JSON object a line, the last one its answer."""

from __future__ import annotations

from typing import Any, Union

import msgspec

from libs.contracts.base import Message
from libs.contracts.errors import ReelbusError
from libs.media.cut.request import CutOutcome


class Progressed(Message, frozen=True, kw_only=True, tag="progress"):
    """`done` is a share of the work, 0…1."""

    done: float


class Done(Message, frozen=True, kw_only=True, tag="done"):
    outcome: CutOutcome


class Failed(Message, frozen=True, kw_only=True, tag="failed"):
    """A named error of `libs.contracts.errors`."""

    code: str
    message: str
    details: dict[str, Any] = msgspec.field(default_factory=dict)


Line = Union[Progressed, Done, Failed]  # noqa: UP007  (evaluated by msgspec)
_ENCODER = msgspec.json.Encoder(enc_hook=str)
_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def encode(line: Line) -> bytes:
    return _ENCODER.encode(line) + b"\n"


def decode(text: str) -> Line | None:
    """`None` when this is none of the lines."""
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return None


def failed(error: ReelbusError) -> Failed:
    return Failed(code=error.code, message=error.message, details=error.details)
