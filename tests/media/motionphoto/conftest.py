from __future__ import annotations

import pytest

from tests.media.motionphoto.outside import Exiftool
from tests.media.motionphoto.parts import Parts, make_parts


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return make_parts(tmp_path_factory.mktemp("parts"))


@pytest.fixture(scope="session")
def exiftool() -> Exiftool:
    return Exiftool.installed()
