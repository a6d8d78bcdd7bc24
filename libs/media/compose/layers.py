"""Pictures that lie over others: how large, where, and in the colours of what is below."""

from __future__ import annotations

from dataclasses import dataclass

from libs.contracts.graph import FilterStep, FilterValue
from libs.contracts.media import VideoStream
from libs.contracts.movie import Element, Movie
from libs.media.picture import deinterlace, step
from libs.media.standard import given_colours
from libs.media.tonemap import standard_steps

MAX_SIDE = 8192
CAREFUL = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
"""How stills are scaled: only once, so that it may take its time. Otherwise photos that become much smaller
are darker too."""


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


def layer_steps(video: VideoStream, place: Place, *, still: bool = False) -> list[FilterStep]:
    """`video` in the size of `place`, in the colours of HD video (BT.709, limited range), see-through where
    it is; a `still` is turned upright, which ffmpeg does with videos only, and keeps all of its colours. One
    column or row more where `place` is odd: pictures of halved colours can only be laid on even places (see
    `corner`)."""
    mapped = standard_steps(video)
    size: dict[str, FilterValue] = {"w": place.width, "h": place.height}
    size |= {"flags": CAREFUL} if still else {}
    odd = {"x": place.x % 2, "y": place.y % 2}
    alpha = video.alpha or any(odd.values())
    planes = ("yuva" if alpha else "yuv") + ("444p" if still else "420p")
    if mapped:
        sized = [step("scale", **size), step("setsar", sar=1), *mapped]
    else:
        target: dict[str, FilterValue] = {"out_color_matrix": "bt709", "out_range": "tv"}
        sized = [step("scale", **size, **given_colours(video), **target), step("setsar", sar=1)]
    if any(odd.values()):
        larger: dict[str, FilterValue] = {"w": place.width + odd["x"], "h": place.height + odd["y"]}
        sized += [step("format", pix_fmts="yuva444p"), step("pad", **larger, **odd, color="0x00000000")]
    if (video.pixel_format or "").startswith("pal"):  # swscale takes palettes to the matrix of SD video
        sized.insert(0, step("format", pix_fmts="rgba"))
    return [*(upright(video) if still else []), *deinterlace(video), *sized, step("format", pix_fmts=planes)]


def corner(place: Place) -> tuple[int, int]:
    """Where what `layer_steps` makes is laid: even."""
    return place.x - place.x % 2, place.y - place.y % 2


def upright(video: VideoStream) -> list[FilterStep]:
    """What a viewer does with a photo."""
    turns = {90: [step("transpose", dir="clock")], 270: [step("transpose", dir="cclock")]}
    turns[180] = [step("hflip"), step("vflip")]
    return [*([step("hflip")] if video.mirrored else []), *turns.get(video.rotation, [])]


def _in_the_middle(shown: tuple[int, int], movie: Movie) -> Place:
    share = min(movie.width / shown[0], movie.height / shown[1])
    width, height = _side(shown[0] * share), _side(shown[1] * share)
    return Place((movie.width - width) // 2, (movie.height - height) // 2, width, height)


def _side(length: float) -> int:
    return min(max(round(length), 1), MAX_SIDE)
