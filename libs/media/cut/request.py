"""What the cutter is asked and what it answers: the wire between the service and the confined process."""

from __future__ import annotations

from libs.contracts.base import Message
from libs.contracts.graph import Output


class CutRequest(Message, frozen=True, kw_only=True):
    """`inputs` maps the sha256 of each source to a path or a presigned URL; `threads` bounds each codec
    (0: as many as there are cores)."""

    graph: Output
    inputs: dict[str, str]
    destination: str
    threads: int = 0


class CutOutcome(Message, frozen=True, kw_only=True):
    """`graph` is resolved: its sources have frame-exact edges. `method` is `copy` or `smart` when
    `destination` was written; else it is `None` and `graph` has to be encoded, for `reason`."""

    graph: Output
    method: str | None = None
    copied_packets: int = 0
    encoded_frames: int = 0
    bytes_read: int = 0
    reason: str = ""
