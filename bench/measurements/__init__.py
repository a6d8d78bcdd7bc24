"""One module per measurement; each is a function from a `Bench` to a `Result`."""

from __future__ import annotations

from collections.abc import Callable

from bench.bench import Bench
from bench.measurements import (
    cancel,
    edit_queue,
    enhance_overhead,
    event_latency,
    idle_rss,
    idle_sockets,
    job_creation,
    metadata_speed,
    motion_photo,
    movie,
    polling,
    recognition,
    start,
    status_rate,
    trim,
    upload,
    video_edit,
)
from bench.report import Result

MODULES = (
    start,
    idle_rss,
    metadata_speed,
    enhance_overhead,
    upload,
    status_rate,
    event_latency,
    trim,
    edit_queue,
    motion_photo,
    video_edit,
    recognition,
    movie,
    cancel,
    polling,
    job_creation,
    idle_sockets,
)
MEASUREMENTS: dict[str, Callable[[Bench], Result]] = {module.NAME: module.measure for module in MODULES}
"""In the order in which they run: the idle stack is looked at while it is fresh."""
