"""The plan of a movie: fetch what is elsewhere, listen how long sounds are, recognise what is said, write the
captions, render. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from msgspec.structs import replace

from libs.contracts.captions import CaptionSection, CaptionStyle
from libs.contracts.errors import InternalError, InvalidInputError
from libs.contracts.jobs import ComposeSpec
from libs.contracts.languages import code_of
from libs.contracts.media import MediaInfo, StoredMedia
from libs.contracts.movie import AUDIO, IMAGE, SUBTITLES, VIDEO, Movie
from libs.contracts.tasks import (
    CaptionResult,
    CaptionTask,
    FetchResult,
    FetchTask,
    ListenResult,
    ListenTask,
    RecogniseResult,
    RecogniseTask,
    RenderTask,
    TaskResult,
    TaskSpec,
)
from libs.media.compose.cast import Captioned, Media, Role, captioned, check, heard, roles
from libs.media.compose.graph import movie_graph
from libs.media.compose.timing import Span, spans
from libs.media.foretell import length_of
from libs.media.notes import audible
from services.jobs.plans import MAIN, PlannedTask, planned, unplanned

FETCH, LISTEN, RECOGNISE, CAPTIONS = "fetch", "listen", "recognise", "captions"
"""Kinds of steps; those of one element have its number in their name: `fetch.3`."""
_WEIGHTS = {FETCH: 0.5, LISTEN: 0.1, RECOGNISE: 2.0, CAPTIONS: 0.2, MAIN: 8.0}
_KINDS = {VIDEO: "video", IMAGE: "image", AUDIO: "audio", SUBTITLES: "text"}
Done = Mapping[str, TaskResult]


def plan_movie(spec: ComposeSpec, owner: str, job_id: UUID) -> list[PlannedTask]:
    """The tasks of `spec`. Raises `InvalidInputError` for an element with two sources and `MediaError`,
    naming the element, for a stored medium that is of no use for it."""
    return list(_Plan(spec, owner, job_id).tasks())


def continued_movie(spec: ComposeSpec, name: str, done: Done) -> TaskSpec:
    """As `planner.continued`. Raises `MediaError`, naming the element, for a medium that is of no use."""
    kind, _, number = name.partition(".")
    media = _media(spec.movie, done)
    match kind:
        case "listen":
            return _listen(_role(spec.movie, int(number)), media[int(number)])
        case "recognise":
            language = _languages(spec.movie)[int(number)]
            return _recognise(spec, _role(spec.movie, int(number)), media[int(number)], language)
        case "captions":
            return CaptionTask(
                width=spec.movie.width,
                height=spec.movie.height,
                sections=_sections(spec.movie, media, _lengths(spec.movie, done), done),
            )
        case "main":
            return _render(spec, media, done)
    raise InternalError("What has to be done is not known.")


class _Plan:
    def __init__(self, spec: ComposeSpec, owner: str, job_id: UUID) -> None:
        self._spec = spec
        self._owner = owner
        self._job_id = job_id
        self._cast = roles(spec.movie)
        self._languages = _languages(spec.movie)

    def tasks(self) -> Iterator[PlannedTask]:
        fetches = {role.number: f"{FETCH}.{first}" for role, first in _fetched(self._cast)}
        media = _media(self._spec.movie, {})
        for role in self._cast:
            _check_source(role)
            if role.number in media:
                check(role, media[role.number])
        everything: list[PlannedTask] = []
        for role, first in _fetched(self._cast):
            if role.number == first:
                everything.append(self._fetch(role))
        listened = [role for role in self._cast if role.scene is not None and role.element.kind == AUDIO]
        everything += [self._of_element(LISTEN, role, fetches, media) for role in listened]
        speaking = [role for role in self._cast if role.number in self._languages]
        everything += [self._of_element(RECOGNISE, role, fetches, media) for role in speaking]
        before = tuple(task.name for task in everything)
        if _wanted(self._spec.movie):
            everything.append(self._whole(CAPTIONS, before))
            before = (*before, CAPTIONS)
        everything.append(self._whole(MAIN, before))
        yield from everything

    def _fetch(self, role: Role) -> PlannedTask:
        task = FetchTask(
            url=role.element.url or "",
            owner=self._owner,
            job_id=self._job_id,
            kind=_KINDS[role.element.kind],
            label=role.element.path,
            plain=True,
        )
        return planned(f"{FETCH}.{role.number}", task, weight=_WEIGHTS[FETCH])

    def _of_element(self, kind: str, role: Role, fetches: Mapping[int, str], media: Media) -> PlannedTask:
        name, weight = f"{kind}.{role.number}", _WEIGHTS[kind]
        task_type = ListenTask if kind == LISTEN else RecogniseTask
        if role.number not in media:
            return unplanned(name, task_type, needs=(fetches[role.number],), weight=weight)
        medium = media[role.number]
        if kind == LISTEN:
            return planned(name, _listen(role, medium), weight=weight)
        task = _recognise(self._spec, role, medium, self._languages[role.number])
        return planned(name, task, weight=weight)

    def _whole(self, kind: str, needs: tuple[str, ...]) -> PlannedTask:
        """What depends on every element before."""
        if needs:
            return unplanned(
                kind, CaptionTask if kind == CAPTIONS else RenderTask, needs=needs, weight=_WEIGHTS[kind]
            )
        return planned(kind, continued_movie(self._spec, kind, {}), weight=_WEIGHTS[kind])


def _fetched(cast: list[Role]) -> Iterator[tuple[Role, int]]:
    """Elements whose medium is elsewhere, each with the first one that has the same: it is fetched once."""
    first: dict[tuple[str, str], int] = {}
    for role in cast:
        if role.element.url is not None:
            key = (_KINDS[role.element.kind], role.element.url)
            yield role, first.setdefault(key, role.number)


def _check_source(role: Role) -> None:
    element = role.element
    if element.source is not None and element.url is not None:
        raise InvalidInputError(f"{element.path}: An element has one source.")
    if element.source is None and element.url is None and element.kind != SUBTITLES:
        raise InvalidInputError(f"{element.path}: An element has a source.")


def _wanted(movie: Movie) -> list[Captioned]:
    """Where captions may be: also of what is said under all scenes if those that are seen say nothing, which
    is known when they were listened to."""
    mute = _silent(movie, _media(movie, {}))
    seen = {role.number for role in roles(movie) if role.scene is not None and role.element.kind == VIDEO}
    return [*captioned(movie, mute), *captioned(movie, mute | seen)]


def _silent(movie: Movie, media: Media) -> set[int]:
    """Videos that are known to have no sound."""
    videos = (role.number for role in roles(movie) if role.element.kind == VIDEO)
    return {number for number in videos if number in media and not audible(media[number].info)}


def _speechless(movie: Movie, media: Media, done: Done) -> set[int]:
    """Elements in which nobody speaks."""
    recognised = {role.number: done.get(f"{RECOGNISE}.{role.number}") for role in roles(movie)}
    without = {
        number
        for number, result in recognised.items()
        if isinstance(result, RecogniseResult) and not result.words
    }
    return without | _silent(movie, media)


def _languages(movie: Movie) -> dict[int, str | None]:
    """The numbers of those whose words are wanted, and the language that is asked for of their captions: how
    it is written makes no other transcript."""
    found: dict[int, str | None] = {}
    for each in _wanted(movie):
        language = each.style.element.language
        for speaker in each.speakers:
            found.setdefault(speaker.number, code_of(language) if language else None)
    return found


def _media(movie: Movie, done: Done) -> dict[int, StoredMedia]:
    """What is there by now, by number of element."""
    cast = roles(movie)
    media = {role.number: role.element.source for role in cast if role.element.source is not None}
    for role, first in _fetched(cast):
        fetched = done.get(f"{FETCH}.{first}")
        if isinstance(fetched, FetchResult):
            info = fetched.asset.info or MediaInfo(formats=[], size=fetched.asset.object.size)
            media[role.number] = StoredMedia(object=fetched.asset.object, info=info)
    return media


def _role(movie: Movie, number: int) -> Role:
    return roles(movie)[number]


def _listen(role: Role, medium: StoredMedia) -> ListenTask:
    heard(role, medium)
    return ListenTask(source=medium.object, info=medium.info)


def _recognise(spec: ComposeSpec, role: Role, medium: StoredMedia, language: str | None) -> RecogniseTask:
    check(role, medium)
    return RecogniseTask(
        source=medium.object,
        info=medium.info,
        model=spec.speech_model,
        language=language,
    )


def _lengths(movie: Movie, done: Done) -> dict[int, float]:
    """What was listened to, by number of element."""
    found = {}
    for role in roles(movie):
        result = done.get(f"{LISTEN}.{role.number}")
        if isinstance(result, ListenResult):
            found[role.number] = result.duration
    return found


def _sections(movie: Movie, media: Media, lengths: Mapping[int, float], done: Done) -> list[CaptionSection]:
    timing = spans(movie, media, lengths)
    found: list[CaptionSection] = []
    for each in captioned(movie, _speechless(movie, media, done)):
        first, last = timing[each.scenes[0]], timing[each.scenes[-1]]
        span = Span(first.start, last.start + last.length - first.start)
        found += _of(each, span, media, done)
    return found


def _of(each: Captioned, span: Span, media: Media, done: Done) -> Iterator[CaptionSection]:
    element = each.style.element
    section = CaptionSection(
        start=span.start,
        length=span.length,
        skip=span.start if each.whole else 0.0,
        style=element.style or CaptionStyle(),
        language=element.language,
    )
    if not each.speakers:
        yield replace(section, file=media[each.style.number].object)
    for speaker in each.speakers:
        result = done.get(f"{RECOGNISE}.{speaker.number}")
        if isinstance(result, RecogniseResult):
            turn = _turn(speaker, media[speaker.number], span)
            language = element.language or result.language
            yield replace(section, transcript=result.artifact, language=language, turn=turn)


def _turn(speaker: Role, medium: StoredMedia, span: Span) -> float | None:
    """Seconds after which a video that is shorter than its scene begins again."""
    length = length_of(medium.info) if speaker.element.kind == VIDEO else None
    return length if length is not None and length < span.length else None


def _render(spec: ComposeSpec, media: Media, done: Done) -> RenderTask:
    for role in roles(spec.movie):
        if role.number in media:
            check(role, media[role.number])
    captions = done.get(CAPTIONS)
    drawn = captions.artifact if isinstance(captions, CaptionResult) and captions.words else None
    graph = movie_graph(spec.movie, media, _lengths(spec.movie, done), drawn)
    return RenderTask(graph=graph, file_name=f"video.{graph.extension}")
