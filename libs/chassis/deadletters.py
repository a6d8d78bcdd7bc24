"""The dead letters: messages that were given up, with the reason, until an operator decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError as NoMessageError

from libs.chassis.delivery import REPLAYED, DeadLetter
from libs.contracts.errors import NotFoundError
from libs.contracts.streams import DLQ, dlq_subject

_PREFIX = "Reelbus-"
_TRACE = ("traceparent", "tracestate")


@dataclass(frozen=True)
class StoredLetter:
    """A dead letter in the stream; `sequence` is its number there."""

    sequence: int
    time: datetime | None
    letter: DeadLetter


async def bury(js: JetStreamContext, letter: DeadLetter) -> None:
    """Store a dead letter; burying the same delivery twice stores it once."""
    headers = {name: value for name, value in letter.headers.items() if name.lower() in _TRACE}
    headers |= {
        "Nats-Msg-Id": _id(letter),
        f"{_PREFIX}Subject": letter.subject,
        f"{_PREFIX}Stream": letter.stream,
        f"{_PREFIX}Consumer": letter.consumer,
        f"{_PREFIX}Sequence": str(letter.sequence),
        f"{_PREFIX}Attempts": str(letter.attempts),
        f"{_PREFIX}Code": letter.code,
        f"{_PREFIX}Reason": _ascii(" ".join(letter.reason.split())[:1000]),
    }
    await js.publish(dlq_subject(letter.subject), letter.body, stream=DLQ.name, headers=headers, timeout=5)


def _id(letter: DeadLetter) -> str:
    """The server drops a second message of the same id, whoever sent the first: nobody can tell it who has
    not seen the letter."""
    content = hashlib.sha256(letter.body).hexdigest()[:32]
    return f"{letter.stream}-{letter.consumer}-{letter.sequence}-{content}"


async def letters(js: JetStreamContext) -> AsyncIterator[StoredLetter]:
    """All dead letters, oldest first."""
    state = (await js.stream_info(DLQ.name)).state
    sequence = state.first_seq
    while state.messages and sequence <= state.last_seq:
        try:
            raw = await js.get_msg(DLQ.name, seq=sequence, next=True, subject="dlq.>")
        except NoMessageError:
            return
        if raw.seq is None:
            return
        yield _stored(raw.seq, raw.time, raw.data or b"", raw.headers or {})
        sequence = raw.seq + 1


async def letter(js: JetStreamContext, sequence: int) -> StoredLetter:
    """The dead letter of that number. Raises `NotFoundError`."""
    try:
        raw = await js.get_msg(DLQ.name, seq=sequence)
    except NoMessageError as error:
        raise NotFoundError(f"There is no dead letter {sequence}.") from error
    return _stored(sequence, raw.time, raw.data or b"", raw.headers or {})


async def replay(js: JetStreamContext, sequence: int) -> StoredLetter:
    """Send a dead letter to where it came from, marked as replayed, and remove it from here."""
    stored = await letter(js, sequence)
    headers = {name: value for name, value in stored.letter.headers.items() if name.lower() in _TRACE}
    headers |= {"Nats-Msg-Id": f"replay-{uuid4().hex}", REPLAYED: "1"}
    await js.publish(stored.letter.subject, stored.letter.body, headers=headers, timeout=5)
    await js.delete_msg(DLQ.name, sequence)
    return stored


async def drop(js: JetStreamContext, sequence: int) -> None:
    """Delete a dead letter for good. Raises `NotFoundError`."""
    await letter(js, sequence)
    await js.delete_msg(DLQ.name, sequence)


def _stored(sequence: int, time: datetime | None, body: bytes, headers: dict[str, str]) -> StoredLetter:
    def field(name: str, default: str = "") -> str:
        return headers.get(_PREFIX + name, default)

    return StoredLetter(
        sequence,
        time,
        DeadLetter(
            subject=field("Subject"),
            stream=field("Stream"),
            consumer=field("Consumer"),
            sequence=int(field("Sequence", "0")),
            attempts=int(field("Attempts", "0")),
            code=field("Code"),
            reason=_unicode(field("Reason")),
            body=body,
            headers=headers,
        ),
    )


def _ascii(text: str) -> str:
    """As JSON escapes: other characters do not survive the header parser of nats-py."""
    return json.dumps(text)[1:-1]


def _unicode(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:  # not written by `_ascii`
        return text
