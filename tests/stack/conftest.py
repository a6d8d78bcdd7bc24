from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.stack.harness import Stack, build_workshop


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_workshop(tmp_path_factory.mktemp("workshop") / "cwd")


@pytest.fixture(scope="session")
def shared(workshop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that runs for the whole session; leave it all ready."""
    stack = Stack(tmp_path_factory.mktemp("shared") / "data", workshop)
    stack.up()
    try:
        yield stack
    finally:
        stack.down()


@pytest.fixture
def new_stack(workshop: Path, tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Makes stacks that are not started yet, and stops what is left of them."""
    made: list[Stack] = []

    def make(name: str = "data", env: dict[str, str] | None = None) -> Stack:
        made.append(Stack(tmp_path / name, workshop, env=env))
        return made[-1]

    yield make
    for stack in made:
        with suppress(AssertionError):
            stack.down()
