"""What a movie is made of, element by element, and which of them speak."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

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


def by_scene(movie: Movie) -> dict[int | None, list[Role]]:
    """The elements of each scene, and of the whole movie (`None`)."""
    found: dict[int | None, list[Role]] = {scene: [] for scene in (*range(len(movie.scenes)), None)}
    for role in roles(movie):
        found[role.scene].append(role)
    return found


def voices(of_scene: Iterable[Role]) -> list[Role]:
    """What speaks among the elements of a scene: its audio elements, or else its videos, as far as they are
    to be heard."""
    heard = [role for role in of_scene if role.element.volume > 0]
    for kind in (AUDIO, VIDEO):
        if found := [role for role in heard if role.element.kind == kind]:
            return found
    return []


def subtitles(of_scene: Iterable[Role]) -> Role | None:
    """Those among the elements of a scene."""
    return next((each for each in of_scene if each.element.kind == SUBTITLES), None)


@dataclass(frozen=True)
class Captioned:
    """While `scenes` are on, `style` is the look of what is said by `speakers`, or stands in the file of the
    `style` element. `whole`: that runs under all scenes, from the beginning of the movie on."""

    scenes: range
    style: Role
    speakers: tuple[Role, ...] = ()
    whole: bool = False


def captioned(movie: Movie, mute: Container[int] = ()) -> list[Captioned]:
    """Where captions are wanted when elements with the numbers `mute` say nothing. A scene's own subtitles
    are instead of those of the movie; what is recognised is what the scenes say, or, where none of them says
    anything, what is said under them."""
    cast, scenes = by_scene(movie), range(len(movie.scenes))
    whole, own = subtitles(cast[None]), [subtitles(cast[scene]) for scene in scenes]
    speaking = {
        scene: tuple(role for role in voices(of_scene) if role.number not in mute)
        for scene, of_scene in cast.items()
    }
    found: list[Captioned] = []
    under = whole is not None and (_given(whole.element) or not any(speaking[scene] for scene in scenes))
    if whole is not None and under:
        speakers = () if _given(whole.element) else speaking[None]
        found += [Captioned(run, whole, speakers, whole=True) for run in _without(own)]
    for scene in scenes:
        style = own[scene] or (None if under else whole)
        if style is not None:
            speakers = () if _given(style.element) else speaking[scene]
            found.append(Captioned(range(scene, scene + 1), style, speakers))
    return [each for each in found if each.speakers or _given(each.style.element)]


def _without(own: Sequence[Role | None]) -> Iterator[range]:
    """Runs of scenes without subtitles of their `own`."""
    for has, run in groupby(range(len(own)), key=lambda scene: own[scene] is not None):
        if not has:
            scenes = list(run)
            yield range(scenes[0], scenes[-1] + 1)


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
