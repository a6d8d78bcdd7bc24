from __future__ import annotations

import pytest

from libs.media.tools import Tools
from tests.media.corpus import Corpus
from tests.media.cut.clips import CLIPS
from tests.media.cut.truth import Stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, tools: Tools) -> Stage:
    """Where the clips of `CLIPS` are cut and looked at."""
    corpus = Corpus(tmp_path_factory.mktemp("clips"), CLIPS)
    return Stage(corpus, tools, tmp_path_factory.mktemp("results"))
