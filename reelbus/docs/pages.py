"""All generated files: what they should hold, writing them, and finding the stale ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import reelbus
from libs.contracts.registry import messages
from reelbus import dashboards
from reelbus.docs import asyncapi, events, monitoring, openapi, operations, rights, schemas, settings
from reelbus.docs.compat import Finding, Level, review
from reelbus.docs.errors import DocsError
from reelbus.docs.usage import checked_usage
from reelbus.stack import gateway

MEND = "make docs"


def checkout() -> Path:
    """The checkout that this code runs from. Raises `DocsError` when it is an installed package."""
    root = Path(reelbus.__file__).resolve().parents[1]
    if not (root / "pyproject.toml").exists():
        raise DocsError("Documents are made in a checkout of the repository, not from an installed package.")
    return root


def pages(root: Path) -> dict[Path, str]:
    """What every generated page should hold, by path below `root`."""
    usage = checked_usage(root)
    wanted = {
        Path("docs/events.md"): events.page(usage),
        Path("docs/settings.md"): settings.page(),
        Path("docs/api/asyncapi.json"): schemas.text_of(asyncapi.document(usage)),
        Path("docs/api/openapi.json"): schemas.text_of(openapi.document()),
        **dashboards.pages(),
        operations.METRICS: operations.metrics(),
        operations.RUNBOOKS / "README.md": operations.runbooks(root),
        monitoring.RULES: monitoring.rules(root),
        Path("deploy/compose/Caddyfile"): gateway.compose_config(),
        rights.PATH: rights.page(usage),
        rights.DEVELOPMENT: rights.development(usage),
    }
    return {**wanted, monitoring.DASHBOARDS: monitoring.dashboards(root, wanted)}


def findings(root: Path) -> list[Finding]:
    """How the messages in the code differ from their golden schemas, worst first."""
    kinds = {message.name: message.kind for message in messages()}
    return review(schemas.golden(root), schemas.current(), kinds)


def stale(root: Path, wanted: Mapping[Path, str]) -> list[Path]:
    """Which of these files hold something else or are missing."""
    return [path for path, text in sorted(wanted.items()) if _held(root / path) != text]


def stale_schemas(root: Path) -> list[Path]:
    """As `stale`, for the golden schemas, with those whose message is gone."""
    wanted = schemas.files(schemas.current())
    return sorted({*stale(root, wanted), *_orphans(root, wanted)})


def write(root: Path, wanted: Mapping[Path, str]) -> list[Path]:
    """Bring these files up to date; which ones were not."""
    changed = stale(root, wanted)
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(wanted[path])
    return changed


def write_schemas(root: Path, accepted: Collection[str] = ()) -> list[Path]:
    """Bring the golden schemas up to date. Raises `DocsError` for changes that break a message which is
    not `accepted`; nothing is written then."""
    broken = [each for each in findings(root) if each.level is Level.BREAKING]
    if refused := [each for each in broken if each.message not in accepted]:
        raise DocsError("\n".join(["The golden schemas stay as they are.", *map(str, refused)]))
    if vain := set(accepted) - {each.message for each in broken}:
        raise DocsError(f"Nothing is broken in {', '.join(sorted(vain))}.")
    wanted = schemas.files(schemas.current())
    gone = _orphans(root, wanted)
    for path in gone:
        (root / path).unlink()
    return sorted([*write(root, wanted), *gone])


def _orphans(root: Path, wanted: Mapping[Path, str]) -> list[Path]:
    found = (path.relative_to(root) for path in (root / schemas.FOLDER).glob("*.json"))
    return sorted(path for path in found if path not in wanted)


def _held(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
