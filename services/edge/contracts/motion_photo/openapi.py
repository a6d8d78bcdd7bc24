"""What OpenAPI cannot see: bodies that are read as streams or judged field by field."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)

from services.edge.contracts.motion_photo.schemas import MotionPhotoProblem
from services.edge.errors import problem

_SESSION = Schema(type=OpenAPIType.STRING, description="As `/prepare` answered it.")
_DEVICE = Schema(
    type=OpenAPIType.STRING,
    description="Adds what one maker's gallery looks for: `google`, `samsung` or `xiaomi`.",
    default="google",
)


def _body(kinds: list[str], required: list[str], **properties: Schema) -> RequestBody:
    schema = Schema(type=OpenAPIType.OBJECT, required=required, properties={**properties})
    return RequestBody(required=True, content={kind: OpenAPIMediaType(schema=schema) for kind in kinds})


def _seconds(description: str) -> Schema:
    return Schema(type=OpenAPIType.NUMBER, description=description)


def errors(**described: str) -> dict[int, ResponseSpec]:
    """Answers that are problems of this family, by `status_400` and the like."""
    usual = {"status_401": "A token is needed, or this one is not valid", "status_500": "Something failed"}
    return {
        int(name.removeprefix("status_")): problem(words, MotionPhotoProblem)
        for name, words in (usual | described).items()
    }


@dataclass
class PrepareOperation(Operation):
    """`POST /prepare` with its form."""

    def __post_init__(self) -> None:
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description="A video or GIF.")
        self.request_body = _body(["multipart/form-data"], ["file"], file=file)


@dataclass
class ConvertOperation(Operation):
    """`POST /convert` with its form."""

    def __post_init__(self) -> None:
        self.request_body = _body(
            ["application/x-www-form-urlencoded", "multipart/form-data"],
            ["session_id", "range_start", "range_end", "cover_time", "speed"],
            session_id=_SESSION,
            range_start=_seconds("Where the clip begins, in seconds."),
            range_end=_seconds("Where it ends, in seconds."),
            cover_time=_seconds("Which picture is the cover: seconds, within the clip."),
            speed=Schema(type=OpenAPIType.NUMBER, minimum=0.25, maximum=4),
            device=_DEVICE,
        )


@dataclass
class ThumbnailOperation(Operation):
    """`POST /thumbnail` with its body."""

    def __post_init__(self) -> None:
        timestamp = _seconds("Which picture, in seconds.")
        self.request_body = _body(
            ["application/json"], ["session_id", "timestamp"], session_id=_SESSION, timestamp=timestamp
        )


@dataclass
class CleanupOperation(Operation):
    """`POST /cleanup` with its body."""

    def __post_init__(self) -> None:
        self.request_body = _body(["application/json"], ["session_id"], session_id=_SESSION)
