from __future__ import annotations

from pathlib import Path

import pytest

from libs.media.tools import Tools
from tests.media.video_edit.making import Edits


@pytest.fixture
def edits(tools: Tools, tmp_path: Path) -> Edits:
    return Edits(tools, tmp_path)
