"""Filter steps that make a picture better and leave its size, its colour tags and its rhythm alone."""

from __future__ import annotations

from fractions import Fraction

from libs.contracts.graph import FilterStep, FilterValue
from libs.contracts.media import VideoStream

MATRICES = {"bt709": "bt709", "fcc": "fcc", "bt470bg": "bt470", "smpte170m": "smpte170m",
            "smpte240m": "smpte240m", "bt2020nc": "bt2020", "bt2020c": "bt2020"}  # fmt: skip
PRIMARIES = {name: name for name in ("bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020",
                                     "smpte428", "smpte431", "smpte432")}  # fmt: skip
TRANSFERS = {"bt470m": "gamma22", "bt470bg": "gamma28"}
TRANSFERS |= {name: name for name in ("bt709", "smpte170m", "smpte240m", "linear", "iec61966-2-4", "bt1361e",
                                      "iec61966-2-1", "bt2020-10", "bt2020-12", "smpte2084", "smpte428",
                                      "arib-std-b67")}  # fmt: skip
RANGES = {"tv": "tv", "pc": "pc"}

DARK, BRIGHT = "0x303030", "0xC0C0C0"
"""Levels that a frame's own darkest and brightest pixel are taken to reach at least: they bound how far
levels are stretched (to 255/144 of the contrast), so that fades and night scenes stay what they are."""

NEAR = {"a": 0.06, "b": 0.2}
"""`atadenoise` thresholds: of the change from one frame, and of the sum of changes (shares of the range)."""

MIN_AVERAGED = 12
"""Frames that a video must declare to be averaged over time."""

MIN_HD_HEIGHT = 720


def step(name: str, **options: FilterValue) -> FilterStep:
    return FilterStep(name=name, options=options)


def is_rgb(video: VideoStream) -> bool:
    """RGB in some order, and palettes."""
    name = video.pixel_format or ""
    return name.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "x2"))


def matrix(video: VideoStream) -> str:
    """swscale's name of the YUV matrix; by size, as players guess, where the video does not say."""
    guess = "bt709" if video.height >= MIN_HD_HEIGHT or is_rgb(video) else "smpte170m"
    return MATRICES.get(video.color_space or "", guess)


def deinterlace(video: VideoStream) -> list[FilterStep]:
    """One frame per pair of fields, so that the frame count stays."""
    return [step("bwdif", mode="send_frame", deint="interlaced")] if video.interlaced else []


def denoise(video: VideoStream, duration: float | None) -> list[FilterStep]:
    """Average each pixel over five frames while it stays near itself, which leaves motion and cuts alone,
    then smooth what is left a little. `duration` is of the file, in seconds.

    atadenoise of ffmpeg 5.1 never ends on a single frame, so clips of a few frames go without it.
    """
    smooth = step("hqdn3d", luma_spatial=2, chroma_spatial=1.5, luma_tmp=3, chroma_tmp=3)
    seconds = video.duration or duration or 0.0
    if (video.declared_frames or seconds * Fraction(video.frame_rate)) < MIN_AVERAGED:
        return [smooth]
    near: dict[str, FilterValue] = {
        f"{plane}{side}": share for plane in "012" for side, share in NEAR.items()
    }
    return [FilterStep(name="atadenoise", options={**near, "s": 5}), smooth]


def levels(video: VideoStream, pixel_format: str) -> list[FilterStep]:
    """Stretch the range in use, the three channels together, over about 1.5 s so that nothing flickers;
    then a slight S-curve and slightly more saturation.

    `normalize` measures a frame's extremes; two extra rows of `DARK` and `BRIGHT` bound them.
    """
    rate = Fraction(video.frame_rate)
    smoothing = min(max(round(rate * 3 / 2), 8), 120)
    full = "pc" if video.color_range == "pc" and not is_rgb(video) else "tv"
    to_rgb = {} if is_rgb(video) else {"in_color_matrix": matrix(video), "in_range": full}
    return [
        step("scale", **to_rgb),
        step("format", pix_fmts="rgb24"),
        step("pad", w="iw", h="ih+2", x=0, y=0, color=DARK),
        step("drawbox", x=0, y="ih-1", w="iw", h=1, color=BRIGHT, t="fill"),
        step("normalize", smoothing=smoothing, independence=0, strength=1),
        step("crop", w="iw", h="ih-2", x=0, y=0, exact=1),
        step("curves", all="0/0 0.25/0.235 0.75/0.775 1/1"),
        step("scale", out_color_matrix=matrix(video), out_range=full),
        step("format", pix_fmts=pixel_format),
        step("eq", saturation=1.06),
    ]


def sharpen() -> list[FilterStep]:
    return [step("unsharp", luma_msize_x=5, luma_msize_y=5, luma_amount=0.4, chroma_amount=0)]


def make_even(video: VideoStream) -> list[FilterStep]:
    """Repeat the last column or row once where a 4:2:0 encoder needs even sizes."""
    width, height = (video.width, video.height)[:: -1 if video.rotation in (90, 270) else 1]
    right, bottom = width % 2, height % 2
    if not right and not bottom:
        return []
    return [
        step("pad", w=width + right, h=height + bottom, x=0, y=0),
        step("fillborders", right=right, bottom=bottom, left=0, top=0, mode="smear"),
    ]


def tag_colours(video: VideoStream) -> list[FilterStep]:
    """What the source says of its colours, said of the result. RGB became BT.709."""
    if is_rgb(video):
        return [step("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")]
    known = {
        "range": RANGES.get(video.color_range or ""),
        "color_primaries": PRIMARIES.get(video.color_primaries or ""),
        "color_trc": TRANSFERS.get(video.color_transfer or ""),
        "colorspace": video.color_space if video.color_space in MATRICES else None,
    }
    options: dict[str, FilterValue] = {name: value for name, value in known.items() if value}
    return [FilterStep(name="setparams", options=options)] if options else []
