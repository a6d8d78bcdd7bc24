"""Who may do what in the jobs contract: every kind of credentials at every endpoint and every way to the
WebSocket, as one table says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.client import Operator
from tests.integration.credentials import Shown, every_kind
from tests.integration.office import Colleague, Listening
from tests.stack.harness import NO_TLS, Stack, wait_until

TABLE = """
                               list create look cancel upload get head | header subprotocol query
none                            401    401  401    401    401 401  401 | client      client client
garbage bearer                  401    401  401    401    401 401  401 |   4401        4401  4401
garbage key                     401    401  401    401    401 401  401 |   4401        4401  4401
jwt                             200    200  200    200    200 200  200 |   user        user  user
jwt rs256                       200    200  200    200    200 200  200 |   user        user  user
jwt that reads                  200    403  200    403    403 200  200 |   user        user  user
jwt that writes                 403    200  403    200    200 403  403 |   4403        4403  4403
jwt with other scopes           403    403  403    403    403 403  403 |   4403        4403  4403
bob's jwt                       200    400  404    404    200 404  404 |   4403        4403  4403
expired jwt                     401    401  401    401    401 401  401 |   4401        4401  4401
jwt without an end              401    401  401    401    401 401  401 |   4401        4401  4401
jwt of tomorrow                 401    401  401    401    401 401  401 |   4401        4401  4401
jwt for others                  401    401  401    401    401 401  401 |   4401        4401  4401
jwt by others                   401    401  401    401    401 401  401 |   4401        4401  4401
jwt unsigned                    401    401  401    401    401 401  401 |   4401        4401  4401
jwt by public key               401    401  401    401    401 401  401 |   4401        4401  4401
jwt rs256 of no key             401    401  401    401    401 401  401 |   4401        4401  4401
jwt rs256 of another key        401    401  401    401    401 401  401 |   4401        4401  4401
key                             200    200  200    200    200 200  200 |   user        user  user
key that reads                  200    403  200    403    403 200  200 |   user        user  user
key that writes                 403    200  403    200    200 403  403 |   4403        4403  4403
bob's key                       200    400  404    404    200 404  404 |   4403        4403  4403
revoked key                     401    401  401    401    401 401  401 |   4401        4401  4401
jwt + key                       200    200  200    200    200 200  200 |   user        user  user
jwt + key that reads            200    403  200    403    403 200  200 |   user        user  user
jwt that writes + key that reads 403   403  403    403    403 403  403 |   4403        4403  4403
jwt + bob's key                 401    401  401    401    401 401  401 |   4401        4401  4401
garbage bearer + key            401    401  401    401    401 401  401 |   4401        4401  4401
jwt + revoked key               401    401  401    401    401 401  401 |   4401        4401  4401
"""
"""What Ann's things answer. A socket is the `user`'s, the `client`'s of the enhancement contract, which is
open to all, or closed with a code. Bob may list and upload, and not name Ann's files."""

CHANNELS = {"PONG": "user", "JOB_UPDATE": "user", "JOB_COMPLETED": "user", "connection": "client"}
"""By the type of what a socket is told first."""
MESSAGES = {401: "Invalid or missing authentication token", 403: "Insufficient permissions"}
Request = Callable[[httpx.Client], httpx.Response]


def rows() -> dict[str, dict[str, str]]:
    """By credentials, the expected results by column."""
    heads, *lines = TABLE.replace("|", " ").strip().splitlines()
    columns = heads.split()
    split = [line.rsplit(maxsplit=len(columns)) for line in lines]
    return {name: dict(zip(columns, expected, strict=True)) for name, *expected in split}


@pytest.fixture(scope="module")
def shown(stack: Stack, operator: Operator) -> dict[str, Shown]:
    return every_kind(operator)


@pytest.fixture(scope="module")
def calls(stack: Stack, small_bunny: Path) -> dict[str, Request]:
    """Every endpoint, by column, asked for Ann's things. A job is completed, another is cancelled already:
    cancelling it again changes nothing. What is created is the same job each time."""
    ann = Colleague(stack, "ann")
    clip = ann.upload(small_bunny)
    done = ann.edit(clip, target_width=426, target_height=240)
    stopped = ann.edit(clip, target_width=3840, target_height=2160, fit="blur")
    assert ann.http.delete(f"/jobs/{stopped}").status_code == 200
    assert ann.ended(done)["status"] == "COMPLETED"
    wanted = {"input_path": clip, "target_duration": 5, "target_width": 426, "target_height": 240}
    body = {"job_type": "VIDEO_EDIT", "input_data": wanted}
    once = {"Idempotency-Key": uuid4().hex}
    output = f"/outputs/{done}/output.mp4"
    return {
        "list": lambda http: http.get("/jobs"),
        "create": lambda http: http.post("/jobs", json=body, headers=once),
        "look": lambda http: http.get(f"/jobs/{done}"),
        "cancel": lambda http: http.delete(f"/jobs/{stopped}"),
        "upload": lambda http: http.post("/uploads", files={"file": ("a.txt", b"a", "text/plain")}),
        "get": lambda http: http.get(output),
        "head": lambda http: http.head(output),
    }


@pytest.mark.parametrize("name", rows())
def test_endpoints(stack: Stack, shown: dict[str, Shown], calls: dict[str, Request], name: str) -> None:
    expected = rows()[name]
    with httpx.Client(base_url=stack.url, headers=shown[name].headers, timeout=30, verify=NO_TLS) as http:
        answers = {column: call(http) for column, call in calls.items()}
    assert {column: str(answer.status_code) for column, answer in answers.items()} == {
        column: expected[column] for column in calls
    }
    for answer in answers.values():
        if answer.is_error:
            _is_refusal(answer)


@pytest.mark.parametrize("name", rows())
def test_sockets(stack: Stack, shown: dict[str, Shown], name: str) -> None:
    expected = rows()[name]
    url = f"{stack.url.replace('http', 'ws', 1)}/ws/ann"
    credentials = shown[name]
    first, others = credentials.all[:1], credentials.all[1:]
    second = {"X-API-Key": others[0]} if others else {}
    query = urlencode([("token", each) for each in credentials.all])
    found = {
        "header": _met(Listening(url, credentials.headers)),
        "subprotocol": _met(Listening(url, second, *(["bearer", *first] if first else []))),
        "query": _met(Listening(f"{url}?{query}", {})),
    }
    assert found == {way: expected[way] for way in found}


def test_every_kind_is_in_the_table(shown: dict[str, Shown]) -> None:
    assert rows().keys() == shown.keys()


def test_a_subprotocol_without_a_token_is_no_credential(stack: Stack) -> None:
    """It must not fall back to the channel that is open to all."""
    socket = Listening(f"{stack.url.replace('http', 'ws', 1)}/ws/ann", {}, "bearer")
    assert (_met(socket), socket.subprotocol) == ("4401", "bearer")


def _met(socket: Listening) -> str:
    """Whose channel a socket is, or the code that it was closed with before it was told anything."""
    try:
        with suppress(ConnectionClosed):  # refused by now
            socket.send("PING")
        wait_until(lambda: socket.code is not None or socket.told)
        if socket.code is not None:
            assert socket.told == []
            return str(socket.code)
        return CHANNELS[socket.told[0]["type"]]
    finally:
        socket.close()


def _is_refusal(answer: httpx.Response) -> None:
    """The envelope of the family, whose headers alone a HEAD gets."""
    status = answer.status_code
    assert answer.headers["content-type"] == "application/json"
    assert (answer.headers.get("www-authenticate") == "Bearer") == (status == 401)
    if answer.request.method == "HEAD":
        assert answer.content == b""
        return
    body = answer.json()
    assert body.keys() == {"error", "message"} | ({"details"} if status == 400 else set())
    assert body["error"] == HTTPStatus(status).phrase
    assert body["message"] == MESSAGES.get(status, body["message"])
