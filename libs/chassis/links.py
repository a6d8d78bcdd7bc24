"""Absolute links: from the public URL, or else from the request, whose headers anybody may have written."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any
from urllib.parse import quote, urlsplit

from litestar.connection import ASGIConnection
from pydantic import Field, field_validator

from libs.chassis.hosts import Host, Hosts, parse_allowed, parse_host, parse_port
from libs.chassis.proxies import Proxies
from libs.chassis.settings import Fragment, Texts
from libs.contracts.errors import InvalidInputError

_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,99}){1,10}", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEMES = {"ws": "http", "wss": "https"}
"""Of pages, where a WebSocket came from."""

Connection = ASGIConnection[Any, Any, Any, Any]
"""A request or a WebSocket."""


class Links:
    """`public_url` is the base of all links; without it the request's own address is, as the outermost of
    the `proxies` saw it."""

    def __init__(self, public_url: str | None, proxies: Proxies) -> None:
        self._public = public_url
        self._proxies = proxies

    def base(self, request: Connection) -> str:
        """What all links begin with, without a slash at its end. Raises `InvalidInputError` for a hostile
        `Host`."""
        return self._public or self._address(request)

    def to(self, request: Connection, path: str) -> str:
        """The URL of `path` (absolute, not quoted). Raises as `base`."""
        return self.base(request) + quote(path)

    def _address(self, request: Connection) -> str:
        """Scheme, authority and prefix under which the client sent this request."""
        scheme, prefix = _page_scheme(request.scope["scheme"]), ""
        host: Host | None = None
        port: int | None = None
        if self._proxies.trusts(request.scope.get("client")):
            proto = _page_scheme(_last(request, "x-forwarded-proto").lower())
            scheme = proto if proto in _DEFAULT_PORTS else scheme
            host = parse_host(_last(request, "x-forwarded-host"))
            port = parse_port(_last(request, "x-forwarded-port"))
            prefix = _last(request, "x-forwarded-prefix").rstrip("/")
        name, own_port = host or _own_host(request)
        port = port or own_port
        authority = name if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{name}:{port}"
        return f"{scheme}://{authority}{prefix if _PREFIX.fullmatch(prefix) else ''}"


class AddressSettings(Fragment):
    """Under which address clients reach this system, and through whom."""

    public_url: str | None = Field(
        None,
        description="Under which URL clients reach this system; links in answers begin with it. Not set:"
        " taken from each request.",
    )
    trusted_proxies: list[str] = Field(
        ["127.0.0.0/8", "::1/128"],
        description="Proxies (addresses or networks) whose `X-Forwarded-*` headers are believed (JSON list)."
        " Who has such an address can forge `X-Forwarded-For`, as far as `REELBUS_TRUSTED_HOPS` lets him.",
    )
    trusted_hops: int | None = Field(
        None,
        description="Proxies between clients and these services, the gateway among them: as many entries of"
        " `X-Forwarded-For`, from the right, are believed at most, and each only if a trusted proxy wrote it."
        " The gateway alone: 1. Not set: all that trusted proxies wrote, which is right where proxies alone"
        " have addresses of `REELBUS_TRUSTED_PROXIES`.",
        ge=1,
    )
    allowed_hosts: Texts = Field(
        [],
        description="Host names under which this system is called (`media.example.com`, `*.example.com`; `*`:"
        " all; commas between them, or a JSON list), besides the host of `REELBUS_PUBLIC_URL`, addresses,"
        " `localhost` and names without a dot. Requests under others are answered 421: a page can have a name"
        " of its own lead here.",
    )

    @field_validator("public_url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        return parse_public_url(value) if value else None

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        return [str(ip_network(each, strict=False)) for each in value]

    @field_validator("trusted_hops", mode="before")
    @classmethod
    def _not_set(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, value: list[str]) -> list[str]:
        return [parse_allowed(each) for each in value]

    def proxies(self) -> Proxies:
        """Whom to believe, and how far."""
        return Proxies(self.trusted_proxies, hops=self.trusted_hops)

    def hosts(self) -> Hosts:
        """Under which names this system is reached."""
        return Hosts(self.public_url, self.allowed_hosts, self.proxies())


def parse_public_url(text: str) -> str:
    """`text` without its last slash. Raises `ValueError` unless it is an http(s) URL of a host, perhaps with
    a path."""
    url = urlsplit(text.strip())
    plain = not (url.query or url.fragment or url.username or url.password)
    if url.scheme not in _DEFAULT_PORTS or not plain or parse_host(url.netloc) is None:
        raise ValueError("must be a URL such as https://media.example.com or https://example.com/media")
    return f"{url.scheme}://{url.netloc}{quote(url.path.rstrip('/'), safe='/%')}"


def _page_scheme(scheme: str) -> str:
    return _SCHEMES.get(scheme, scheme)


def _own_host(request: Connection) -> Host:
    """What the request itself names; without that (HTTP/1.0) the address that it came to."""
    named = request.headers.getall("host", [])
    if not named and (server := request.scope.get("server")):
        name, port = server
        return (f"[{name}]" if ":" in name else name), port
    host = parse_host(named[0]) if len(named) == 1 else None
    if host is None:
        raise InvalidInputError("The Host header of the request makes no sense.")
    return host


def _last(request: Connection, header: str) -> str:
    """The value that the nearest proxy wrote: what stands before it may be its client's."""
    return ",".join(request.headers.getall(header, [])).rpartition(",")[2].strip()
