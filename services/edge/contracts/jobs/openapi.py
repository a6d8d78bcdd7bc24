"""What OpenAPI cannot see: bodies that are read as streams or judged field by field."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)

from libs.contracts.video_edit import FITS, SELECTIONS
from services.edge.contracts.jobs.inputs import DURATION, JOB_TYPES, LUFS, MAX_PATH, SIZE
from services.edge.contracts.jobs.schemas import JobsProblem
from services.edge.errors import problem

SECURITY: list[dict[str, list[str]]] = [{"JWT": []}, {"APIKey": []}]
"""Either of the two; see `docs_ui`."""

_PATH = (
    "A path or id that this system has handed out (`path` of an upload, `output_path`, `/storage/…`,"
    " `/processed_videos/…`), or an `https://` URL."
)


def errors(**described: str) -> dict[int, ResponseSpec]:
    """Answers that are problems of this family, by `status_400` and the like."""
    usual = {
        "status_400": "The request is not valid",
        "status_401": "Credentials are needed, or these are not valid",
        "status_403": "The credentials do not allow this",
        "status_429": "Too many requests; see Retry-After",
        "status_500": "Something failed",
        "status_503": "A service does not answer; see Retry-After",
    }
    return {
        int(name.removeprefix("status_")): problem(words, JobsProblem)
        for name, words in (usual | described).items()
    }


def _between(bounds: tuple[int, int], description: str, kind: OpenAPIType = OpenAPIType.NUMBER) -> Schema:
    even = 2 if kind is OpenAPIType.INTEGER else None
    return Schema(type=kind, minimum=bounds[0], maximum=bounds[1], multiple_of=even, description=description)


def _text(description: str, choices: tuple[str, ...]) -> Schema:
    return Schema(type=OpenAPIType.STRING, enum=[*choices], default=choices[0], description=description)


@dataclass
class CreateOperation(Operation):
    """`POST /jobs` with its body."""

    def __post_init__(self) -> None:
        data = Schema(
            type=OpenAPIType.OBJECT,
            description="What a VIDEO_EDIT takes. Other fields are kept and shown again, unless they nest"
            " deeper than 8, hold a NUL or a number beyond 64 bits, or take 128 KiB with numbers in full.",
            required=["input_path", "target_duration", "target_width", "target_height"],
            properties={
                "input_path": Schema(
                    type=OpenAPIType.STRING, min_length=1, max_length=MAX_PATH, description=_PATH
                ),
                "target_duration": _between(DURATION, "Seconds; a shorter video keeps its length."),
                "target_width": _between(SIZE, "Pixels.", OpenAPIType.INTEGER),
                "target_height": _between(SIZE, "Pixels.", OpenAPIType.INTEGER),
                "target_lufs": _between(LUFS, "Integrated loudness; without it the sound stays as it is."),
                "fit": _text("How the picture gets the size: bars, a crop, or blurred edges.", FITS),
                "selection": _text("Which part: the beginning, or the liveliest.", SELECTIONS),
            },
        )
        body = Schema(
            type=OpenAPIType.OBJECT,
            required=["job_type", "input_data"],
            properties={
                "job_type": Schema(
                    type=OpenAPIType.STRING, enum=[*JOB_TYPES], description="VIDEO_EDIT; others are to come."
                ),
                "input_data": data,
            },
        )
        self.request_body = RequestBody(
            required=True, content={"application/json": OpenAPIMediaType(schema=body)}
        )
        key = Parameter(
            name="Idempotency-Key",
            param_in="header",
            schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=255),
            description="The same key and body again are answered with the same job.",
        )
        self.parameters = [*(self.parameters or []), key]


@dataclass
class UploadOperation(Operation):
    """`POST /uploads` with its form."""

    def __post_init__(self) -> None:
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description="Any media file.")
        form = Schema(type=OpenAPIType.OBJECT, required=["file"], properties={"file": file})
        self.request_body = RequestBody(
            required=True, content={"multipart/form-data": OpenAPIMediaType(schema=form)}
        )
