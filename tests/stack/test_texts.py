"""Logs on disk and lines on the terminal."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from reelbus import lazy
from reelbus.cli import app
from reelbus.stack import logs
from reelbus.stack.progress import Progress
from reelbus.stack.state import Phase, ProcessState, ProcessStatus, StackState


def test_rotation_keeps_one_older_file(tmp_path: Path) -> None:
    log = tmp_path / "edge.log"
    for text in ("first", "second"):
        log.write_text(text)
        logs.rotate(log, limit=3)
    assert [path.name for path in tmp_path.iterdir()] == ["edge.log.1"]
    assert (tmp_path / "edge.log.1").read_text() == "second"
    log.write_text("x")
    logs.rotate(log, limit=3)
    assert log.exists()


def test_tail(tmp_path: Path) -> None:
    log = tmp_path / "edge.log"
    log.write_text("a\nb\nc\n")
    assert logs.tail(log, 2) == ["b", "c"]
    assert logs.tail(log, 0) == []
    assert logs.tail(tmp_path / "none", 2) == []


def test_follow_goes_on_after_a_rotation(tmp_path: Path) -> None:
    log = tmp_path / "edge.log"
    log.write_text("a long first line\n")
    chunks = logs.follow(log)
    log.write_text("a long first line\nmore\n")
    assert next(chunks) == "more\n"
    log.write_text("anew\n")
    assert next(chunks) == "anew\n"


def test_progress_says_each_change_once() -> None:
    said: list[str] = []
    progress = Progress(said.append)
    edge = ProcessStatus("edge", 1)
    stack = StackState(phase=Phase.STARTING, processes=[edge])
    for state in (ProcessState.STARTING, ProcessState.READY, ProcessState.READY):
        edge.state = state
        progress.show(stack)
    stack.phase = Phase.READY
    edge.state, edge.detail = ProcessState.BACKOFF, "ended by signal 9"
    progress.show(stack)
    progress.show(stack)
    edge.state, edge.restarts = ProcessState.READY, 1
    progress.show(stack)
    assert [" ".join(line.split()[:3]) for line in said] == ["✓ edge ready", "✗ edge ended", "✓ edge ready"]
    assert said[1].endswith("ended by signal 9; restarting")
    assert said[2].endswith("ready again")


def test_sub_commands_are_imported_when_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "later_command.py").write_text(
        "import typer\napp = typer.Typer()\n"
        "@app.callback()\ndef main() -> None: 'Later.'\n"
        "@app.command()\ndef greet() -> None: print('hello')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(lazy.SUBCOMMANDS, "later", "later_command")
    runner = CliRunner()
    assert "hello" in runner.invoke(app, ["later", "greet"]).stdout
    assert "later" in runner.invoke(app, ["--help"]).stdout


def test_errors_are_plain_words(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["env", "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "Error: No stack runs in" in done.output
