"""`reelbus docs`: the documents that are made from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Make the documents that come from the code, and check that they are fresh.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command()
def build() -> None:
    """Write all pages, dashboards and API documents that are generated, and the golden schemas.

    Exits with 1, and leaves the schemas alone, when a message changed so that its other side breaks.
    """
    from reelbus.docs import pages

    root = pages.checkout()
    wanted = pages.pages(root)
    _careful(root)
    _written([*pages.write_schemas(root), *pages.write(root, wanted)])


@app.command()
def check() -> None:
    """Exit with 1 when a generated document is stale, a message changed incompatibly, or a link of any
    document leads nowhere."""
    from reelbus.docs import links, pages
    from reelbus.docs.errors import DocsError

    root = pages.checkout()
    _worst(root)
    if astray := links.broken(root):
        raise DocsError("\n".join(["These links lead nowhere:", *(f"  {link}" for link in astray)]))
    _fresh([*pages.stale_schemas(root), *pages.stale(root, pages.pages(root))])


@app.command("schemas")
def golden(
    only_check: Annotated[bool, typer.Option("--check", help="Write nothing.")] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="A message whose breaking change is meant, by name; may be repeated."),
    ] = None,
) -> None:
    """Write the golden schemas of all messages, unless a message changed incompatibly (exit code 1)."""
    from reelbus.docs import pages

    root = pages.checkout()
    if only_check:
        _worst(root)
        _fresh(pages.stale_schemas(root))
    else:
        _careful(root)
        _written(pages.write_schemas(root, accept or ()))


def _careful(root: Path) -> None:
    """Show what can be done, with the care that it needs."""
    from reelbus.docs import pages
    from reelbus.docs.compat import Level

    for finding in pages.findings(root):
        if finding.level is not Level.BREAKING:
            typer.echo(str(finding))


def _worst(root: Path) -> None:
    """Show all differences; raise `DocsError` when one of them breaks something."""
    from reelbus.docs import pages
    from reelbus.docs.compat import Level
    from reelbus.docs.errors import DocsError

    found = pages.findings(root)
    for finding in found:
        typer.echo(str(finding), err=finding.level is not Level.FINE)
    if any(finding.level is Level.BREAKING for finding in found):
        raise DocsError("Messages changed so that one side cannot read the other.")


def _fresh(stale: list[Path]) -> None:
    from reelbus.docs.errors import DocsError
    from reelbus.docs.pages import MEND

    if stale:
        lines = [f"  {path}" for path in stale]
        raise DocsError("\n".join(["These files are stale:", *lines, f"Mend it with: {MEND}"]))
    typer.echo("The documents are fresh.")


def _written(changed: list[Path]) -> None:
    for path in changed:
        typer.echo(f"wrote {path}")
    if not changed:
        typer.echo("Everything was up to date.")
