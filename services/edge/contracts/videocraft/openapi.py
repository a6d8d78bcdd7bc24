"""What OpenAPI cannot see: bodies that are judged field by field, and headers."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, Parameter, RequestBody, Schema

from libs.contracts.captions import CAPTION_STYLES, FONT_SIZES, MAX_FAMILY, OUTLINES, POSITIONS, SHADOWS
from libs.contracts.movie import ELEMENTS, QUALITIES
from services.edge.contracts.videocraft.captions import COLOURS
from services.edge.contracts.videocraft.inputs import (
    DURATION,
    MAX_LEVEL,
    MAX_SCENES,
    MAX_SRC,
    PLACE,
    RATE,
    SIDE,
    SIZE,
    VOLUME,
)
from services.edge.contracts.videocraft.schemas import VideocraftProblem
from services.edge.csrf import HEADER
from services.edge.errors import problem
from services.edge.submitting import IDEMPOTENCY_KEY

SECURITY: list[dict[str, list[str]]] = [{"JWT": []}, {"APIKey": []}]
"""Either of the two; see `docs_ui`."""

_NUMBER, _INTEGER, _STRING = OpenAPIType.NUMBER, OpenAPIType.INTEGER, OpenAPIType.STRING


def errors(**described: str) -> dict[int, ResponseSpec]:
    """Answers that are problems of this family, by `status_400` and the like."""
    usual = {
        "status_401": "Credentials are needed, or these are not valid",
        "status_403": "The credentials do not allow this",
        "status_429": "Too many requests; see Retry-After",
        **_failures(),
    }
    return _problems(usual | described)


def written(**described: str) -> dict[int, ResponseSpec]:
    """As `errors`, for requests that need a CSRF token."""
    return errors(
        status_403=f"The credentials do not allow this, or {HEADER} is missing or not valid", **described
    )


def open_errors(**described: str) -> dict[int, ResponseSpec]:
    """As `errors`, for requests that need no credentials."""
    return _problems(_failures() | described)


def _failures() -> dict[str, str]:
    return {"status_500": "Something failed", "status_503": "A service does not answer; see Retry-After"}


def _problems(described: dict[str, str]) -> dict[int, ResponseSpec]:
    return {
        int(name.removeprefix("status_")): problem(words, VideocraftProblem)
        for name, words in described.items()
    }


def _between(kind: OpenAPIType, bounds: tuple[float, float], description: str = "", **more: float) -> Schema:
    return Schema(type=kind, minimum=bounds[0], maximum=bounds[1], description=description or None, **more)  # type: ignore[arg-type]  # `multiple_of` alone


def _text(description: str, *choices: str) -> Schema:
    return Schema(type=_STRING, enum=[*choices] or None, description=description)


def _settings() -> Schema:
    colours: dict[str, Schema] = {name: _text("`#RRGGBB` or `#RRGGBBAA`.") for name in COLOURS}
    return Schema(
        type=OpenAPIType.OBJECT,
        description="Of subtitles; others are refused. Of other elements any, which do nothing.",
        properties={
            "style": _text("`progressive` marks the word that is spoken.", *CAPTION_STYLES),
            "font-family": _text(f"Name of a font, at most {MAX_FAMILY} characters."),
            "font-size": _between(_INTEGER, FONT_SIZES, "Pixels; by default a twentieth of the height."),
            **colours,
            "outline-width": _between(_NUMBER, OUTLINES, "Pixels."),
            "shadow-offset": _between(_NUMBER, SHADOWS, "Pixels."),
            "position": _text("Where the text stands.", *POSITIONS),
        },
    )


def _elements() -> Schema:
    element = Schema(
        type=OpenAPIType.OBJECT,
        required=["type"],
        properties={
            "type": _text("What it is.", *ELEMENTS),
            "src": Schema(
                type=_STRING,
                max_length=MAX_SRC,
                description="An http(s) URL, or a path or id that this system has handed out. Subtitles"
                " without it are recognised from what is said in the scenes.",
            ),
            "settings": _settings(),
            "x": _between(_NUMBER, PLACE, "Pixels from the left."),
            "y": _between(_NUMBER, PLACE, "Pixels from the top."),
            "width": _between(_NUMBER, SIDE, "Pixels; with one of the two the aspect is kept."),
            "height": _between(_NUMBER, SIDE, "Pixels."),
            "volume": _between(_NUMBER, VOLUME, "Of audio and video; default 1."),
            "language": _text("Of subtitles: ISO 639, perhaps with a region; by default it is detected."),
        },
    )
    return Schema(type=OpenAPIType.ARRAY, items=element, max_items=MAX_LEVEL)


def _movie() -> Schema:
    scene = Schema(
        type=OpenAPIType.OBJECT,
        required=["elements"],
        properties={
            "id": _text("Any text."),
            "elements": _elements(),
            "duration": _between(
                _NUMBER, DURATION, "Seconds, of a scene without audio and video; default 5."
            ),
            "background-color": _text("`#RRGGBB`; default that of the movie."),
        },
    )
    return Schema(
        type=OpenAPIType.OBJECT,
        required=["scenes"],
        properties={
            "scenes": Schema(type=OpenAPIType.ARRAY, items=scene, min_items=1, max_items=MAX_SCENES),
            "elements": _elements(),
            "quality": _text("Default `medium`.", *QUALITIES),
            "resolution": _text("`1920x1080` (the default) and the like, or `custom` with width and height."),
            "width": _between(_INTEGER, SIZE, "Pixels, even.", multiple_of=2),
            "height": _between(_INTEGER, SIZE, "Pixels, even.", multiple_of=2),
            "fps": _between(_INTEGER, RATE, "Frames a second; default 30."),
            "background-color": _text("`#RRGGBB`; default black."),
        },
    )


def _csrf() -> Parameter:
    schema = Schema(type=_STRING)
    return Parameter(
        name=HEADER, param_in="header", required=True, schema=schema, description="From `/api/v1/csrf-token`."
    )


@dataclass
class WritingOperation(Operation):
    """A request that needs a CSRF token."""

    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or []), _csrf()]


@dataclass
class GenerateOperation(Operation):
    """`POST /api/v1/generate-video` with its body."""

    def __post_init__(self) -> None:
        movie = _movie()
        either = Schema(one_of=[movie, Schema(type=OpenAPIType.ARRAY, items=movie, min_items=1, max_items=1)])
        self.request_body = RequestBody(
            required=True, content={"application/json": OpenAPIMediaType(schema=either)}
        )
        key = Parameter(
            name=IDEMPOTENCY_KEY,
            param_in="header",
            schema=Schema(type=_STRING, min_length=1, max_length=255),
            description="The same key and body again are answered with the same job.",
        )
        self.parameters = [*(self.parameters or []), _csrf(), key]
