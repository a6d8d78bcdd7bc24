"""`reelbus dlq`: what was given up, why, and what to do with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from libs.contracts.errors import NotFoundError
from reelbus.operator import DEFAULT_DATA, Data, DefaultData, Json, NatsUrl, address, age, run, table
from reelbus.stack.errors import StackError

if TYPE_CHECKING:
    from nats.js import JetStreamContext

    from libs.chassis.deadletters import StoredLetter

app = typer.Typer(
    help="Dead letters: messages that were given up. Look at them, send them again, or drop them.",
    no_args_is_help=True,
    add_completion=False,
)

Numbers = Annotated[list[int] | None, typer.Argument(metavar="N…", help="Numbers from `reelbus dlq list`.")]
All = Annotated[bool, typer.Option("--all", help="All of them, or all that --subject picks.")]
Subject = Annotated[str, typer.Option(help="With --all: only where the message was headed for PREFIX…")]


@app.command("list")
def show_all(
    subject: Annotated[str, typer.Option(help="Only what was headed for subjects that begin so.")] = "",
    as_json: Json = False,
    data: Data = None,
    nats_url: NatsUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """List all dead letters, oldest first."""
    found = run(address(data, nats_url, default_data), lambda client: _letters(client, subject))
    if as_json:
        typer.echo(json.dumps([_plain(each) for each in found], indent=1, ensure_ascii=False))
    elif not found:
        typer.echo("There are no dead letters.")
    else:
        typer.echo(_table(found))


@app.command()
def show(
    number: Annotated[int, typer.Argument(metavar="N", help="Number from `reelbus dlq list`.")],
    as_json: Json = False,
    data: Data = None,
    nats_url: NatsUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """Show one dead letter whole."""
    from libs.chassis.deadletters import letter

    found = run(address(data, nats_url, default_data), lambda client: letter(client.jetstream(), number))
    if as_json:
        typer.echo(json.dumps(_plain(found), indent=1, ensure_ascii=False))
        return
    for name, value in _plain(found).items():
        if name not in ("body", "headers"):
            typer.echo(f"{name:<10} {value}")
    for name, value in sorted(found.letter.headers.items()):
        typer.echo(f"{'header':<10} {name}: {value}")
    typer.echo(f"\n{_pretty(found.letter.body)}")


@app.command()
def replay(  # noqa: PLR0917 (typer calls it by keyword)
    numbers: Numbers = None,
    everything: All = False,
    subject: Subject = "",
    data: Data = None,
    nats_url: NatsUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """Send dead letters to where they came from. An event goes to all who consume it, who know it by then:
    handlers are idempotent. The replay of a task reopens its failed job."""
    from libs.chassis.deadletters import replay as send

    def done(stored: StoredLetter) -> str:
        return f"{stored.sequence} sent to {stored.letter.subject}"

    async def one(js: JetStreamContext, number: int) -> str:
        return done(await send(js, number))

    url = address(data, nats_url, default_data)
    _for_each(url, _picked(url, numbers, everything, subject), one)


@app.command()
def drop(  # noqa: PLR0917 (typer calls it by keyword)
    numbers: Numbers = None,
    everything: All = False,
    subject: Subject = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data: Data = None,
    nats_url: NatsUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """Delete dead letters for good."""
    from libs.chassis.deadletters import drop as delete

    async def one(js: JetStreamContext, number: int) -> str:
        await delete(js, number)
        return f"{number} dropped"

    url = address(data, nats_url, default_data)
    picked = _picked(url, numbers, everything, subject)
    if picked and not yes:
        typer.confirm(f"Delete {len(picked)} dead letter{'s' * (len(picked) > 1)} for good?", abort=True)
    _for_each(url, picked, one)


def _picked(url: str, numbers: list[int] | None, everything: bool, subject: str) -> list[int]:
    if bool(numbers) == everything or (numbers and subject):
        raise StackError("Say which: numbers, or --all (with --subject PREFIX for some of them).")
    if numbers:
        return list(dict.fromkeys(numbers))
    found = [each.sequence for each in run(url, lambda client: _letters(client, subject))]
    if not found:
        typer.echo("There are no dead letters.")
    return found


def _for_each(url: str, numbers: list[int], work: Callable[[JetStreamContext, int], Any]) -> None:
    """Do it to every letter; those that fail are named at the end, with exit code 1."""
    from nats.errors import Error as NatsError

    async def each(client: Any) -> list[str]:
        failures = []
        for number in numbers:
            try:
                typer.echo(await work(client.jetstream(), number))
            except (NatsError, NotFoundError) as error:
                failures.append(f"{number}: {str(error) or type(error).__name__}")
        return failures

    if failures := run(url, each):
        raise StackError("\n".join(failures))


async def _letters(client: Any, subject: str) -> list[StoredLetter]:
    """The dead letters; none when no service has made the stream yet."""
    from nats.js.errors import NotFoundError as NoStreamError

    from libs.chassis.deadletters import letters

    try:
        found = [each async for each in letters(client.jetstream())]
    except NoStreamError:
        return []
    return [each for each in found if each.letter.subject.startswith(subject)]


def _table(found: list[StoredLetter]) -> str:
    rows = [
        (
            str(each.sequence),
            age(each.time),
            each.letter.subject,
            each.letter.code,
            str(each.letter.attempts),
            each.letter.reason,
        )
        for each in found
    ]
    return table(("N", "Age", "Subject", "Code", "Attempts", "Reason"), rows)


def _plain(stored: StoredLetter) -> dict[str, Any]:
    letter = stored.letter
    return {
        "number": stored.sequence,
        "time": stored.time.isoformat() if stored.time else None,
        "subject": letter.subject,
        "code": letter.code,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "stream": letter.stream,
        "consumer": letter.consumer,
        "sequence": letter.sequence,
        "headers": letter.headers,
        "body": _body(letter.body),
    }


def _body(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:  # what does not decode is often why it is here
        return data.decode(errors="backslashreplace")


def _pretty(data: bytes) -> str:
    body = _body(data)
    return body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
