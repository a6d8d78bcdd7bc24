"""One download, hop by hop: `httpcore` speaks HTTP/1.1 on a connection that was made here. It knows no
proxies, no redirects, no cookies and no compression."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore

from libs.chassis.fetch import answers
from libs.chassis.fetch.addresses import Address, is_public
from libs.chassis.fetch.connection import Dialer, HeadBound, Resolve, public_tls, system_resolve
from libs.chassis.fetch.pace import Pace
from libs.chassis.fetch.rules import FetchRules
from libs.chassis.fetch.urls import Target, away, forbidden, parse, redirected
from libs.contracts.errors import InvalidInputError

_BLOCK = 64 << 10
_BROKEN_OFF = "The server of the URL broke off."


@dataclass(frozen=True)
class Fetched:
    """A file that is coming. `name`, `content_type` and `length` (bytes) are hostile claims; a name may be
    empty. `chunks` raises `TooLargeError` and `UnavailableError`, and can be read once, inside the block."""

    name: str
    content_type: str
    length: int | None
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True)
class _Answer:
    """The head of an answer, and what its body comes from."""

    target: Target
    status: int
    headers: answers.Headers
    body: Any
    stream: HeadBound


class Fetcher:
    """Downloads within `rules`.

    Raises `InvalidInputError` for what the URL's author can mend (`details["error_code"]`: `URL_INVALID`,
    `URL_FORBIDDEN`, `URL_INSECURE`, `URL_REFUSED`, `URL_BAD_ANSWER`), `TooLargeError`, and
    `UnavailableError` (`URL_AWAY`) where trying later may help. Messages tell nothing of addresses.
    `allowed`, `resolve` and `tls` are other than the defaults in tests only.
    """

    def __init__(
        self,
        rules: FetchRules,
        *,
        allowed: Callable[[Address], bool] = is_public,
        resolve: Resolve = system_resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.rules = rules
        self._dialer = Dialer(allowed, resolve, tls or public_tls())

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Fetched]:
        """The file behind `url`, while the block runs; the connection ends with it."""
        deadline = asyncio.get_running_loop().time() + self.rules.total_limit
        async with AsyncExitStack() as stack:
            answer = await self._follow(parse(url, self.rules), stack, deadline)
            max_size = self.rules.max_size
            head = answers.head(answer.status, answer.headers, answer.target.path, max_size=max_size)
            chunks = await stack.enter_async_context(aclosing(self._chunks(answer, deadline)))
            yield Fetched(head.name, head.content_type, head.length, chunks)

    async def _follow(self, target: Target, stack: AsyncExitStack, deadline: float) -> _Answer:
        """The answer that is no redirect; its connection is on the stack."""
        for _ in range(self.rules.max_redirects + 1):
            answer = await self._ask(target, stack, deadline)
            if answer.status not in answers.REDIRECTS:
                return answer
            await stack.aclose()
            target = redirected(target, answers.location(answer.headers), self.rules)
        raise forbidden("The URL redirects too often.")

    async def _ask(self, target: Target, stack: AsyncExitStack, deadline: float) -> _Answer:
        rules = self.rules
        origin = httpcore.Origin(target.scheme.encode(), target.host.encode(), target.port)
        with _translated(None):
            async with asyncio.timeout_at(deadline):
                stream = await self._dialer.connect(target, limit=rules.connect_limit)
        stack.push_async_callback(stream.aclose)
        connection = httpcore.AsyncHTTP11Connection(origin, stream)
        with _translated(stream):
            async with asyncio.timeout_at(deadline), asyncio.timeout(rules.idle_limit):
                response = await connection.handle_async_request(_request(origin, target))
        stream.head_came()
        return _Answer(target, response.status, answers.Headers(response.headers), response.stream, stream)

    async def _chunks(self, answer: _Answer, deadline: float) -> AsyncGenerator[bytes, None]:
        """The body in blocks; pieces of the network may be far smaller."""
        rules, loop, size, block = self.rules, asyncio.get_running_loop(), 0, bytearray()
        pace = Pace(rules.least_rate, rules.rate_window)
        async with aclosing(aiter(answer.body)) as body:
            while True:
                begun = loop.time()
                with _translated(answer.stream):
                    async with asyncio.timeout_at(min(deadline, begun + rules.idle_limit)):
                        chunk: bytes | None = await anext(body, None)
                if chunk is None:
                    break
                size += len(chunk)
                if size > rules.max_size:
                    raise answers.too_large(rules.max_size)
                pace.came(len(chunk), loop.time() - begun)
                block += chunk
                if len(block) >= _BLOCK:
                    yield bytes(block)
                    block.clear()
        if block:
            yield bytes(block)
        await answer.stream.aclose()


def _request(origin: httpcore.Origin, target: Target) -> httpcore.Request:
    url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target.path.encode())
    headers = [
        (b"Host", target.netloc.encode()),
        (b"User-Agent", b"Reelbus"),
        (b"Accept", b"*/*"),
        (b"Accept-Encoding", b"identity"),
        (b"Connection", b"close"),
    ]
    return httpcore.Request(b"GET", url, headers=headers)


@contextmanager
def _translated(stream: HeadBound | None) -> Iterator[None]:
    """Errors of the network as named ones; `stream` is what they happened on, once there is one."""
    try:
        yield
    except (TimeoutError, httpcore.TimeoutException) as error:
        raise away("The server of the URL takes too long.") from error
    except httpcore.RemoteProtocolError as error:
        if stream is not None and stream.ended:
            raise away(_BROKEN_OFF) from error
        raise answers.bad_answer("The server of the URL does not speak HTTP.") from error
    except httpcore.ConnectError as error:
        if isinstance(error.__cause__, ssl.SSLError):
            message = "No secure connection with the server of the URL can be made; is its certificate valid?"
            raise InvalidInputError(message, error_code="URL_INSECURE") from error
        raise away("The server of the URL does not answer.") from error
    except (httpcore.NetworkError, OSError) as error:
        raise away(_BROKEN_OFF) from error
