"""`docs/api/asyncapi.json`: the bus as an AsyncAPI 3.0 document, made from the registry and the usage.

Channels are subjects; an operation is what one service does with one of them. A call is a `send` with a reply
at its caller and a `receive` with a reply at its server; reply channels have no address of their own (NATS
inboxes).
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from libs.contracts.base import Method
from libs.contracts.registry import Kind, WireMessage, declarations, messages
from libs.contracts.tasks import LANES, SERVICE_OF
from reelbus.docs.schemas import canonical
from reelbus.docs.usage import Usage
from reelbus.docs.words import doc_of

Json = dict[str, Any]

_REPLY_ADDRESS = {"description": "The caller's inbox.", "location": "$message.header#/reply"}


def document(usage: Usage) -> Json:
    """The whole document."""
    known = [message for message in messages() if message.kind is not Kind.DOCUMENT]
    roots, parts = msgspec.json.schema_components(
        [message.type for message in known], ref_template="#/components/schemas/{name}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Reelbus",
            "version": version("reelbus"),
            "description": "Events, signals, calls and tasks between the services of Reelbus.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "nats": {
                "host": "127.0.0.1:4222",
                "protocol": "nats",
                "description": "NATS with JetStream; REELBUS_NATS_URL says where.",
            }
        },
        "channels": {message.name: _channel(message) for message in known},
        "operations": _operations(usage),
        "components": {
            "messages": {
                message.name: _message(message, _plain(canonical(root)))
                for message, root in zip(known, roots, strict=True)
            },
            "schemas": {name: _plain(canonical(parts[name])) for name in sorted(parts)},
        },
    }


def _channel(message: WireMessage) -> Json:
    channel: Json = {
        "address": message.name.removesuffix(".request"),
        "messages": {message.name: {"$ref": f"#/components/messages/{message.name}"}},
    }
    if message.kind is Kind.REPLY:
        channel["address"] = None
    if message.kind is Kind.TASK:
        channel["address"] = "tasks.{service}.{lane}"
        channel["parameters"] = {
            "service": {"enum": sorted(set(SERVICE_OF.values())), "description": "The worker service."},
            "lane": {"enum": list(LANES), "description": "Whether somebody waits for it."},
        }
    return channel


def _message(message: WireMessage, payload: Json) -> Json:
    found: Json = {"name": message.name, "contentType": "application/json"}
    if text := doc_of(message.type):
        found["summary"] = text.partition("\n\n")[0].replace("\n", " ")
    return {**found, "tags": [{"name": message.kind.value}], "payload": payload}


def _operations(usage: Usage) -> Json:
    found: Json = {}
    for constant, value in declarations().items():
        for action, people in (("send", usage.senders[constant]), ("receive", usage.receivers[constant])):
            for who in people:
                if isinstance(value, Method):
                    operation = _operation(action, f"{value.subject}.request", who)
                    operation["reply"] = _reply(value)
                else:
                    operation = _operation(action, value.subject, who)
                found[f"{_id(who)}.{action}.{value.subject}"] = operation
    for who in usage.planners:
        found[f"{_id(who)}.send.tasks"] = _operation("send", "tasks", who)
    for who in set[str]().union(*usage.workers.values()):
        found[f"{_id(who)}.receive.tasks"] = _operation("receive", "tasks", who)
    return {name: found[name] for name in sorted(found)}


def _operation(action: str, channel: str, who: str) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{channel}"}],
        "tags": [{"name": _id(who)}],
    }


def _reply(method: Method[Any]) -> Json:
    channel = f"{method.subject}.reply"
    return {
        "address": _REPLY_ADDRESS,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{channel}"}],
    }


def _id(who: str) -> str:
    return who.partition(" ")[0]


def _plain(value: Any) -> Any:
    """A schema as AsyncAPI has it: a discriminator is the name of a property there."""
    if isinstance(value, dict):
        return {
            name: part["propertyName"] if _discriminates(name, part) else _plain(part)
            for name, part in value.items()
        }
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _discriminates(name: str, part: Any) -> bool:
    return name == "discriminator" and isinstance(part, dict) and "mapping" in part
