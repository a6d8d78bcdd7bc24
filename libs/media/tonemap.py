"""HDR and wide-gamut pictures as a standard screen shows them, by ffmpeg's filters.

The same curve as in `services/analyze/hdr.py`, over the brightest channel of each pixel, so that hues stay;
light becomes a signal by BT.1886, as standard screens have it.
"""

from __future__ import annotations

from libs.contracts.graph import FilterStep, FilterValue
from libs.contracts.media import VideoStream
from libs.media.picture import PRIMARIES, is_rgb, step

REFERENCE_WHITE = 203
"""cd/m² of diffuse white in HDR programmes (BT.2408)."""
KNEE = 0.7
"""Share of that up to which light stays what it is."""
PEAKS = {"smpte2084": 10_000, "arib-std-b67": 1000}
"""cd/m² that become white."""
WIDE = {"bt2020", "smpte431", "smpte432"}
_MATRICES = {"bt709", "bt470bg", "smpte170m", "bt2020nc", "bt2020c"}
_TRANSFERS = {"smpte170m", "bt2020-10", "bt2020-12", "iec61966-2-1"}
_STANDARD: dict[str, FilterValue] = {"t": "bt709", "m": "bt709", "r": "tv", "d": "ordered"}


def standard_steps(video: VideoStream) -> list[FilterStep]:
    """From PQ, HLG or a wide gamut to BT.709, 8 bits, limited range, whole chroma; nothing for what is
    standard already."""
    transfer = video.color_transfer or "bt709"
    if transfer in PEAKS:
        return [
            _whole_chroma(video),
            step(
                "zscale", **_given(video, "bt2020"), tin=transfer, t="linear", npl=REFERENCE_WHITE, p="bt709"
            ),
            step("format", pix_fmts="gbrpf32le"),
            step("tonemap", tonemap="mobius", param=KNEE, peak=round(PEAKS[transfer] / REFERENCE_WHITE, 4)),
            step("zscale", **_STANDARD),
            step("format", pix_fmts="yuv444p"),
        ]
    if video.color_primaries not in WIDE:
        return []
    curve = transfer if transfer in _TRANSFERS else "bt709"
    return [
        _whole_chroma(video),
        step("zscale", **_given(video, "bt709"), tin=curve, p="bt709", **_STANDARD),
        step("format", pix_fmts="yuv444p"),
    ]


def _whole_chroma(video: VideoStream) -> FilterStep:
    """zscale takes no odd sizes of anything else."""
    return step("format", pix_fmts="gbrp16le" if is_rgb(video) else "yuv444p10le")


def _given(video: VideoStream, usual: str) -> dict[str, FilterValue]:
    """What the pictures are taken to be, whatever their frames say: `usual` where the source is silent."""
    primaries = PRIMARIES.get(video.color_primaries or "", usual)
    if is_rgb(video):
        return {"pin": primaries, "min": "gbr", "rin": "pc"}
    said = video.color_space or ""
    matrix = said if said in _MATRICES else {"bt2020": "bt2020nc"}.get(primaries, "bt709")
    return {"pin": primaries, "min": matrix, "rin": "pc" if video.color_range == "pc" else "tv"}
