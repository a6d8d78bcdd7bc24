"""What a module loads, by its import statements: our own modules, and the packages of others."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
OURS = ("libs", "services", "reelbus")


def file_of(module: str) -> Path | None:
    path = ROOT / module.replace(".", "/")
    return next((each for each in (path / "__init__.py", path.with_suffix(".py")) if each.is_file()), None)


def packages_of(starts: Sequence[str], *, late: bool = True) -> dict[str, str]:
    """Names that are imported from others, and one of our modules that does. With `late`, those within
    functions too."""
    found: dict[str, str] = {}
    seen, todo = set[str](), list(starts)
    while todo:
        module = todo.pop()
        path = file_of(module)
        if module in seen or path is None:
            continue
        seen.add(module)
        parts = module.split(".")
        todo += [".".join(parts[:number]) for number in range(1, len(parts))]
        for name in _imports(path, late):
            if name.split(".")[0] in OURS:
                todo.append(name)
            elif name.split(".")[0] not in sys.stdlib_module_names:
                found.setdefault(name.split(".")[0], module)
    return found


@lru_cache
def _imports(path: Path, late: bool) -> list[str]:
    return list(_named(ast.parse(path.read_text()), late))


def _named(node: ast.AST, late: bool) -> Iterator[str]:
    """Not what only type checkers read."""
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{each.name}" for each in node.names if node.module.split(".")[0] in OURS)
    elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        for each in node.orelse:
            yield from _named(each, late)
    elif late or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for child in ast.iter_child_nodes(node):
            yield from _named(child, late)


@lru_cache
def distributions(extra: str) -> frozenset[str]:
    """All that is installed with `reelbus[extra]`, by names as pip has them. Our own needs are those of
    `pyproject.toml`, the others' those that are installed here."""
    found, todo = set[str](), [Requirement(f"reelbus[{extra}]")]
    seen = set[str]()
    while todo:
        wanted = todo.pop()
        name = canonical(wanted.name)
        found.add(name)
        if str(wanted) not in seen:
            seen.add(str(wanted))
            asked = ["", *wanted.extras]
            needs = map(Requirement, _own_needs(wanted.extras) if name == "reelbus" else _needs(name))
            todo += [need for need in needs if not need.marker or _applies(need.marker, asked)]
    return frozenset(found)


def _own_needs(extras: set[str]) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    return [*project["dependencies"], *(each for extra in extras for each in optional[extra])]


def _needs(name: str) -> list[str]:
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:  # for another system
        return []


def _applies(marker: Marker, extras: Sequence[str]) -> bool:
    return any(marker.evaluate({"extra": each}) for each in extras)


def providers(name: str) -> set[str]:
    """Distributions that a top-level import may come from."""
    return {canonical(each) for each in _providers().get(name, ())}


_providers = lru_cache(packages_distributions)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
