"""`python -m libs.chassis.healthcheck [path]`: whether the service of this container answers (`/ready`).

A container runtime runs it every few seconds: it knows where the service listens and nothing else, and loads
nothing but the standard library.
"""

from __future__ import annotations

import http.client
import os
import sys

TIMEOUT = 4.0
"""Seconds: less than the runtime waits, so that it hears a reason."""
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared, not bound)


def problem(host: str, port: int, path: str) -> str | None:
    """Why the service is not well; `None` when it is."""
    connection = http.client.HTTPConnection(_EVERYWHERE.get(host, host), port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read(2000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{path} does not answer: {error or type(error).__name__}"
    finally:
        connection.close()
    return None if answer.status == http.HTTPStatus.OK else f"{path} answers {answer.status}: {text}"


def main(arguments: list[str]) -> None:
    host = os.environ.get("REELBUS_HTTP_HOST", "")
    port = int(os.environ.get("REELBUS_HTTP_PORT", "8080"))
    sys.exit(problem(host, port, arguments[0] if arguments else "/ready"))


if __name__ == "__main__":
    main(sys.argv[1:])
