"""What phones and the web come with: rotated, HDR, without sound, transparent, uneven."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.integration.motion import Studio
from tests.integration.photos import Seen, look, luma, psnr
from tests.media.corpus import Corpus
from tests.media.looking import Pixels, describe, frames
from tests.media.recipes import BOXES, X265, ffmpeg
from tests.stack.harness import Stack

ODD = ("vfr", "interlaced-ts", "one-frame", "odd-vp9", "alpha-vp9", "edit-list", "late-video", "anamorphic")
Colours = NDArray[np.float64]
TRANSFERS = {"pq": ("smpte2084", "null"), "hlg": ("arib-std-b67", "exposure=exposure=-0.2")}
"""ffmpeg's name, and what brings white (linear 1.0) to where BT.2408 has it: 203 cd/m2, 75 % of HLG."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("motion-odd")


@pytest.fixture(scope="module")
def studio(stack: Stack) -> Studio:
    return Studio(stack)


@pytest.fixture(scope="module")
def scene(folder: Path) -> Path:
    """A second of a still scene with a coloured patch in each corner, as a camera of today's screens has
    it."""
    path = folder / "scene.mkv"
    looks = (
        "scale=out_color_matrix=bt709:out_range=tv,format=yuv444p,"
        "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
    )
    ffmpeg("-f", "lavfi", "-i", f"gradients=s=160x120:d=1:r=25:speed=0.00001:c0=0x404040:c1=0xa0a0a0,{BOXES}",
           "-f", "lavfi", "-i", "sine=440:d=1:r=48000", "-vf", looks, "-c:v", "ffv1", "-c:a", "pcm_s16le",
           str(path))  # fmt: skip
    return path


def filmed(scene: Path, kind: str) -> Path:
    """The scene as a phone films it upright in HDR: HEVC of 10 bits, lying on its side with a note to turn
    it, white as bright as white paper is in HDR (203 cd/m2)."""
    transfer, darker = TRANSFERS[kind]
    flat, path = scene.with_name(f"flat-{kind}.mov"), scene.with_name(f"phone-{kind}.mov")
    convert = (
        f"zscale=t=linear:npl=203,format=gbrpf32le,{darker},"
        f"zscale=t={transfer}:p=bt2020:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
    )
    tags = f"-color_primaries bt2020 -colorspace bt2020nc -color_range tv -color_trc {transfer}".split()
    ffmpeg("-i", str(scene), "-vf", convert, *X265.split(), *tags, "-c:a", "aac", str(flat))
    ffmpeg("-i", str(flat), "-c", "copy", "-metadata:s:v", "rotate=270", str(path))
    return path


def corners(picture: Pixels) -> Colours:
    """The colours of the four patches: (4, 3)."""
    height, width, _ = picture.shape
    h, w = height // 8, width // 8
    parts = [picture[y : y + h, x : x + w] for y in (h // 4, -h - h // 4) for x in (w // 4, -w - w // 4)]
    found: Colours = np.array([part.reshape(-1, 3).mean(axis=0) for part in parts])
    return found


@pytest.fixture(scope="module")
def upright(scene: Path) -> Colours:
    """How the scene looks when it is turned as the note says."""
    turned = scene.with_name("turned.mkv")
    ffmpeg("-i", str(scene), "-vf", "transpose=clock", "-c:v", "ffv1", str(turned))
    return corners(frames(turned, 120, 160)[0])


@pytest.fixture(scope="module", params=TRANSFERS)
def phone(
    studio: Studio, scene: Path, folder: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[Path, Seen]]:
    """The preview and the Motion Photo of a phone's clip."""
    prepared = studio.prepare(filmed(scene, request.param))
    preview = folder / f"preview-{request.param}.mp4"
    preview.write_bytes(studio.preview(prepared).content)
    yield preview, look(studio.convert(prepared["session_id"], 0.1, 0.9, 0.5), folder)
    studio.cleanup(prepared["session_id"])


def test_a_phones_clip_is_upright_in_sane_colours(phone: tuple[Path, Seen], upright: Colours) -> None:
    """Hues are kept, white is white, and all three pictures agree. HDR to SDR is no exact science."""
    preview, seen = phone
    assert (seen.photo.width, seen.photo.height) == (120, 160)
    video = seen.video()
    assert (video["width"], video["height"]) == (120, 160)
    assert video["color_transfer"] == video["color_primaries"] == video["color_space"] == "bt709"
    looks = {
        "cover": corners(seen.cover()),
        "clip": corners(seen.moving()[-1]),
        "preview": corners(frames(preview, 120, 160)[-1]),
    }
    for name, found in looks.items():
        assert np.abs(found - looks["cover"]).max() < 16, (name, looks)
        for patch, wanted in zip(found, upright, strict=True):
            strong, weak = wanted > 128, wanted <= 128
            assert patch[strong].min() > 150, (name, found, upright)
            assert not weak.any() or patch[weak].max() < 100, (name, found, upright)


def test_the_preview_of_a_phones_clip_says_that_it_is_sdr(phone: tuple[Path, Seen]) -> None:
    video = describe(phone[0])["streams"][0]
    assert (video["width"], video["height"], video["pix_fmt"]) == (120, 160, "yuv420p")
    assert video["color_transfer"] == "bt709"
    assert not video.get("side_data_list")


@pytest.mark.parametrize("name", ["rotated-90", "rotated-180", "rotated-270"])
def test_rotated_clips(studio: Studio, corpus: Corpus, folder: Path, name: str) -> None:
    path = corpus.path(name)
    prepared = studio.prepare(path)
    seen = look(studio.convert(prepared["session_id"], 0, 1, 0.4), folder)
    wide, high = (160, 120) if name == "rotated-180" else (120, 160)
    assert (seen.photo.width, seen.photo.height) == (wide, high)
    cover, source = seen.cover(), frames(path, wide, high)[10]
    assert psnr(luma(cover), luma(source)) > 35  # at hard edges a JPEG has its colours elsewhere
    assert np.abs(corners(cover) - corners(source)).max() < 3
    studio.cleanup(prepared["session_id"])


def test_a_gif(studio: Studio, corpus: Corpus, folder: Path) -> None:
    """No sound, and what shows through is black."""
    path = corpus.path("gif")
    prepared = studio.prepare(path)
    assert prepared["duration"] == pytest.approx(1.0, abs=0.05)
    preview = folder / "gif.mp4"
    preview.write_bytes(studio.preview(prepared).content)
    (video,) = describe(preview)["streams"]
    assert (video["r_frame_rate"], video["pix_fmt"]) == ("30/1", "yuv420p")
    seen = look(studio.convert(prepared["session_id"], 0.2, 0.8, 0.5), folder)
    assert not seen.audio()
    assert psnr(luma(seen.cover()), luma(frames(path, 160, 120)[5])) > 30
    studio.cleanup(prepared["session_id"])


def test_odd_inputs_make_good_photos(studio: Studio, corpus: Corpus, folder: Path) -> None:
    """Of all of the video, with the picture in its middle."""

    def make(name: str) -> str:
        prepared = studio.prepare(corpus.path(name))
        length = prepared["duration"]
        try:
            assert length > 0
            answer = studio.try_convert(prepared["session_id"], 0, length, length / 2)
            assert answer.status_code == 200, answer.text
            seen = look(answer.content, folder)
            assert seen.duration() == pytest.approx(length, abs=0.15)
            assert seen.shown() in range(len(seen.moving(16, 16)))
            studio.cleanup(prepared["session_id"])
        except AssertionError as error:
            return f"{name}: {error}"
        return ""

    with ThreadPoolExecutor(3) as pool:
        assert not [words for words in pool.map(make, ODD) if words]
