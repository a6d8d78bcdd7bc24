"""Checks of the machine, each with plain words and the command that mends it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from reelbus import fonts, models
from reelbus.stack import host, lock, ports, state
from reelbus.stack.errors import StackError
from reelbus.stack.host import PostgresMode
from reelbus.stack.layout import SETUID_HOME, Layout

ENCODERS = ("libx264", "libx265", "libvpx-vp9", "aac", "libopus")
FILTERS = ("hqdn3d", "unsharp", "normalize", "zscale", "tonemap", "bwdif", "ass")
SERVERS = {"nats-server": "--version", "juicefs": "version", "caddy": "version"}
MINIMUM_PYTHON = (3, 11)
MINIMUM_FREE = 2 * 1024**3
MINIMUM_SHM = 16 * 1024**2
RUN_TIMEOUT = 20

SETUP = "make setup"
SHM = Path("/dev/shm")  # noqa: S108  (looked at, not written to)


@dataclass(frozen=True, slots=True)
class Finding:
    """`fix` is a command, or a sentence where no single command does; empty when all is well."""

    name: str
    ok: bool
    message: str
    fix: str = ""


def examine(layout: Layout, port: int) -> list[Finding]:
    return [
        _python(),
        _ffmpeg(),
        _ffprobe(),
        _fonts(),
        *(_server(name, flag) for name, flag in SERVERS.items()),
        _postgres(),
        _speech_model(),
        _data_dir(layout),
        _port(layout, port),
        _shared_memory(),
    ]


def lacking(listing: str, wanted: Iterable[str]) -> list[str]:
    """Names absent from the second column of `ffmpeg -encoders` or `-filters`."""
    present = {words[1] for line in listing.splitlines() if len(words := line.split()) > 1}
    return [name for name in wanted if name not in present]


def _ffmpeg_fix() -> str:
    if sys.platform == "darwin":
        return "brew install ffmpeg"
    return "apt-get install -y ffmpeg" if os.geteuid() == 0 else "sudo apt-get install -y ffmpeg"


def _python() -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    ok = sys.version_info[:2] >= MINIMUM_PYTHON
    return Finding(
        "Python", ok, found if ok else f"{found} is too old; 3.11 or newer is needed", "" if ok else SETUP
    )


def _run(*argv: str) -> str:
    """Standard output. Raises OSError or subprocess.SubprocessError when it does not run to a good end."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=RUN_TIMEOUT, check=True)
    return done.stdout


def _tool(name: str, variable: str) -> tuple[str, str | None]:
    """What the user named or the default, and where it is."""
    wanted = os.environ.get(variable) or name
    return wanted, shutil.which(wanted)


def _missing(name: str, wanted: str, variable: str) -> Finding:
    message = f"{wanted} is not installed or not on the PATH ({variable} may name another one)"
    return Finding(name, False, message, _ffmpeg_fix())


def _ffmpeg() -> Finding:
    wanted, path = _tool("ffmpeg", "REELBUS_FFMPEG")
    if path is None:
        return _missing("ffmpeg", wanted, "REELBUS_FFMPEG")
    try:
        encoders = lacking(_run(path, "-hide_banner", "-encoders"), ENCODERS)
        filters = lacking(_run(path, "-hide_banner", "-filters"), FILTERS)
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("ffmpeg", False, f"{path} does not run: {error}", _ffmpeg_fix())
    problems = [
        f"{kind} {', '.join(names)}"
        for kind, names in (("encoders", encoders), ("filters", filters))
        if names
    ]
    if problems:
        return Finding("ffmpeg", False, f"{path} lacks the {' and the '.join(problems)}", _ffmpeg_fix())
    return Finding("ffmpeg", True, f"{path}, with every encoder and filter needed")


def _ffprobe() -> Finding:
    wanted, path = _tool("ffprobe", "REELBUS_FFPROBE")
    if path is None:
        return _missing("ffprobe", wanted, "REELBUS_FFPROBE")
    return _runs("ffprobe", path, lambda: _run(path, "-version"), _ffmpeg_fix())


def _fonts() -> Finding:
    try:
        missing = fonts.lacking()
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("fonts", False, f"fontconfig does not run: {error}", SETUP)
    if missing:
        return Finding("fonts", False, f"captions cannot draw {', '.join(missing)}", SETUP)
    return Finding("fonts", True, f"{fonts.USUAL}, and all {len(fonts.WRITINGS)} writings that captions need")


def _runs(name: str, path: str, call: Callable[[], str], fix: str) -> Finding:
    try:
        first = (call().splitlines() or [""])[0]
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(name, False, f"{path} does not run: {error}", fix)
    return Finding(name, True, first or path)


def _server(name: str, flag: str) -> Finding:
    try:
        path = str(host.binary(name))
    except StackError:
        return Finding(name, False, f"{name} is not installed", SETUP)
    return _runs(name, path, lambda: _run(path, flag), SETUP)


def _postgres() -> Finding:
    """The same way to run it as the stack takes."""
    try:
        path = host.postgres_binary("postgres")
    except StackError:
        return Finding("postgres", False, "PostgreSQL is not installed", SETUP)
    mode = host.postgres_mode()
    if mode is PostgresMode.SETUID and not _world_reachable(path):
        message = "root may not make user namespaces here, and the user nobody cannot reach the programs"
        return Finding(
            "postgres", False, message, "run as a normal user, or put the checkout where all may read it"
        )
    prefix = host.USER_NAMESPACE if mode is PostgresMode.USER_NAMESPACE else ()
    found = _runs("postgres", str(path), lambda: _run(*prefix, str(path), "--version"), SETUP)
    if not found.ok:
        return found
    where = f", data in {SETUID_HOME}" if mode is PostgresMode.SETUID else ""
    return Finding("postgres", True, f"{found.message} ({mode}{where})")


def _speech_model() -> Finding:
    """That of the settings which the speech service would have."""
    name = os.environ.get("REELBUS_SPEECH_MODEL") or models.WHISPER_BASE.name
    folder = models.root() / name
    is_own = name == models.WHISPER_BASE.name
    if models.whole(folder) if is_own else all((folder / each).is_file() for each in models.NEEDED):
        return Finding("speech model", True, str(folder))
    if not is_own:
        message = f"{name} is not in {models.root()}"
        if os.environ.get("REELBUS_SPEECH_DOWNLOAD", "").lower() in {"1", "true", "yes", "on"}:
            return Finding("speech model", True, f"{message}; it is downloaded when speech starts")
        return Finding("speech model", False, message, "REELBUS_SPEECH_DOWNLOAD=true reelbus up")
    return Finding("speech model", False, f"{folder} is missing or not whole", models.COMMAND)


def _world_reachable(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents])


def _data_dir(layout: Layout) -> Finding:
    parent = next(path for path in [layout.root, *layout.root.parents] if path.exists())
    try:
        with tempfile.TemporaryFile(dir=parent):
            free = shutil.disk_usage(parent).free
    except OSError as error:
        message = f"{layout.root} cannot be written: {error.strerror}"
        return Finding("data directory", False, message, "reelbus up --data DIR, with a directory of yours")
    message = f"{layout.root}, {free / 1024**3:.0f} GB free"
    if free < MINIMUM_FREE:
        return Finding(
            "data directory", False, f"{message}; 2 GB are needed", "free some space, or use --data DIR"
        )
    return Finding("data directory", True, message)


def _port(layout: Layout, port: int) -> Finding:
    name = f"port {port}"
    if ports.bind_error("127.0.0.1", port) is None:
        return Finding(name, True, "free")
    if lock.holder(layout.lock) is not None and state.load(layout.state).public_port == port:
        return Finding(name, True, "used by this stack")
    return Finding(name, False, "taken by another program, or not allowed", f"reelbus up --port {port + 1}")


def _shared_memory() -> Finding:
    """PostgreSQL keeps the shared memory of parallel queries there."""
    if sys.platform != "linux":
        return Finding("shared memory", True, "not a matter on this system")
    fix = "mount -t tmpfs -o size=64m tmpfs /dev/shm (containers: --shm-size 64m)"
    if not SHM.is_dir() or not os.access(SHM, os.W_OK):
        return Finding("shared memory", False, f"{SHM} is missing or cannot be written", fix)
    free = shutil.disk_usage(SHM).free
    message = f"{SHM}, {free // 1024**2} MB free"
    return Finding("shared memory", free >= MINIMUM_SHM, message, "" if free >= MINIMUM_SHM else fix)
