"""URLs of strangers, read strictly: what two programs could read differently is refused."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urljoin, urlsplit

import idna

from libs.chassis.fetch.rules import FetchRules
from libs.contracts.errors import InvalidInputError, UnavailableError

_MAX_URL = 4096
_MAX_HOST = 253
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NETLOC = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:@%]+))(?::(?P<port>[0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NOT_IN_URLS = ("Cc", "Cs", "Zs", "Zl", "Zp")
_PATH = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True)
class Target:
    """One request: `host` is a lower-case ASCII name without a last dot, or an address without brackets;
    `path` has the query with it, all ASCII."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """What the `Host` header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"


def malformed(message: str) -> InvalidInputError:
    return InvalidInputError(message, error_code="URL_INVALID")


def forbidden(message: str) -> InvalidInputError:
    return InvalidInputError(message, error_code="URL_FORBIDDEN")


def away(message: str) -> UnavailableError:
    return UnavailableError(message, error_code="URL_AWAY")


def parse(url: str, rules: FetchRules) -> Target:
    """Raises `InvalidInputError` for what is no URL, or none that the rules allow."""
    _check_characters(url)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise malformed("This is not a valid URL.") from error
    if parts.scheme not in rules.schemes & _DEFAULT_PORTS.keys():
        names = " or ".join(f"{scheme}://" for scheme in sorted(rules.schemes))
        raise forbidden(f"The URL must begin with {names}.")
    if "@" in parts.netloc:
        raise forbidden("The URL must not carry a user name or a password.")
    found = _NETLOC.fullmatch(parts.netloc)
    if found is None:
        raise malformed("The URL has no valid host.")
    port = int(found["port"] or _DEFAULT_PORTS[parts.scheme])
    if port not in rules.ports:
        raise forbidden(f"The URL must not ask for port {port}.")
    host = _address(found["v6"]) if found["v6"] else _name(found["name"])
    path = quote(parts.path or "/", safe=_PATH)
    query = f"?{quote(parts.query, safe=_PATH + '?')}" if parts.query else ""
    return Target(parts.scheme, host, port, path + query)


def redirected(source: Target, location: bytes, rules: FetchRules) -> Target:
    """Where an answer's `Location` leads. Never back from https to http."""
    try:
        reference = location.decode("utf-8")
        _check_characters(reference)
        target = parse(urljoin(str(source), reference), rules)
    except ValueError as error:
        raise malformed("The URL redirects to what is no URL.") from error
    if source.scheme == "https" and target.scheme != "https":
        raise forbidden("The URL redirects from https to http.")
    return target


def _check_characters(url: str) -> None:
    """The standard library would drop some of these silently, and browsers read a backslash as a slash."""
    if len(url) > _MAX_URL:
        raise malformed(f"The URL is longer than {_MAX_URL} characters.")
    if "\\" in url or any(unicodedata.category(character) in _NOT_IN_URLS for character in url):
        raise malformed("The URL has characters in it that no URL has.")


def _address(host: str) -> str:
    try:
        return str(IPv6Address(host))
    except AddressValueError as error:
        raise malformed("The URL has no valid host.") from error


def _name(host: str) -> str:
    """A name in ASCII. An IPv4 address is taken as four decimal numbers only: resolvers read many more
    forms of them (`127.1`, `0x7f000001`, `017700000001`)."""
    try:
        if not host.isascii() and len(host) <= _MAX_HOST:
            host = idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError as error:
        raise malformed("The URL has no valid host.") from error
    host = host.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > _MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise malformed("The URL has no valid host.")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            IPv4Address(host)
        except AddressValueError as error:
            raise malformed("The URL has no valid host.") from error
    return host
