"""Commands in the documents are ones that can be given: read as a shell and the command itself would."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main

from libs.chassis.database import asyncpg_url
from reelbus.cli import app
from tests.deploy.rendered import ROOT, trees

DOCUMENTS = [
    *sorted(ROOT.glob("docs/operations/**/*.md")),
    *sorted(ROOT.glob("docs/how-to/*.md")),
]
BEGINNINGS = re.compile(
    r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?"
    r"(?:(?P<name>reelbus)|docker compose run --rm operator|.* -m reelbus) (?P<rest>[^…].*)"
)
WRONG: Any = typer.BadParameter.__base__
"""What a command line raises that is wrong; typer has no name of its own for it."""
_ID = "00000000-0000-0000-0000-000000000000"
PLACES = {"N": "1", "JOB_ID": _ID, "KEY_ID": _ID}
"""What stands for something of another shape than a text."""


def snippets(text: str) -> Iterator[tuple[str, bool]]:
    """Lines of blocks of code, and spans of code elsewhere; whether it is such a span."""
    blocks = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
    for block in blocks.finditer(text):
        for line in block[0].replace("\\\n", " ").splitlines()[1:-1]:
            yield line.strip(), False
    for span in re.findall(r"`([^`]+)`", blocks.sub("", text)):
        yield " ".join(span.split()), True


def commands(text: str) -> Iterator[list[str]]:
    """The arguments of `reelbus`. In prose, `reelbus dlq replay` is a name, with or without an example of its
    arguments; `…` after a command of the operator stands for its beginning."""
    operator = False
    for snippet, prose in snippets(text):
        found = BEGINNINGS.fullmatch(snippet)
        if found:
            operator = not found["name"]
            yield from _arguments(found["rest"], name=prose and not operator)
        elif operator and prose and (more := re.fullmatch(r"… ([a-z].+)", snippet)):
            yield from _arguments(more[1], name=False)


def _arguments(line: str, *, name: bool) -> Iterator[list[str]]:
    line = re.split(r" [|>]|;|&&", line)[0].replace("[", "").replace("]", "")
    words = [PLACES.get(each, each) for each in shlex.split(line, comments=True)]
    if name and all(re.fullmatch(r"[a-z][a-z-]*", each) for each in words):
        words.append("--help")
    yield words


def parse(words: list[str]) -> Any:
    """What click makes of the words: the command and its parameters. It is not run; `--help` ends it."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("reelbus", list(words))
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
    return context


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_name_commands_that_there_are(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("REELBUS_DATA", "REELBUS_NATS_URL", "REELBUS_DATABASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    for words in commands(path.read_text()):
        try:
            parse(words)
        except typer.Exit:
            capsys.readouterr()  # a page of help
        except WRONG as error:
            pytest.fail(f"reelbus {shlex.join(words)}: {error.format_message()}")


def test_runbooks_name_commands_that_need_no_terminal() -> None:
    """They are given to `kubectl exec` without `-it` too."""
    for path in ROOT.glob("docs/operations/**/*.md"):
        for words in commands(path.read_text()):
            if "--help" not in words:
                assert parse(words).params.get("yes") is not False, (path.name, words)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("`docker compose run --rm operator dlq list`, `… jobs list`", "'channel'"),
        ("```sh\nkubectl exec x -- python -m reelbus dlq shown 1\n```", "shown"),
        ("1. So:\n\n   ```sh\n   reelbus dlq show Q | less\n   ```\n", "'N'"),
        ("`reelbus keys creates`", "creates"),
        ("`reelbus logs jobs --tail 5`", "--tail"),
    ],
)
def test_what_cannot_be_given_is_found(text: str, problem: str) -> None:
    *_, last = commands(text)
    with pytest.raises(WRONG) as caught:
        parse(last)
    assert problem in caught.value.format_message()


def test_documents_name_objects_that_there_are() -> None:
    made = {
        (each["kind"].lower(), each["metadata"]["name"])
        for tree in ("kustomize dev", "kustomize prod", "helm prod")
        for each in trees()[tree]
    }
    kinds, named = "deployment|statefulset|scaledobject", 0
    for path in ROOT.glob("docs/operations/**/*.md"):
        found = re.findall(rf"\b({kinds})[ /]((?:reelbus-[a-z]+ ?)+)", path.read_text())
        for kind, names in found:
            for name in names.split():
                assert (kind, name) in made, (path.name, kind, name)
                named += 1
    assert named > 20


@pytest.mark.parametrize("query", ["", "?ssl=require", "?ssl=verify-full&application_name=x"])
def test_programs_of_postgresql_get_a_url_that_they_know(query: str) -> None:
    text = (ROOT / "docs/operations/backup.md").read_text()
    (script,) = re.findall(r"base64 -d \| (sed '[^']+')\)", text)
    url = f"postgresql+asyncpg://reelbus:word=@db.example:5432/reelbus{query}"
    done = subprocess.run(["sh", "-c", script], input=url, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == asyncpg_url(url)
