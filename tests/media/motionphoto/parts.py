"""What Motion Photos are made of, by plain ffmpeg; and photos put together by hand, as phones would."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.media.recipes import H264, ffmpeg

SIZE = (320, 240)
TAKEN_AT = datetime(2026, 1, 31, 23, 59, 58, tzinfo=timezone(timedelta(hours=5, minutes=30)))
PRESENTATION_US = 480_000

SOURCE = "testsrc2=s=320x240:r=25:d=1"
_SOUND = ["-f", "lavfi", "-i", "sine=440:d=1:r=48000"]
VIDEOS = {
    "with sound": [*_SOUND, *H264.split(), "-c:a", "aac", "-movflags", "+faststart", "-brand", "isom"],
    "silent": [*H264.split(), "-movflags", "+faststart", "-brand", "mp42"],
    "index last": [*_SOUND, *H264.split(), "-c:a", "aac", "-brand", "isom"],
}
"""ffmpeg's options for each."""


@dataclass(frozen=True)
class Parts:
    picture: bytes = field(repr=False)
    thumbnail: bytes = field(repr=False)
    videos: dict[str, bytes] = field(repr=False)

    @property
    def video(self) -> bytes:
        return self.videos["with sound"]


def make_parts(folder: Path) -> Parts:
    still = ["-f", "lavfi", "-i", SOURCE, "-frames:v", "1", "-q:v", "2"]
    videos = {}
    for name, options in VIDEOS.items():
        path = folder / f"{name}.mp4"
        ffmpeg("-f", "lavfi", "-i", SOURCE, *options, str(path))
        videos[name] = path.read_bytes()
    ffmpeg(*still, str(folder / "picture.jpg"))
    ffmpeg(*still, "-vf", "scale=160:120", str(folder / "thumbnail.jpg"))
    picture, thumbnail = ((folder / f"{name}.jpg").read_bytes() for name in ("picture", "thumbnail"))
    return Parts(picture, thumbnail, videos)


def app(body: bytes, marker: int = 0xE1) -> bytes:
    """A segment of a JPEG."""
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def inserted(picture: bytes, *segments: bytes) -> bytes:
    """`picture` with segments right after its start."""
    return picture[:2] + b"".join(segments) + picture[2:]


@dataclass(frozen=True)
class Xmp:
    """A packet in the terse manner of phones. `items` are semantic, MIME type, length, padding."""

    items: list[tuple[str, str, object, object]]
    motion: str = "1"
    version: str = "1"
    presentation: str | None = "480000"
    more: str = ""

    def segment(self) -> bytes:
        return app(b"http://ns.adobe.com/xap/1.0/\0" + self.text().encode())

    def text(self) -> str:
        shown = (
            "" if self.presentation is None else f'C:MotionPhotoPresentationTimestampUs="{self.presentation}"'
        )
        listed = "".join(
            f'<rdf:li rdf:parseType="Resource"><D:Item I:Semantic="{semantic}" I:Mime="{mime}"'
            f' I:Length="{length}" I:Padding="{padding}"/></rdf:li>'
            for semantic, mime, length, padding in self.items
        )
        return (
            f'{self.more}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
            ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description xmlns:C="http://ns.google.com/photos/1.0/camera/"'
            ' xmlns:D="http://ns.google.com/photos/1.0/container/"'
            ' xmlns:I="http://ns.google.com/photos/1.0/container/item/"'
            f' C:MotionPhoto="{self.motion}" C:MotionPhotoVersion="{self.version}" {shown}>'
            f"<D:Directory><rdf:Seq>{listed}</rdf:Seq></D:Directory>"
            "</rdf:Description></rdf:RDF></x:xmpmeta>"
        )


def primary(padding: int = 0) -> tuple[str, str, object, object]:
    return "Primary", "image/jpeg", 0, padding


def moving(length: object, padding: object = 0) -> tuple[str, str, object, object]:
    return "MotionPhoto", "video/mp4", length, padding
