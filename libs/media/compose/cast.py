"""What a movie is made of, element by element, and which of them speak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from libs.contracts.errors import MediaError
from libs.contracts.media import MediaInfo, StoredMedia
from libs.contracts.movie import AUDIO, IMAGE, SUBTITLES, VIDEO, Element, Movie
from libs.media.notes import audible


@dataclass(frozen=True)
class Role:
    """An element by its `number` in the whole movie; `scene` is that which it belongs to (`None`: it runs
    under all of them)."""

    number: int
    scene: int | None
    element: Element


Media = Mapping[int, StoredMedia]
"""What elements show and say, by their numbers; elements without a medium are missing."""


def roles(movie: Movie) -> list[Role]:
    """All elements, scene by scene, then those of the whole movie."""
    return [Role(number, scene, element) for number, (scene, element) in enumerate(_elements(movie))]


def _elements(movie: Movie) -> Iterator[tuple[int | None, Element]]:
    for scene, each in enumerate(movie.scenes):
        for element in each.elements:
            yield scene, element
    for element in movie.elements:
        yield None, element


def voices(movie: Movie, scene: int | None) -> list[Role]:
    """What speaks in a scene (`None`: under all of them): its audio elements, or else its videos, as far as
    they are to be heard."""
    of_scene = [role for role in roles(movie) if role.scene == scene and role.element.volume > 0]
    for kind in (AUDIO, VIDEO):
        if found := [role for role in of_scene if role.element.kind == kind]:
            return found
    return []


def subtitles(movie: Movie, scene: int | None) -> Role | None:
    """The subtitles of a scene (`None`: of the whole movie) of its own."""
    found = (each for each in roles(movie) if each.scene == scene and each.element.kind == SUBTITLES)
    return next(found, None)


@dataclass(frozen=True)
class Captioned:
    """`style` looks so over what is said by `speakers` or stands in the file of the `style` element; in
    `scene` (`None`: from the beginning of the movie on)."""

    scene: int | None
    style: Role
    speakers: tuple[Role, ...] = ()


def captioned(movie: Movie) -> list[Captioned]:
    """Where captions are wanted. A scene's own subtitles are instead of those of the movie; what is
    recognised is what the scenes say, or, where none of them says anything, what is said under them."""
    found: list[Captioned] = []
    whole = subtitles(movie, None)
    spoken = any(voices(movie, scene) for scene in range(len(movie.scenes)))
    if whole is not None and _given(whole.element):
        found.append(Captioned(None, whole))
    elif whole is not None and not spoken:
        found.append(Captioned(None, whole, tuple(voices(movie, None))))
    for scene in range(len(movie.scenes)):
        own = subtitles(movie, scene)
        style = own or (whole if whole is not None and not _given(whole.element) and spoken else None)
        if style is None:
            continue
        speakers = () if _given(style.element) else tuple(voices(movie, scene))
        found.append(Captioned(scene, style, speakers))
    return [each for each in found if each.speakers or _given(each.style.element)]


def _given(element: Element) -> bool:
    return element.source is not None or element.url is not None


def seen(role: Role, medium: StoredMedia) -> MediaInfo:
    """The probe of a medium with pictures, a single one as `video`. Raises `MediaError`, naming the element,
    without any."""
    info = medium.info
    video = info.video or info.picture
    if video is None:
        raise MediaError(f"{role.element.path}: There is nothing to see in this file.")
    return info if info.video is not None else _as_video(info)


def heard(role: Role, medium: StoredMedia) -> bool:
    """Whether a medium has sound. Raises `MediaError`, naming the element, for an audio element without."""
    if audible(medium.info):
        return True
    if role.element.kind == AUDIO:
        raise MediaError(f"{role.element.path}: There is no sound in this file.")
    return False


def check(role: Role, medium: StoredMedia) -> None:
    """Raises `MediaError`, naming the element, when a medium is of no use for it."""
    if role.element.kind in (VIDEO, IMAGE):
        seen(role, medium)
    if role.element.kind == AUDIO:
        heard(role, medium)


def _as_video(info: MediaInfo) -> MediaInfo:
    return MediaInfo(formats=info.formats, size=info.size, video=info.picture)
