"""From the body of `POST /api/v1/generate-video` to a movie, with everything that is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from libs.contracts.languages import UNDETERMINED, code_of, recognised, tag_of
from libs.contracts.movie import ELEMENTS, QUALITIES, SUBTITLES, Element, Movie, Scene
from services.edge.contracts.videocraft.captions import style_of
from services.edge.contracts.videocraft.errors import invalid
from services.edge.contracts.videocraft.fields import Fields
from services.edge.given import keepable, kept_size

MAX_BODY = 256 << 10
"""Bytes of a request for a movie at most: it is kept with the job."""
MAX_SCENES, MAX_LEVEL, MAX_ELEMENTS = 100, 20, 200
"""Scenes; elements of a scene, or of the movie; elements of all of them together."""
MAX_SRC = 4096
SIZE, PLACE, SIDE = (16, 4096), (-8192, 8192), (1, 8192)
"""Pixels of a movie's sides, of where a picture is, of a picture's sides."""
RATE, DURATION, VOLUME = (1, 60), (0.1, 3600), (0, 1)
"""Frames a second; seconds of a scene; a factor."""
CUSTOM = "custom"

_RESOLUTION = re.compile(r"([0-9]{1,5})[xX]([0-9]{1,5})", re.ASCII)
_BACKGROUND = re.compile(r"#[0-9A-Fa-f]{6}", re.ASCII)
_LANGUAGE = re.compile(r"(?:[A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{2,8}){0,3}|auto", re.ASCII)


@dataclass
class Draft:
    """A movie whose elements do not have their sources yet: `sources` are what they name, by their paths,
    each with the kind of the element. `problems` are by path."""

    given: dict[str, Any]
    problems: dict[str, str] = field(default_factory=dict)
    sources: dict[str, tuple[str, str]] = field(default_factory=dict)
    movie: Movie = field(default_factory=lambda: Movie(scenes=[]))
    elements: int = 0


def request_of(body: bytes) -> dict[str, Any]:
    """The object that is the body, or the only one in an array. Raises `InvalidInputError`."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid({"body": "The body is not valid JSON"}) from error
    if isinstance(found, list):
        if len(found) != 1:
            raise invalid({"body": "Value must be one object, or an array of one"})
        found = found[0]
    if not isinstance(found, dict):
        raise invalid({"body": "Value must be an object"})
    return found


def draft_of(given: dict[str, Any]) -> Draft:
    """All of `given`, as far as it makes sense. Fields that are not known are ignored, but for settings of
    subtitles."""
    draft = Draft(given)
    top = Fields(given, draft.problems)
    width, height = _size(top)
    if not top.values.get("scenes") and isinstance(top.values.get("scenes"), (list, type(None))):
        top.note("scenes", "At least one scene is required")
    numbers: dict[str, Any] = {
        "quality": top.choice("quality", QUALITIES),
        "background": _background(top),
        "rate": top.whole("fps", *RATE, "frames a second"),
        "width": width,
        "height": height,
    }
    draft.movie = Movie(
        scenes=[_scene(draft, *each) for each in top.items("scenes", most=MAX_SCENES, noun="scenes")],
        elements=_elements(draft, top),
        **{name: value for name, value in numbers.items() if value is not None},
    )
    if draft.elements > MAX_ELEMENTS:
        top.note("scenes", f"At most {MAX_ELEMENTS} elements are allowed in all")
    if draft.problems:  # what cannot be kept may be one of them
        return draft
    if not keepable(given):
        top.note("body", "Value nests too deep, or holds a NUL or a number that is too large")
    elif kept_size(given) > 2 * MAX_BODY:
        top.note("body", "Value has numbers that are too long when they are written in full")
    return draft


def finished(movie: Movie, sources: Mapping[str, Mapping[str, Any]]) -> Movie:
    """`movie`, whose elements have their sources: fields of `Element` by the paths of elements."""

    def of(elements: list[Element]) -> list[Element]:
        return [msgspec.structs.replace(each, **sources.get(each.path, {})) for each in elements]

    scenes = [msgspec.structs.replace(scene, elements=of(scene.elements)) for scene in movie.scenes]
    return msgspec.structs.replace(movie, scenes=scenes, elements=of(movie.elements))


def source_path(element: str) -> str:
    """Where problems with the source of an element are noted."""
    return f"{element}.src"


def _scene(draft: Draft, path: str, value: Any) -> Scene:
    scene = Fields(value, draft.problems, path)
    if isinstance(value, dict):
        scene.require("elements")
    scene.text("id")
    return Scene(
        elements=_elements(draft, scene),
        duration=scene.number("duration", *DURATION, "seconds"),
        background=_background(scene),
    )


def _elements(draft: Draft, level: Fields) -> list[Element]:
    found: list[Element] = []
    for path, value in level.items("elements", most=MAX_LEVEL, noun="elements"):
        draft.elements += 1
        if draft.elements > MAX_ELEMENTS:
            break
        element = _element(draft, path, value)
        if element.kind == SUBTITLES and any(each.kind == SUBTITLES for each in found):
            draft.problems.setdefault(path, "Only one subtitles element is allowed at each level")
        found.append(element)
    return found


def _element(draft: Draft, path: str, value: Any) -> Element:
    """Its kind is empty when that is a problem."""
    fields = Fields(value, draft.problems, path)
    kind = fields.choice("type", ELEMENTS) or ""
    if isinstance(value, dict) and not fields.has("type"):
        fields.note("type", f"Type is required: one of {', '.join(ELEMENTS)}")
    _note_source(draft, fields, kind)
    settings = fields.inner("settings")
    language = _tag(fields.matching("language", _LANGUAGE, "a language code such as en or pt-BR"))
    numbers: dict[str, Any] = {
        "x": _pixel(fields, "x", PLACE),
        "y": _pixel(fields, "y", PLACE),
        "width": _pixel(fields, "width", SIDE),
        "height": _pixel(fields, "height", SIDE),
        "volume": fields.number("volume", *VOLUME),
    }
    of_subtitles: dict[str, Any] = {}
    if kind == SUBTITLES:
        if language is not None and not _has_source(fields) and not recognised(language):
            fields.note("language", "Speech in this language is not recognised")
        of_subtitles = {"language": language, "style": style_of(settings)}
    return Element(
        kind=kind,
        path=path,
        **{name: value for name, value in numbers.items() if value is not None},
        **of_subtitles,
    )


def _note_source(draft: Draft, fields: Fields, kind: str) -> None:
    """Takes down what the element names, which only subtitles need not do."""
    if not _has_source(fields):
        if kind and kind != SUBTITLES:
            fields.note("src", f"URL is required for {kind} elements")
        return
    src = fields.text("src", most=MAX_SRC)
    if src is not None and kind:
        draft.sources[fields.path] = (kind, src)


def _has_source(fields: Fields) -> bool:
    given = fields.values.get("src")
    return given is not None and not (isinstance(given, str) and not given.strip())


def _size(top: Fields) -> tuple[int | None, int | None]:
    """Of the movie; `None` for both when nothing says it, or something is wrong."""
    width, height = (top.whole(name, *SIZE, "pixels", even=True) for name in ("width", "height"))
    resolution = top.values.get("resolution")
    if resolution is None or resolution == CUSTOM:
        for name, other in (("width", "height"), ("height", "width")):
            if not top.has(name) and (resolution == CUSTOM or top.has(other)):
                why = "a custom resolution" if resolution == CUSTOM else f"a {other}"
                top.note(name, f"{name.capitalize()} is required with {why}")
        return width, height
    named = _RESOLUTION.fullmatch(resolution) if isinstance(resolution, str) else None
    least, most = SIZE
    sides = [int(side) for side in named.groups()] if named else []
    if not sides or any(not least <= side <= most or side % 2 for side in sides):
        words = f"of even numbers between {least} and {most}, or {CUSTOM}"
        top.note("resolution", f"Value must be WIDTHxHEIGHT (1920x1080) {words}")
        return None, None
    for name, given, side in (("width", width, sides[0]), ("height", height, sides[1])):
        if given is not None and given != side:
            top.note(name, f"Value differs from the resolution; resolution {CUSTOM} takes width and height")
    return sides[0], sides[1]


def _pixel(fields: Fields, name: str, bounds: tuple[int, int]) -> int | None:
    found = fields.number(name, *bounds, "pixels")
    return None if found is None else max(bounds[0], round(found))


def _background(fields: Fields) -> str | None:
    return fields.matching("background-color", _BACKGROUND, "a color such as #102030")


def _tag(language: str | None) -> str | None:
    """With its writing and region, which fonts depend on; `None` for any."""
    tag = tag_of(language or UNDETERMINED)
    return None if code_of(tag) == UNDETERMINED else tag
