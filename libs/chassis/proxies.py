"""Who is at the other end: our own proxies are believed when they say for whom they ask, nobody else is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from litestar.connection import ASGIConnection

_Address = IPv4Address | IPv6Address
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+", re.ASCII)
_UNKNOWN = "unknown"


class Proxies:
    """`trusted` are addresses or networks. `hops` is how many of them a request passes at most, if that is
    known."""

    def __init__(self, trusted: Sequence[str], *, hops: int | None = None) -> None:
        self._trusted = [ip_network(each, strict=False) for each in trusted]
        self._hops = hops

    def trusts(self, peer: tuple[str, int] | None) -> bool:
        """Whether the other end of a connection is a proxy of ours."""
        address = _address(peer[0] if peer else "")
        return address is not None and self._ours(address)

    def client(self, request: ASGIConnection[Any, Any, Any, Any]) -> str:
        """Whoever sent the request to the outermost of our proxies, as something to count by: an IPv4
        address, or the /64 network of an IPv6 one, since that is what one customer gets.

        Each proxy adds the address that it was called from. So the chain is read from its end, and each entry
        needs a trusted writer. Where clients have trusted addresses too, only the number of hops ends it."""
        peer = request.scope.get("client")
        found = _address(peer[0] if peer else "")
        if found is None:
            return _UNKNOWN
        chain = ",".join(request.headers.getall("x-forwarded-for", [])).split(",")
        for entry in chain[: -self._hops - 1 : -1] if self._hops else reversed(chain):
            before = _address(entry.strip()) if self._ours(found) else None
            if before is None:  # nobody to believe, nonsense, or nothing: the last one is all that we know of
                break
            found = before
        return str(found if isinstance(found, IPv4Address) else ip_network((found, 64), strict=False))

    def _ours(self, address: _Address) -> bool:
        return any(address in network for network in self._trusted)


def _address(text: str) -> _Address | None:
    """The address in `text`, which may have a port; IPv4 that was mapped into IPv6 is IPv4."""
    if with_port := _WITH_PORT.fullmatch(text):
        text = with_port[1] or with_port[2] or ""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found
