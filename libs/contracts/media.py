"""Stored objects, what a probe found in them, and the assets that they make up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from libs.contracts.base import Event, Message, Timestamp

PUBLIC_OWNER = "public"
"""Owner of everything that came through the contract families without authentication."""


class ObjectRef(Message, frozen=True, kw_only=True):
    """An object in storage. `sha256` is lower-case hex of its bytes, `size` their number."""

    key: str
    size: int
    sha256: str
    content_type: str = "application/octet-stream"


class VideoStream(Message, frozen=True, kw_only=True):
    """One video stream.

    Rates are exact fractions (`"30000/1001"`), `rotation` is clockwise degrees (0, 90, 180, 270) that a
    player applies, after it `mirrored` the picture left to right; `display_*` are the size after it and after
    non-square pixels. `duration` and `start` are seconds. `declared_frames` is what the container claims,
    `None` where it says nothing."""

    index: int
    codec: str
    width: int
    height: int
    display_width: int
    display_height: int
    frame_rate: str
    nominal_rate: str
    time_base: str
    profile: str | None = None
    pixel_format: str | None = None
    bit_depth: int = 8
    rotation: int = 0
    mirrored: bool = False
    sample_aspect: str = "1:1"
    interlaced: bool = False
    variable_rate: bool = False
    alpha: bool = False
    color_primaries: str | None = None
    color_transfer: str | None = None
    color_space: str | None = None
    color_range: str | None = None
    start: float | None = None
    duration: float | None = None
    bit_rate: int | None = None
    declared_frames: int | None = None

    @property
    def hdr(self) -> bool:
        """PQ or HLG transfer (ITU-R BT.2100)."""
        return self.color_transfer in ("smpte2084", "arib-std-b67")


class AudioStream(Message, frozen=True, kw_only=True):
    """One audio stream; `sample_rate` in Hz, `duration` in seconds."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    layout: str | None = None
    language: str | None = None
    bit_rate: int | None = None
    duration: float | None = None
    default: bool = False


class SubtitleStream(Message, frozen=True, kw_only=True):
    """One subtitle stream; `text` is false for bitmap subtitles."""

    index: int
    codec: str
    text: bool
    language: str | None = None


class MediaInfo(Message, frozen=True, kw_only=True):
    """What a probe found. `video` is the main video stream: attached pictures (cover art) are counted apart,
    and a file that is one picture has a `picture` instead. `formats` are ffmpeg's names of the container,
    `start` (of the first stream) and `duration` are seconds, `bit_rate` bits/s."""

    formats: list[str]
    size: int
    start: float | None = None
    duration: float | None = None
    bit_rate: int | None = None
    video: VideoStream | None = None
    extra_videos: int = 0
    pictures: int = 0
    audio: list[AudioStream] = []
    subtitles: list[SubtitleStream] = []
    picture: VideoStream | None = None


class StoredMedia(Message, frozen=True, kw_only=True):
    """Media that is stored already, with its probe; whoever names it has seen that its user may."""

    object: ObjectRef
    info: MediaInfo


class Asset(Message, frozen=True, kw_only=True):
    """A stored media object with its probe. `name` is the file name as the user gave it (display only).

    `info` is `None` when nothing in it decodes; `probe_error` then says why, in words for the user.
    """

    asset_id: UUID
    owner: str
    name: str
    object: ObjectRef
    declared_type: str
    created_at: Timestamp
    info: MediaInfo | None = None
    probe_error: str | None = None


class MediaIngested(Message, frozen=True, kw_only=True):
    """A complete upload became an asset. `channel` is the WebSocket channel to tell, if any."""

    asset: Asset
    family: str
    channel: str | None = None


MEDIA_INGESTED = Event("media.ingested", 1, MediaIngested)


class Metadata(Message, frozen=True, kw_only=True):
    """What `analyze` finds in a video, whatever its name: the stored JSON of a metadata task.

    `histograms` has 256 floats for each of `b`, `g`, `r`, each list summing to 1, over `sampled_frames`
    frames spread over the whole video; `average_color` holds 0…255 for the same three. `ffprobe` is
    ffprobe's own format and streams, unedited but for paths.
    """

    format: str
    width: int
    height: int
    fps: float
    frame_count: int
    duration: float
    size: int
    bit_rate: int
    histograms: dict[str, list[float]]
    average_color: dict[str, int]
    sampled_frames: int
    key_frames: int
    variable_rate: bool
    rotation: int
    hdr: bool
    interlaced: bool
    ffprobe: dict[str, Any] = msgspec.field(default_factory=dict)
    warnings: list[str] = []
