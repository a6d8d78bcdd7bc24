from __future__ import annotations

import pytest

from libs.media.tools import Tools
from tests.media.corpus import corpus

__all__ = ["corpus"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def tools() -> Tools:
    return Tools()
