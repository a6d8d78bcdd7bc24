"""Users of NATS: one for each service, with the rights that it needs (`rights.json`, generated from what the
code sends and receives), and one for operators, with all."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypedDict

from reelbus.stack.secrets import Secrets

OPERATOR = "reelbus"
ANSWERED_WITHIN = "5m"
"""How long after a call its answer may be sent; no caller waits longer."""


class Rights(TypedDict):
    """Subjects that a service may publish and subscribe to, and whether it answers calls."""

    publish: list[str]
    subscribe: list[str]
    answers: bool


@cache
def rights() -> Mapping[str, Rights]:
    """By service."""
    found: Mapping[str, Rights] = json.loads(Path(__file__).with_name("rights.json").read_text())
    return found


def passwords(keys: Secrets) -> dict[str, str]:
    """By user: that of the operator, and one for each service, of which none tells another."""
    secret = keys.nats_services_key.encode()
    return {
        OPERATOR: keys.nats_password,
        **{service: hmac.digest(secret, service.encode(), "sha256").hex() for service in rights()},
    }


def urls(keys: Secrets, server: str) -> dict[str, str]:
    """By user, how he reaches NATS at `server` (host:port)."""
    return {user: f"nats://{user}:{password}@{server}" for user, password in passwords(keys).items()}


def authorization(
    words: Mapping[str, str], allowed: Mapping[str, Rights] | None = None, operator: str = OPERATOR
) -> str:
    """The part of NATS' configuration that knows the users, with their passwords (or bcrypt hashes), and what
    each of them is `allowed`; the operator is everything."""
    allowed = rights() if allowed is None else allowed
    known = "".join(_user(name, words[name], allowed.get(name)) for name in (operator, *allowed))
    return f"authorization {{\n  users: [\n{known}  ]\n}}\n"


def _user(name: str, password: str, allowed: Rights | None) -> str:
    head = f"    {{\n      user: {json.dumps(name)}\n      password: {json.dumps(password)}\n"
    if allowed is None:
        return f"{head}    }}\n"
    answers = f'        allow_responses: {{ max: 1, expires: "{ANSWERED_WITHIN}" }}\n'
    return (
        f"{head}      permissions: {{\n"
        f"        publish: {{ allow: [\n{_listed(allowed['publish'])}        ] }}\n"
        f"        subscribe: {{ allow: [\n{_listed(allowed['subscribe'])}        ] }}\n"
        f"{answers if allowed['answers'] else ''}"
        "      }\n    }\n"
    )


def _listed(subjects: list[str]) -> str:
    return "".join(f"          {json.dumps(subject)}\n" for subject in subjects)
