"""HDR becomes what a standard screen shows: the light of each patch is known and looked at afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from libs.contracts.media import VideoStream
from libs.media.graph import validate
from libs.media.tonemap import KNEE, REFERENCE_WHITE, standard_steps
from libs.media.tools import Tools
from services.analyze.hdr import to_standard
from tests.media.building import filtered, output, video
from tests.media.filming import Lab, picture
from tests.media.patches import Levels, centres, seen, stored, striped

NITS = [0, 2, 20, 50, 100, 142, 203, 400, 1000]
TAGS = "-color_primaries bt2020 -colorspace bt2020nc -color_range tv -color_trc"
YUV = "scale=out_color_matrix=bt2020:out_range=tv:flags=accurate_rnd+full_chroma_int"
FFV1 = "-c:v ffv1 -pix_fmt yuv420p10le"


def pq(nits: float) -> int:
    """The 16-bit signal of so much light (SMPTE ST 2084)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power: float = (nits / 10_000) ** m1
    return round(float(((c1 + c2 * power) / (1 + c3 * power)) ** m2) * 65535)


def hlg(nits: float) -> int:
    """The 16-bit signal of grey of so much light on a screen of 1000 cd/m² (ITU-R BT.2100)."""
    scene = (nits / 1000) ** (1 / 1.2)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    signal = np.sqrt(3 * scene) if scene <= 1 / 12 else a * np.log(12 * scene - b) + c
    return round(float(signal) * 65535)


def shown(nits: float) -> float:
    """The level, 0 to 255, that stands for it."""
    light = nits / REFERENCE_WHITE
    over = max(light - KNEE, 0) / (1 - KNEE)
    light = min(light, KNEE) + (1 - KNEE) * over / (1 + over)
    return float(255 * light ** (1 / 2.4))


@pytest.mark.parametrize("transfer", ["bt709", "smpte170m", None])
def test_standard_pictures_stay(transfer: str | None) -> None:
    assert standard_steps(video(color_transfer=transfer, color_primaries="bt709")) == []
    assert standard_steps(video()) == []


@pytest.mark.parametrize(
    "source",
    [
        video(color_transfer="smpte2084", color_primaries="bt2020", color_space="bt2020nc"),
        video(color_transfer="arib-std-b67", pixel_format="gbrp10le"),
        video(color_transfer="bt2020-10", color_primaries="bt2020"),
        video(color_primaries="smpte432", color_space="ictcp", color_range="pc"),
    ],
)
def test_the_steps_may_be_in_graphs(source: VideoStream) -> None:
    steps = standard_steps(source)
    assert steps
    validate(output(filtered(*steps)))


async def both(tools: Tools, folder: Path, path: Path, stripes: int) -> tuple[Levels, Levels]:
    """The patches of a still and of a clip."""
    lab = Lab(tools, folder)
    still = picture(await lab.still(path, 0.4))
    clip = await lab.clip(path, 0.0, 1.0)
    stream = (await lab.info(clip.path)).video
    assert stream is not None
    assert (stream.pixel_format, stream.color_transfer) == ("yuv420p", "bt709")
    assert (stream.color_primaries, stream.color_space) == ("bt709", "bt709")
    return centres(still), centres(seen(clip.path, stripes * 32, 64))


@pytest.mark.anyio
@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
async def test_grey_keeps_its_light_up_to_the_knee(tools: Tools, tmp_path: Path, transfer: str) -> None:
    signal = pq if transfer == "smpte2084" else hlg
    greys = striped([(signal(nits),) * 3 for nits in NITS])
    path = stored(tmp_path / "grey.mkv", greys, YUV, *f"{FFV1} {TAGS} {transfer}".split())
    for found in await both(tools, tmp_path, path, len(NITS)):
        assert np.ptp(found, axis=1).max() < 4
        for nits, level in zip(NITS, found.mean(axis=1), strict=True):
            assert level == pytest.approx(shown(nits), abs=6), nits
    analyzed = to_standard(greys[:1, ::32], transfer)[0].mean(axis=1) / 255
    light = np.where(analyzed < 0.081, analyzed / 4.5, ((analyzed + 0.099) / 1.099) ** (1 / 0.45))
    assert light ** (1 / 2.4) * 255 == pytest.approx(np.array([shown(nits) for nits in NITS]), abs=6)


@pytest.mark.anyio
@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
async def test_hues_stay(tools: Tools, tmp_path: Path, transfer: str) -> None:
    """BT.709 primaries and a skin tone of 100 cd/m² inside BT.2020, and the same far too bright."""
    to_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    wanted = np.array([(1.0, 0, 0), (0, 1, 0), (0, 0, 1), (0.45, 0.25, 0.18)])
    signal = pq if transfer == "smpte2084" else hlg
    light = np.concatenate([wanted * 100, wanted * 500]) @ to_2020.T
    path = stored(
        tmp_path / "hues.mkv",
        striped([(signal(r), signal(g), signal(b)) for r, g, b in light]),
        YUV,
        *f"{FFV1.replace('420', '444')} {TAGS} {transfer}".split(),
    )
    for found in await both(tools, tmp_path, path, len(light)):
        assert [int(row.argmax()) for row in found] == [0, 1, 2, 0, 0, 1, 2, 0]
        red, green, blue, skin = found[:4]
        assert max(red[1:].max(), green[[0, 2]].max(), blue[:2].max()) < 60
        assert skin[0] > skin[1] > skin[2]
        if transfer == "smpte2084":
            assert skin == pytest.approx([shown(share * 100) for share in wanted[3]], abs=8)


@pytest.mark.anyio
async def test_a_wide_gamut_becomes_the_standard_one(tools: Tools, tmp_path: Path) -> None:
    """BT.709 red in BT.2020, without HDR."""
    linear = np.array([0.6274, 0.0691, 0.0164])
    red, green, blue = (int(65535 * each ** (1 / 2.4)) for each in linear)
    tags = TAGS.removesuffix(" -color_trc") + " -color_trc bt2020-10"
    path = stored(tmp_path / "wide.mkv", striped([(red, green, blue)] * 4), YUV, *f"{FFV1} {tags}".split())
    found = centres(picture(await Lab(tools, tmp_path).still(path, 0.4)))
    assert found[1] == pytest.approx([255, 0, 0], abs=12)
