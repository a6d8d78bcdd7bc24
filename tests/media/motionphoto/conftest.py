from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.media.motionphoto.outside import Exiftool
from tests.media.motionphoto.parts import Parts, make_parts


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return make_parts(tmp_path_factory.mktemp("parts"))


@pytest.fixture(scope="session")
def exiftool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exiftool]:
    with closing(Exiftool(tmp_path_factory.mktemp("exiftool") / "said")) as tool:
        yield tool
