"""The render graph as it travels in tasks and as it is hashed: a small typed tree.

Nodes are read inside out: `Output(Filter(Source))`. What they mean and how they are checked, rewritten
and run is in `libs.media`; here is only their shape.
"""

from __future__ import annotations

from typing import Union

from libs.contracts.base import Message
from libs.contracts.media import AudioStream, MediaInfo, ObjectRef, VideoStream

FilterValue = Union[str, int, float]  # noqa: UP007  (evaluated by msgspec)


class Source(Message, frozen=True, kw_only=True, tag="source"):
    """A stored object, or the part of it from its first frame at or after `start` up to, not including, its
    first frame at or after `end`. Times are seconds from its first frame; `None` is its edge."""

    object: ObjectRef
    info: MediaInfo
    start: float | None = None
    end: float | None = None


class Canvas(Message, frozen=True, kw_only=True, tag="canvas"):
    """Nothing but one `color` (`#RRGGBB`) and silence, for `length` seconds: what other things are laid upon.
    `width` x `height` pixels, `rate` frames a second, stereo at 48 kHz."""

    width: int
    height: int
    rate: int
    length: float
    color: str = "#000000"

    @property
    def info(self) -> MediaInfo:
        """As a probe would describe it."""
        rate = f"{self.rate}/1"
        video = VideoStream(
            index=0,
            codec="rawvideo",
            width=self.width,
            height=self.height,
            display_width=self.width,
            display_height=self.height,
            frame_rate=rate,
            nominal_rate=rate,
            time_base=f"1/{self.rate}",
            pixel_format="yuv420p",
            start=0.0,
            duration=self.length,
        )
        sound = AudioStream(index=1, codec="pcm_f32le", sample_rate=48_000, channels=2, layout="stereo")
        return MediaInfo(formats=[], size=0, start=0.0, duration=self.length, video=video, audio=[sound])


class Loop(Message, frozen=True, kw_only=True, tag="loop"):
    """All of `input` again and again, for `length` seconds; of a picture, as long as it is looked at."""

    input: Source
    length: float


class Trim(Message, frozen=True, kw_only=True, tag="trim"):
    """A part of `input`, in its own time, by the rule of `Source`. The clock of the part starts at its first
    frame, and its sound is cut at the same moments."""

    input: Node
    start: float | None = None
    end: float | None = None


class Concat(Message, frozen=True, kw_only=True, tag="concat"):
    """One after the other. Each input lasts as long as its pictures; its sound is cut or padded to that."""

    inputs: list[Node]


class Focus(Message, frozen=True, kw_only=True):
    """What a crop looks at from `start` seconds on: a point, as shares (0…1) of the width and the height of
    the picture as displayed, from its left top corner."""

    start: float
    x: float
    y: float


class Fit(Message, frozen=True, kw_only=True, tag="fit"):
    """Pictures of exactly `width` x `height` square pixels, the aspect kept. `mode` is `pad` (bars), `crop`,
    or `blur` (the picture, enlarged and blurred, behind itself).

    A crop keeps its `focus` as near to the middle as the picture allows; without any that is the centre.
    The first one counts from the beginning, each other from its start, by the clock of `input`.
    """

    input: Node
    width: int
    height: int
    mode: str = "pad"
    focus: list[Focus] = []


class Rate(Message, frozen=True, kw_only=True, tag="rate"):
    """Constant `rate` frames a second (a fraction, `"30000/1001"`); frames are repeated or dropped."""

    input: Node
    rate: str


class Speed(Message, frozen=True, kw_only=True, tag="speed"):
    """Played `factor` times as fast, the pitch of the sound kept."""

    input: Node
    factor: float


class FilterStep(Message, frozen=True, kw_only=True):
    """One ffmpeg filter by name, with named options."""

    name: str
    options: dict[str, FilterValue] = {}


class Filter(Message, frozen=True, kw_only=True, tag="filter"):
    """A chain of video filters over the video of `input`; everything else of it passes through."""

    input: Node
    steps: list[FilterStep]


class Overlay(Message, frozen=True, kw_only=True, tag="overlay"):
    """The pictures of `layer` over those of `input`, its left top corner at `x`, `y` pixels, from `start` to
    `end` seconds (`None`: to the end of either). The sound is that of `input`."""

    input: Node
    layer: Node
    x: int = 0
    y: int = 0
    start: float = 0.0
    end: float | None = None


class Subtitles(Message, frozen=True, kw_only=True, tag="subtitles"):
    """The text of `file` (SubRip, WebVTT or ASS) drawn into the pictures of `input`."""

    input: Node
    file: ObjectRef


class Sound(Message, frozen=True, kw_only=True):
    """The sound of `input`, beginning at `start` seconds of what it is mixed with, louder by `gain` dB."""

    input: Node
    start: float = 0.0
    gain: float = 0.0


class AudioMix(Message, frozen=True, kw_only=True, tag="audio_mix"):
    """`input` with its own sound louder by `gain` dB (`None`: silenced) and `sounds` mixed in, as long as
    its pictures."""

    input: Node
    sounds: list[Sound]
    gain: float | None = 0.0


class LoudnessMeasure(Message, frozen=True, kw_only=True):
    """What a first pass found (EBU R 128): LUFS, dBTP, LU, LUFS, LU."""

    integrated: float
    true_peak: float
    range: float
    threshold: float
    offset: float


class Loudness(Message, frozen=True, kw_only=True, tag="loudness"):
    """Sound brought to `target` LUFS with peaks of at most `true_peak` dBTP.

    What was `measured` (of the channels that are written) is made louder by one gain, `target` less its
    `integrated` loudness plus its `offset`, and only peaks that would be too high are held down; without a
    measure the gain follows the sound. With `two_pass` that gain is found on the way, by encoding the sound
    and measuring what came out: such a node is the last one of its graph.
    """

    input: Node
    target: float = -16.0
    true_peak: float = -1.0
    measured: LoudnessMeasure | None = None
    two_pass: bool = False


Node = Union[  # noqa: UP007  (a forward reference)
    Source, Canvas, Loop, Trim, Concat, Fit, Rate, Speed, Filter, Overlay, Subtitles, AudioMix, Loudness
]


class VideoEncoding(Message, frozen=True, kw_only=True):
    """`encoder` is ffmpeg's name; `options` are its private and generic options, e.g. `{"crf": 20}`.

    `variable_rate` keeps each frame's own timestamp instead of a constant grid. Without a `pixel_format`
    the encoder takes what is nearest to the pictures.
    """

    encoder: str
    pixel_format: str | None = None
    options: dict[str, FilterValue] = {}
    tag: str | None = None
    variable_rate: bool = False


class AudioEncoding(Message, frozen=True, kw_only=True):
    """How one sound track is written: `encoder` is `copy` or ffmpeg's name. `index` is a stream of the main
    source; of other sources the track at the same position is taken."""

    index: int
    encoder: str
    options: dict[str, FilterValue] = {}


class SubtitleEncoding(Message, frozen=True, kw_only=True):
    """How one subtitle stream of the source is written: `encoder` is `copy` or ffmpeg's name."""

    index: int
    encoder: str


class Output(Message, frozen=True, kw_only=True):
    """The root: what is written. `container` is ffmpeg's muxer name (`mp4`, `matroska`, `webm`).

    `notes` tell the user what could not be kept (for instance bitmap subtitles in MP4). With `keep` the
    packets of the sources are copied where that gives the same frames, and the encodings are used only where
    it does not. With `bare` nothing is written that the source says about itself: titles, places, devices,
    dates, languages, chapters.
    """

    input: Node
    container: str
    extension: str
    content_type: str
    video: VideoEncoding
    audio: list[AudioEncoding] = []
    subtitles: list[SubtitleEncoding] = []
    notes: list[str] = []
    keep: bool = False
    bare: bool = False
