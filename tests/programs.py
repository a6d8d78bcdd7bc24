"""Programs of tests that come with the virtual environment or with the machine."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def program(name: str) -> str:
    """Where it is. Raises `AssertionError` that says what installs it."""
    found = shutil.which(name, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    assert found, f"There is no {name}: make setup-tests setup-deploy"
    return found
