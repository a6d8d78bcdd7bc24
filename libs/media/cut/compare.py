"""How much two pictures are alike."""

from __future__ import annotations

from av.filter.graph import Graph
from av.video.frame import VideoFrame

FAITHFUL = 38.0
"""dB that an encoded picture is at least like its original."""


def likeness(one: VideoFrame, other: VideoFrame) -> float:
    """Peak signal-to-noise ratio over all planes in dB; infinite when both are the same bit for bit, 0 when
    they are of different kinds."""
    if (one.width, one.height, one.format.name) != (other.width, other.height, other.format.name):
        return 0.0
    graph = Graph()
    shape = f"video_size={one.width}x{one.height}:pix_fmt={one.format.name}:time_base=1/25:pixel_aspect=1/1"
    buffers = [graph.add("buffer", shape) for _ in range(2)]
    measure, sink = graph.add("psnr"), graph.add("buffersink")
    for number, buffer in enumerate(buffers):
        buffer.link_to(measure, 0, number)
    measure.link_to(sink)
    graph.configure()
    kept = [(frame, frame.pts, frame.time_base) for frame in (one, other)]
    for buffer, frame in zip(buffers, (one, other), strict=True):
        frame.pts = 0
        buffer.push(frame)
    found = graph.pull().metadata["lavfi.psnr.psnr_avg"]
    for frame, pts, _ in kept:
        frame.pts = pts
    return float(found)
