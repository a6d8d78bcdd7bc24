from __future__ import annotations

from pathlib import Path

import pytest

from libs.media.tools import Tools
from tests.media.compose.making import Set


@pytest.fixture
def studio(tmp_path: Path, tools: Tools) -> Set:
    return Set(tools, tmp_path)
