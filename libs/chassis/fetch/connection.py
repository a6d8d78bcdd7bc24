"""From a name to a connection with an address that was checked."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

import httpcore

from libs.chassis.fetch.addresses import Address
from libs.chassis.fetch.answers import bad_answer
from libs.chassis.fetch.urls import Target, away, forbidden

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Addresses of a name and a port, best first."""

_MAX_HEAD = 64 << 10
_MAX_ADDRESSES = 4
_NO_SUCH_NAME = (socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY)


async def system_resolve(host: str, port: int) -> list[str]:
    """As the machine resolves names. Raises `socket.gaierror`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def public_tls() -> ssl.SSLContext:
    """Verifies certificates and names against the authorities of the system and of certifi."""
    return httpcore.default_ssl_context()


class HeadBound(httpcore.AsyncNetworkStream):
    """A connection on which the head of an answer, interim answers included, has a bounded size. `ended`
    says whether the other side stopped sending."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left = _MAX_HEAD
        self._in_head = True
        self.ended = False

    def head_came(self) -> None:
        self._in_head = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._in_head:
            if not self._left:
                raise bad_answer("The server sends headers without end.")
            max_bytes = min(max_bytes, self._left)
        data = await self._stream.read(max_bytes, timeout)
        self._left -= len(data) if self._in_head else 0
        self.ended = not data
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()


class Dialer:
    """Connects to names all of whose addresses are `allowed`."""

    def __init__(self, allowed: Callable[[Address], bool], resolve: Resolve, tls: ssl.SSLContext) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._tls = tls
        self._backend = httpcore.AnyIOBackend()
        tls.set_alpn_protocols(["http/1.1"])

    async def connect(self, target: Target, *, limit: float) -> HeadBound:
        """Within `limit` seconds. The name is resolved once; the certificate is that of the name."""
        async with asyncio.timeout(limit):
            addresses = await self._addresses(target)
            stream = await self._reach(addresses, target.port, limit / len(addresses))
            try:
                if target.scheme == "https":
                    stream = await stream.start_tls(self._tls, server_hostname=target.host)
            except BaseException:
                await stream.aclose()
                raise
            return HeadBound(stream)

    async def _addresses(self, target: Target) -> list[Address]:
        try:
            addresses = [ip_address(target.host)]
        except ValueError:
            addresses = await self._look_up(target)
        if not addresses or not all(self._allowed(address) for address in addresses):
            # One answer for both: it must not tell which names the own network has.
            raise forbidden("The URL leads to no host on the public internet.")
        return addresses[:_MAX_ADDRESSES]

    async def _look_up(self, target: Target) -> list[Address]:
        try:
            found = await self._resolve(target.host, target.port)
        except socket.gaierror as error:
            if error.errno not in _NO_SUCH_NAME:
                raise away("The host of the URL cannot be looked up now.") from error
            return []
        return [ip_address(address) for address in found]

    async def _reach(
        self, addresses: Sequence[Address], port: int, each: float
    ) -> httpcore.AsyncNetworkStream:
        """A connection with the first address that answers; one that is silent has `each` seconds."""
        for address in addresses:
            try:
                return await self._backend.connect_tcp(str(address), port, timeout=each)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure
