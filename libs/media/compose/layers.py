"""Pictures that lie over others: how large, where, and in the colours of what is below."""

from __future__ import annotations

from dataclasses import dataclass

from libs.contracts.graph import FilterStep, FilterValue
from libs.contracts.media import VideoStream
from libs.contracts.movie import Element, Movie
from libs.media.picture import deinterlace, is_rgb, matrix, step
from libs.media.tonemap import standard_steps

MAX_SIDE = 8192


@dataclass(frozen=True)
class Place:
    """Pixels of the movie."""

    x: int
    y: int
    width: int
    height: int


def place(element: Element, video: VideoStream, movie: Movie) -> Place:
    """Where the pictures of an element are, by the rules of `Element`."""
    shown = video.display_width, video.display_height
    if element.width is None and element.height is None:
        if element.x is not None or element.y is not None:
            return Place(element.x or 0, element.y or 0, *shown)
        return _in_the_middle(shown, movie)
    width, height = element.width, element.height
    if width is None:
        width = _side((height or 1) * shown[0] / shown[1])
    if height is None:
        height = _side(width * shown[1] / shown[0])
    return Place(element.x or 0, element.y or 0, width, height)


def visible(place: Place, movie: Movie) -> bool:
    """Whether any of it is within the frame."""
    return -place.width < place.x < movie.width and -place.height < place.y < movie.height


def layer_steps(video: VideoStream, place: Place) -> list[FilterStep]:
    """`video` in the size of `place`, in the colours of HD video (BT.709, limited range), see-through where
    it is."""
    mapped = standard_steps(video)
    size: dict[str, FilterValue] = {"w": place.width, "h": place.height}
    if mapped:
        sized = [step("scale", **size), step("setsar", sar=1), *mapped, step("format", pix_fmts="yuv420p")]
    else:
        planes = "yuva420p" if video.alpha else "yuv420p"
        target: dict[str, FilterValue] = {"out_color_matrix": "bt709", "out_range": "tv"}
        sized = [
            step("scale", **size, **_given(video), **target),
            step("setsar", sar=1),
            step("format", pix_fmts=planes),
        ]
    return [*deinterlace(video), *sized]


def _given(video: VideoStream) -> dict[str, FilterValue]:
    if is_rgb(video):
        return {}
    return {"in_color_matrix": matrix(video), "in_range": "pc" if video.color_range == "pc" else "tv"}


def _in_the_middle(shown: tuple[int, int], movie: Movie) -> Place:
    share = min(movie.width / shown[0], movie.height / shown[1])
    width, height = _side(shown[0] * share), _side(shown[1] * share)
    return Place((movie.width - width) // 2, (movie.height - height) // 2, width, height)


def _side(length: float) -> int:
    return min(max(round(length), 1), MAX_SIDE)
