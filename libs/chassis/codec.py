"""The one codec of the bus: JSON by msgspec, strict (no `"17"` for 17), typed by the contract."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import msgspec
from faststream.message import StreamMessage

from libs.contracts.base import Message
from libs.contracts.errors import InvalidInputError

CONTENT_TYPE = "application/json"


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, strict=True)


def encode(message: Message | msgspec.Struct) -> bytes:
    """The bytes of a message."""
    return msgspec.json.encode(message)


def decode(data: bytes, kind: Any) -> Any:
    """The message in `data`. Raises `InvalidInputError` when it is not a `kind`."""
    try:
        return _decoder(kind).decode(data)
    except msgspec.DecodeError as error:
        raise InvalidInputError(f"Not a valid {getattr(kind, '__name__', 'message')}: {error}") from error


class RawCodec:
    """For FastStream: hands a subscriber the whole message, so that decoding and its errors belong to
    whoever acknowledges; publishes bytes as they are."""

    async def decode(self, msg: StreamMessage[Any]) -> Any:
        return msg

    async def encode(self, msg: object, serializer: object = None) -> tuple[bytes, str | None]:
        return cast("bytes", msg), CONTENT_TYPE
