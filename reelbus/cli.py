"""The `reelbus` command. Everything heavy is imported inside the command that needs it."""

import json
import shlex
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from reelbus.lazy import LazyGroup
from reelbus.stack.layout import Layout

app = typer.Typer(
    name="reelbus",
    cls=LazyGroup,
    help="Reelbus on one machine: start it, look at it, stop it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

NOT_READY = 3
UNKNOWN_NAME = 2

Data = Annotated[
    Path,
    typer.Option("--data", envvar="REELBUS_DATA", help="Data directory of the stack.", show_default=True),
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
DEFAULT_DATA = Path(".reelbus")


@app.command()
def up(  # noqa: PLR0917 (typer calls it by keyword)
    data: Data = DEFAULT_DATA,
    port: Annotated[int, typer.Option(help="Public port; 0 picks a free one.", min=0, max=65535)] = 8000,
    host: Annotated[
        str, typer.Option(help="Public address; 0.0.0.0 to be reachable from elsewhere.")
    ] = "127.0.0.1",
    replicas: Annotated[int, typer.Option(help="Processes per service.", min=1, max=16)] = 1,
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything is ready.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for readiness.", min=1)] = 120.0,
    quiet: Annotated[bool, typer.Option("--quiet", hidden=True)] = False,
) -> None:
    """Start the stack: NATS, PostgreSQL, S3, every service, and the gateway.

    Exits with 1 when it cannot start (or already runs), in plain words.
    """
    from reelbus.stack import control
    from reelbus.stack.progress import Progress
    from reelbus.stack.state import Phase, StackState

    layout = Layout.at(data)
    progress = Progress(typer.echo)
    if detach:
        ready = control.start_detached(
            layout, progress.show, host=host, port=port, replicas=replicas, timeout=timeout
        )
        _greet(layout, ready.public_url, f"Stop with: reelbus down --data {layout.root}")
        return

    from reelbus.stack.blueprint import Options
    from reelbus.stack.launch import run_stack

    greeted = False

    def show(state: StackState) -> None:
        nonlocal greeted
        progress.show(state)
        if state.phase is Phase.READY and not greeted:
            greeted = True
            _greet(layout, state.public_url, "Stop with Ctrl-C.")

    control.refuse_second(layout)
    run_stack(layout, Options(host, port, replicas), (lambda _: None) if quiet else show, timeout)


@app.command()
def down(data: Data = DEFAULT_DATA) -> None:
    """Stop the stack and wait until all of it is gone; fine when none runs."""
    from reelbus.stack import control
    from reelbus.stack.errors import NotRunningError

    begun = time.monotonic()
    try:
        control.stop(Layout.at(data))
    except NotRunningError as nothing:
        typer.echo(str(nothing))
        return
    typer.echo(f"Stopped in {time.monotonic() - begun:.1f} s.")


@app.command()
def status(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """Show every process. Exits with 0 when all are ready, with 3 when not or when nothing runs.

    States: waiting, starting, ready, unready (alive, but /ready fails), backoff (ended, restarts soon),
    stopping, stopped, failed.
    """
    from reelbus.stack import control

    layout = Layout.at(data)
    current = control.current_state(layout)
    if as_json:
        typer.echo(json.dumps([asdict(process) for process in current.processes], indent=1))
    else:
        running = f"at {current.public_url}" if current.supervisor and current.phase != "stopped" else ""
        typer.echo(f"Stack {current.phase} {running} (data: {layout.root})")
        for process in current.processes:
            where = f"pid {process.pid or '-':<8} port {process.port:<6}"
            line = f"  {process.name:<14} {process.state:<9} {where} restarts {process.restarts}"
            typer.echo(f"{line}  {process.detail}".rstrip())
        if current.error:
            typer.echo(f"The last start failed: {current.error}")
    if not current.healthy:
        raise typer.Exit(NOT_READY)


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="A process, or supervisor, migrations, s3-setup.")],
    data: Data = DEFAULT_DATA,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing what is added.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.", min=0)] = 50,
) -> None:
    """Show the log of one process. Exits with 2 when there is no such log."""
    from reelbus.stack import logs as files

    layout = Layout.at(data)
    names = files.names(layout)
    if name not in names:
        typer.echo(
            f"No log called {name!r} in {layout.logs}. There are: {', '.join(names) or 'none yet'}.", err=True
        )
        raise typer.Exit(UNKNOWN_NAME)
    path = layout.log(name)
    for line in files.tail(path, lines):
        typer.echo(line)
    if follow:
        try:
            for chunk in files.follow(path):
                typer.echo(chunk, nl=False)
        except KeyboardInterrupt:
            return


@app.command()
def env(data: Data = DEFAULT_DATA) -> None:
    """Print the running stack's connection settings for a shell: eval "$(reelbus env)"."""
    from reelbus.stack import connection

    for key, value in connection.load(data).environ().items():
        typer.echo(f"export {key}={shlex.quote(value)}")


@app.command()
def migrate(
    data: Data = DEFAULT_DATA,
    database_url: Annotated[
        str | None,
        typer.Option(
            envvar="REELBUS_DATABASE_URL",
            help="Instead of the database of the stack that runs.",
            show_envvar=True,
        ),
    ] = None,
) -> None:
    """Bring the database schema of every service up to date. Safe to repeat, and for several at once."""
    from libs.chassis.settings import DatabaseSettings
    from reelbus.operator import told
    from reelbus.stack import connection, setup

    url = database_url or told(DatabaseSettings(), "database_url")
    setup.migrate(url or connection.load(data).database_url)
    typer.echo("The database is up to date.")


@app.command()
def bucket() -> None:
    """Make sure of the bucket that the settings (REELBUS_S3_*) name. `up` does it for its own."""
    from libs.chassis.settings import StorageSettings
    from reelbus.stack import setup

    to = StorageSettings()
    keys = to.s3_access_key.get_secret_value(), to.s3_secret_key.get_secret_value()
    setup.ensure_bucket(to.s3_endpoint, *keys, to.s3_bucket, to.s3_region)
    typer.echo(f"The bucket {to.s3_bucket} is there.")


@app.command()
def secrets(
    folder: Annotated[Path, typer.Argument(help="Where they are kept.", file_okay=False)],
) -> None:
    """Make the credentials of a Compose installation, once, in a folder for each who needs some."""
    from reelbus import credentials

    credentials.write(folder)
    typer.echo(f"The credentials are in {folder}.")


@app.command("nats-users")
def nats_users(
    folder: Annotated[Path, typer.Argument(help="Where they are kept.", file_okay=False)],
    server: Annotated[str, typer.Option(help="How services reach it, e.g. tls://nats.example.com:4222.")],
    rotate: Annotated[
        list[str] | None,
        typer.Option(metavar="SERVICE", help="Give it a new user beside the old one. Can be repeated."),
    ] = None,
) -> None:
    """Make users of a NATS of your own: its configuration, and the keys of the Secret `reelbus`.

    With an upgrade, do it again in the same folder: rights may have changed, users and passwords stay. After
    a --rotate, when the services run with the new users, do it again without: the old ones go.
    """
    from reelbus import credentials

    credentials.write_nats_users(folder, server, rotate or ())
    typer.echo(f"For NATS: {folder / credentials.AUTHORIZATION}. For the Secret: {folder}/nats-url…")


@app.command()
def doctor(
    data: Data = DEFAULT_DATA,
    port: Annotated[int, typer.Option(help="The public port you mean to use.", min=1, max=65535)] = 8000,
    as_json: Json = False,
) -> None:
    """Check that this machine has what Reelbus needs. Exits with 1 when something is missing."""
    from reelbus import doctor as checks

    findings = checks.examine(Layout.at(data), port)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            typer.echo(f"{'✓' if finding.ok else '✗'} {finding.name:<20} {finding.message}")
            if not finding.ok and finding.fix:
                typer.echo(f"  mend it with: {finding.fix}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _greet(layout: Layout, url: str, stop_hint: str) -> None:
    typer.echo(f"\nReelbus is ready: {url}\nLogs: {layout.logs}\n{stop_hint}")
