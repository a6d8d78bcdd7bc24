"""Who sends and who receives what, read from the code: which service names a constant in which call.

`bus.publish(JOB_CREATED, …)` or `outbox.add(session, JOB_CREATED.subject, …)` sends; `bus.consume(…)`,
`listen`, `follow` and `serve` receive. What a module of `libs.chassis` does is done by every service that
imports it: whoever imports `libs.chassis.worker` takes tasks and tells of them.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from libs.contracts.base import Method
from libs.contracts.registry import declarations
from libs.contracts.streams import STREAMS
from libs.contracts.tasks import SERVICE_OF
from reelbus.docs.errors import DocsError

SENDS = frozenset({"publish", "signal", "add", "call"})
RECEIVES = frozenset({"consume", "consume_raw", "listen", "follow", "serve"})
COMMAND = "reelbus (command)"

DECLARED: Mapping[tuple[str, str], str] = {}
"""What the code does not show: (constant, `senders` or `receivers`) → who it is, in words."""

_CHASSIS = "libs.chassis"


@dataclass
class Usage:
    """Names of services: by constant who sends and receives, and which of the receivers `follow`; who makes
    tasks; who executes which task."""

    senders: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    receivers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    followers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    planners: set[str] = field(default_factory=set)
    workers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass
class _Module:
    """What one module does itself, and which chassis modules it brings along; `tables` are the dictionaries
    that it gives names to."""

    tables: dict[str, ast.Dict] = field(default_factory=dict)
    sends: set[str] = field(default_factory=set)
    receives: set[str] = field(default_factory=set)
    follows: set[str] = field(default_factory=set)
    plans: bool = False
    works: set[tuple[str, str]] = field(default_factory=set)
    chassis: set[str] = field(default_factory=set)


def checked_usage(root: Path) -> Usage:
    """The usage of the checkout `root`. Raises `DocsError` for messages without a sender or receiver."""
    found = usage(root)
    if problems := complaints(found, DECLARED):
        hint = "Mend the code, or say who it is in DECLARED of reelbus/docs/usage.py."
        raise DocsError("\n".join([*problems, hint]))
    for (constant, side), who in DECLARED.items():
        getattr(found, side)[constant].add(who)
    return found


def complaints(found: Usage, declared: Mapping[tuple[str, str], str]) -> list[str]:
    """What is wrong with a usage: one-sided messages, tasks in the wrong hands, declarations in vain."""
    problems = []
    for constant, value in declarations().items():
        words = ("calls", "serves") if isinstance(value, Method) else ("sends", "receives")
        sides = {"senders": found.senders, "receivers": found.receivers}
        for verb, (side, known) in zip(words, sides.items(), strict=True):
            if known.get(constant) and (constant, side) in declared:
                problems.append(f"{constant} has {side}: its entry in DECLARED is in vain.")
            elif not known.get(constant) and (constant, side) not in declared:
                problems.append(f"Nobody {verb} {constant} ({value.subject}).")
    for kind, service in SERVICE_OF.items():
        if found.workers.get(kind.__name__, set()) != {service}:
            actual = ", ".join(sorted(found.workers.get(kind.__name__, ()))) or "nobody"
            problems.append(f"{kind.__name__} belongs to {service}, but {actual} executes it.")
    if not found.planners:
        problems.append("Nobody publishes tasks.")
    return problems


def usage(root: Path) -> Usage:
    """Who does what in `services/*` and in the command of the checkout `root`."""
    names = {*declarations(), *(stream.name for stream in STREAMS)}
    chassis = {
        f"{_CHASSIS}.{path.stem}": _read(path, names)
        for path in sorted((root / "libs" / "chassis").glob("*.py"))
    }
    found = Usage()
    for folder, who in _packages(root):
        modules = [_read(path, names) for path in sorted(folder.rglob("*.py"))]
        for module in [*modules, *_reached(modules, chassis)]:
            _note(found, module, who)
    return found


def _packages(root: Path) -> Iterator[tuple[Path, str]]:
    for folder in sorted((root / "services").iterdir()):
        if (folder / "app.py").exists():
            yield folder, folder.name
    yield root / "reelbus", COMMAND


def _note(found: Usage, module: _Module, who: str) -> None:
    for constant in module.sends:
        found.senders[constant].add(who)
    for constant in module.receives:
        found.receivers[constant].add(who)
    for constant in module.follows:
        found.followers[constant].add(who)
    for service, kind in module.works:
        found.workers[kind].add(service)
    if module.plans:
        found.planners.add(who)


def _reached(modules: list[_Module], chassis: Mapping[str, _Module]) -> list[_Module]:
    """The chassis modules that these bring along, directly or not."""
    waiting = {name for module in modules for name in module.chassis}
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in chassis and name not in reached:
            reached.add(name)
            waiting |= chassis[name].chassis
    return [chassis[name] for name in sorted(reached)]


def _read(path: Path, names: Collection[str]) -> _Module:
    return read_source(path.read_text(), names)


def read_source(source: str, names: Collection[str]) -> _Module:
    """What a module does with these constants."""
    tree = ast.parse(source)
    module = _Module(tables=_tables(tree))
    local = {name: name for name in names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            local |= {each.asname: each.name for each in node.names if each.asname and each.name in names}
            if node.module == _CHASSIS:
                module.chassis |= {f"{_CHASSIS}.{each.name}" for each in node.names}
            elif node.module.startswith(_CHASSIS):
                module.chassis.add(node.module)
        elif isinstance(node, ast.Import):
            module.chassis |= {each.name for each in node.names if each.name.startswith(_CHASSIS)}
    _visit(tree, "", local, module)
    return module


def _visit(node: ast.AST, verb: str, local: Mapping[str, str], module: _Module) -> None:
    """Note every constant below `node`; `verb` is the sending or receiving call around it, if any."""
    if isinstance(node, ast.Call):
        name = _name(node.func)
        if name in SENDS or name in RECEIVES:
            verb = name
        elif name == "task_subject":
            module.plans = True
        elif name in ("Worker", "worker_service"):
            module.works |= _worked(node, module.tables)
    elif isinstance(node, (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef)):
        verb = ""
    # An outbox gets a constant's subject; other `add`s get anything.
    constant = local.get(_name(node))
    if constant and verb and verb != "add":
        (module.sends if verb in SENDS else module.receives).add(constant)
        if verb == "follow":
            module.follows.add(constant)
    if verb == "add" and isinstance(node, ast.Attribute) and node.attr == "subject":
        module.sends |= {local[name] for name in [_name(node.value)] if name in local}
    for child in ast.iter_child_nodes(node):
        _visit(child, verb, local, module)


def _worked(call: ast.Call, tables: Mapping[str, ast.Dict]) -> set[tuple[str, str]]:
    """Service and task types of `worker_service("transcode", …, {RenderTask: handler})`; the handlers may
    have a name of their own, one of `tables`."""
    name = call.args[0] if call.args else None
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        return set()
    given = [*call.args, *(word.value for word in call.keywords)]
    return {
        (name.value, _name(key))
        for each in given
        if isinstance(table := tables.get(_name(each), each), ast.Dict)
        for key in table.keys
        if key is not None
    }


def _tables(tree: ast.AST) -> dict[str, ast.Dict]:
    """The dictionaries that a module gives names to."""
    found: dict[str, ast.Dict] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {_name(target): node.value for target in targets if _name(target)}
    return found


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
