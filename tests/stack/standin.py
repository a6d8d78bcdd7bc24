"""A service for the supervisor to look after; misbehaves when told to.

Files in `switches/` of the data directory steer it by instance name: `<name>.crash` ends it at start,
`<name>.unready` fails /ready, `<name>.child` makes it start a process that leaves its group.
"""

import http.server
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

NAME = os.environ.get("REELBUS_SERVICE_INSTANCE", "")
SWITCHES = Path(os.environ.get("REELBUS_DATA", "")) / "switches"


def told(what: str) -> bool:
    return (SWITCHES / f"{NAME}.{what}").exists()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/ready" and told("unready"):
            self.answer(503, {"ready": False})
        else:
            self.answer(200, {"name": NAME, "path": self.path, "pid": os.getpid(), "env": environment()})

    def do_POST(self) -> None:
        expected = int(self.headers["Content-Length"])
        size = len(self.rfile.read(1))
        SWITCHES.mkdir(exist_ok=True)
        (SWITCHES / "first-byte").touch()
        size += len(self.rfile.read(expected - 1))
        self.answer(200, {"name": NAME, "size": size})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *args: Any) -> None:
        return


def environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key.startswith("REELBUS_")}


def main() -> None:
    sys.stdout.write(f"{NAME} starts\n")
    sys.stdout.flush()
    if told("crash"):
        sys.exit("told to crash")
    if told("child"):
        subprocess.Popen(["sleep", "1000"], start_new_session=True)
    address = (os.environ["REELBUS_HTTP_HOST"], int(os.environ["REELBUS_HTTP_PORT"]))
    with http.server.ThreadingHTTPServer(address, Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
