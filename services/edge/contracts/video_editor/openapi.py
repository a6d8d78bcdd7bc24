"""What OpenAPI cannot see: bodies that are read as streams or judged field by field."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)

from services.edge.contracts.video_editor.edits import MAX_INPUTS
from services.edge.contracts.video_editor.upload import TYPES

_CODE = Schema(type=OpenAPIType.STRING, description="Whose queue: any code.", min_length=1, max_length=200)
_ID = Schema(type=OpenAPIType.INTEGER, description="Id of a video, or of the result of a queued job.")
_TIME = (
    'Milliseconds (`"5000"`), or `[HH:]MM:SS[.f]`, `N[.f]s`, `Nms`, `Nus`; counted from the first picture.'
)


def _text(description: str, default: str | None = None) -> Schema:
    return Schema(type=OpenAPIType.STRING, description=description, default=default)


def _form(schema: Schema) -> RequestBody:
    return RequestBody(required=True, content={"multipart/form-data": OpenAPIMediaType(schema=schema)})


def _json(required: list[str], **properties: Schema) -> RequestBody:
    schema = Schema(type=OpenAPIType.OBJECT, required=required, properties={**properties})
    return RequestBody(required=True, content={"application/json": OpenAPIMediaType(schema=schema)})


@dataclass
class UploadOperation(Operation):
    """`PUT /video/upload` with its form."""

    def __post_init__(self) -> None:
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        files = Schema(
            type=OpenAPIType.ARRAY,
            items=file,
            min_items=1,
            description=f"One part for each file; extensions: {', '.join(TYPES)}.",
        )
        form = Schema(type=OpenAPIType.OBJECT, required=["files"], properties={"files": files})
        self.request_body = _form(form)


@dataclass
class TrimOperation(Operation):
    """`POST /video/process/trim` with its body."""

    def __post_init__(self) -> None:
        self.request_body = _json(
            ["request_code", "video_id", "trim_start", "trim_end"],
            request_code=_CODE,
            video_id=_ID,
            trim_start=_text(_TIME),
            trim_end=_text(f"{_TIME} Later than trim_start; at most the end of the video is meant."),
        )


@dataclass
class ConcatOperation(Operation):
    """`POST /video/process/concat` with its body."""

    def __post_init__(self) -> None:
        ids = Schema(
            type=OpenAPIType.ARRAY,
            items=_ID,
            min_items=1,
            max_items=MAX_INPUTS,
            description="In this order; an id may occur again.",
        )
        self.request_body = _json(["request_code", "video_ids"], request_code=_CODE, video_ids=ids)


@dataclass
class EncodeOperation(Operation):
    """`POST /video/process/encoding` with its body."""

    def __post_init__(self) -> None:
        rate = Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=120, default=30)
        self.request_body = _json(
            ["request_code", "video_id"],
            request_code=_CODE,
            video_id=_ID,
            video_codec=_text("An encoder of ffmpeg, or a codec family.", "libx264"),
            audio_codec=_text("An encoder of ffmpeg, or a codec family.", "aac"),
            resolution=_text("`W:H`, both even and 16 to 8192.", "1920:1080"),
            frame_rate=rate,
        )


@dataclass
class ExecuteOperation(Operation):
    """`POST /video/process/execute` with its body."""

    def __post_init__(self) -> None:
        self.request_body = _json(["request_code"], request_code=_CODE)
        prefer = Parameter(
            name="Prefer",
            param_in="header",
            schema=Schema(type=OpenAPIType.STRING),
            description="`respond-async`: answer 202 at once; `wait=N`: after N seconds (RFC 7240).",
        )
        self.parameters = [*(self.parameters or []), prefer]
