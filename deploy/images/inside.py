"""`python -m deploy.images.inside`: becomes the first process of a container, in namespaces of its own.

Reads from standard input, as JSON, what `container.Inside` has. Mounts vanish with the namespace.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from deploy.images.container import Inside

DEVICES = ("null", "zero", "full", "random", "urandom")
_DEATH_SIGNAL, _NO_NEW_PRIVILEGES = 1, 38
"""`PR_SET_PDEATHSIG` and `PR_SET_NO_NEW_PRIVS` of prctl(2)."""


def main() -> None:
    wish = Inside(**json.load(sys.stdin))
    root = Path(wish.root)
    _mount("--make-rprivate", "/")
    _read_only(root)
    owner = f"uid={wish.user},gid={wish.user}"
    _tmpfs(root / "scratch", f"mode=0700,{owner}")
    _tmpfs(root / "tmp", "mode=1777")
    _tmpfs(root / "run", "mode=0755")
    _tmpfs(root / "dev", "mode=0755")
    for name in DEVICES:
        (root / "dev" / name).touch()
        _mount("--bind", f"/dev/{name}", str(root / "dev" / name))
    (root / "dev" / "shm").mkdir()
    _tmpfs(root / "dev" / "shm", "mode=1777,size=64m")
    _mount("-t", "proc", "proc", str(root / "proc"))
    if wish.secrets:
        folder = root / "run" / "secrets" / "reelbus"
        folder.mkdir(parents=True)
        _bind_read_only(Path(wish.secrets), folder)
    os.chroot(root)
    os.chdir(wish.folder)
    _become(wish.user)
    with open("/dev/null") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.execvpe(wish.argv[0], wish.argv, wish.env)


def _read_only(root: Path) -> None:
    _bind_read_only(root, root)


def _bind_read_only(source: Path, target: Path) -> None:
    _mount("--bind", str(source), str(target))
    _mount("-o", "remount,bind,ro", str(target))


def _tmpfs(target: Path, options: str) -> None:
    _mount("-t", "tmpfs", "-o", f"nosuid,nodev,{options}", "tmpfs", str(target))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _become(user: int) -> None:
    """Without groups, capabilities, or a way to get any. Who changes loses the signal that `unshare` set."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    control = ctypes.CDLL(None).prctl
    for option, value in ((_DEATH_SIGNAL, signal.SIGKILL), (_NO_NEW_PRIVILEGES, 1)):
        if control(option, int(value), 0, 0, 0):
            raise OSError(f"The kernel refuses prctl {option}.")


if __name__ == "__main__":
    main()
