"""Names under which this system is reached, and which of them are its own: a stranger can have a name of his
lead to any address (DNS rebinding), and his page, which came from that name, may do there what it likes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from libs.chassis.health import Scope
from libs.chassis.proxies import Proxies

_HOST = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_][A-Za-z0-9._-]{0,252})(?::(?P<port>[0-9]{1,5}))?", re.ASCII
)
_ANY = "*"
_BELOW = "*."
_LOCALHOST = ".localhost"
_FORWARDED = b"x-forwarded-host"
_REMEMBERED = 256
"""Names that are not looked at anew with every request: there are few, of those who may call."""

Host = tuple[str, int | None]
"""A name or an address (IPv6 in brackets), and a port."""


class BadHostError(Exception):
    """A `Host` that is none, or several."""


class Hosts:
    """Ours are the host of `public_url`, the names in `allowed` (`*.example.com` for all below that one, `*`
    for all there are), and what no stranger can have lead elsewhere: addresses, `localhost`, and names
    without a dot, which are in no public DNS (machines of a network, services of Compose and Kubernetes)."""

    def __init__(self, public_url: str | None, allowed: Sequence[str], proxies: Proxies) -> None:
        self.public = parse_host(urlsplit(public_url).netloc) if public_url else None
        self._any = _ANY in allowed
        self._below = tuple(each.removeprefix(_ANY) for each in allowed if each.startswith(_BELOW))
        self._names = {*allowed, *([plain(self.public[0])] if self.public else [])}
        self._proxies = proxies

    def ours(self, named: Sequence[Host]) -> bool:
        """Whether a request that came to these (`named`) came to us. One that names nobody (HTTP/1.0) is no
        browser's."""
        return self._any or all(self._is_ours(plain(name)) for name, _ in named)

    def named(self, scope: Scope) -> list[Host]:
        """What a request, or a WebSocket, came to: its `Host`, and what our nearest proxy says that it was.
        Raises `BadHostError`; a proxy that makes no sense is not heard, as with links."""
        own = [value for name, value in scope["headers"] if name == b"host"]
        found = [parse_host(value.decode("latin-1")) for value in own]
        if len(own) > 1 or None in found:
            raise BadHostError
        values = [value for name, value in scope["headers"] if name == _FORWARDED]
        if values and self._proxies.trusts(scope.get("client")):
            last = b",".join(values).rpartition(b",")[2]
            found.append(parse_host(last.decode("latin-1").strip()))
        return [host for host in found if host is not None]

    def _is_ours(self, name: str) -> bool:
        return name in self._names or _harmless(name) or name.endswith(self._below)


@lru_cache(_REMEMBERED)
def parse_host(text: str) -> Host | None:
    """`None` for what is no host with an optional port."""
    found = _HOST.fullmatch(text)
    if found is None:
        return None
    name, port = found["name"], found["port"]
    if name.startswith("[") and not _is_address(name):
        return None
    return None if port and not parse_port(port) else (name, parse_port(port or ""))


def parse_port(text: str) -> int | None:
    """`None` for what is no port."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    return number if 0 < number < 1 << 16 else None


def parse_allowed(text: str) -> str:
    """A name, `*.` and a name, or `*`, in lower case and without a dot at its end. Raises `ValueError`."""
    text = plain(text.strip())
    host = None if text == _ANY else parse_host(text.removeprefix(_BELOW))
    if text != _ANY and (host is None or host[1] is not None):
        raise ValueError("hosts are names such as media.example.com or *.example.com, without port, or *")
    return text


def _harmless(name: str) -> bool:
    return "." not in name or _is_address(name) or name.endswith(_LOCALHOST)


@lru_cache(_REMEMBERED)
def _is_address(name: str) -> bool:
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def plain(name: str) -> str:
    """The one way to write a name, of several that mean the same."""
    return name.lower().removesuffix(".")
