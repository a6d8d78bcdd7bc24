"""The metadata as a short table."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

BLOCKS = "▁▂▃▄▅▆▇█"
COLUMNS = 32
COLOURS = (("r", "red"), ("g", "green"), ("b", "blue"))


def table(metadata: dict[str, Any], *, colour: bool) -> Table:
    """`colour` adds a swatch, which says nothing where colours are not shown."""
    shown = Table(title="Metadata", title_justify="left", show_header=False, title_style="bold")
    shown.add_column(style="bold")
    shown.add_column(overflow="fold")
    for name, value in _facts(metadata):
        shown.add_row(name, value)
    shown.add_row("average colour", _average(metadata["color_profile"]["average_color"], swatch=colour))
    for channel, style in COLOURS:
        line = sparkline(metadata["color_profile"]["histograms"][channel])
        shown.add_row(f"{style} 0…255", Text(line, style=style))
    return shown


def _facts(metadata: dict[str, Any]) -> Iterator[tuple[str, str]]:
    size, rate = metadata["file_size_bytes"], int(metadata["bit_rate"])
    streams = metadata["advanced"].get("streams", [])
    yield "file", str(metadata["filename"])
    yield "format", str(metadata["format"])
    yield "codecs", ", ".join(stream.get("codec_name", "?") for stream in streams)
    yield "resolution", "{width} x {height}".format(**metadata["resolution"])
    yield "frame rate", f"{metadata['fps']:g} fps"
    yield "frames", f"{metadata['frame_count']}"
    yield "duration", f"{metadata['advanced'].get('duration', metadata['duration_seconds']):.2f} s"
    yield "size", f"{size / 1e6:.2f} MB ({size} bytes)"
    yield "bit rate", f"{rate / 1e6:.2f} Mbit/s"


def _average(mean: dict[str, int], *, swatch: bool) -> Text:
    red, green, blue = (mean[channel] for channel, _ in COLOURS)
    text = Text(f"#{red:02x}{green:02x}{blue:02x}  r {red}  g {green}  b {blue}")
    return Text("        ", style=f"on rgb({red},{green},{blue})") + Text("  ") + text if swatch else text


def sparkline(histogram: list[float]) -> str:
    """A histogram in one line of block letters."""
    wide = len(histogram) // COLUMNS
    sums = [sum(histogram[i * wide : (i + 1) * wide]) for i in range(COLUMNS)]
    top = max(sums) or 1.0
    return "".join(BLOCKS[min(int(value / top * len(BLOCKS)), len(BLOCKS) - 1)] for value in sums)
