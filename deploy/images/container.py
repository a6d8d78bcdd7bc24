"""Runs processes from images as a container would: as PID 1 and user 10001 without capabilities, a read-only
root, memory for /scratch and /tmp, secrets as files. The network is that of the machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from deploy.images.names import ROOT, USER, ImageError

NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
NSENTER = "/usr/bin/nsenter"
PATIENCE = 10.0
TAIL = 30


@dataclass(frozen=True)
class Inside:
    """What becomes of the process: its `root` and `secrets` are folders of the machine."""

    root: str
    secrets: str | None
    folder: str
    user: int
    argv: list[str]
    env: dict[str, str]


class Container:
    """The process of one image. `settings` are variables besides those of the image, `image` what
    `buildah.configuration` said."""

    def __init__(
        self,
        name: str,
        root: Path,
        image: Mapping[str, Any],
        settings: Mapping[str, str],
        secrets: Path | None,
    ) -> None:
        self.name = name
        self._root = root
        self._image = image
        self._secrets = secrets
        self._env = {**_pairs(image["Env"]), **settings}
        self._process: subprocess.Popen[bytes] | None = None
        self.log = root.parent / f"{name}.log"

    def start(self, log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = self._launch(self._image["Entrypoint"], output, subprocess.STDOUT)

    def command(self, *arguments: str) -> str:
        """Standard output of the image's program with `arguments`, run to its end. Raises `ImageError`."""
        process = self._launch([*self._image["Entrypoint"], *arguments], subprocess.PIPE, subprocess.PIPE)
        out, err = process.communicate(timeout=120)
        if process.returncode:
            raise ImageError(
                f"{self.name} {arguments[0]} ended with {process.returncode}:\n{(out + err).decode()}"
            )
        return out.decode()

    def await_health(self, patience: float) -> float:
        """Seconds until the health check of the image is content. Raises `ImageError`."""
        begun = time.monotonic()
        while (said := self._health()) is not None:
            if not self.runs:
                raise ImageError(f"{self.name} ended:\n{self.last_words()}")
            if time.monotonic() - begun > patience:
                raise ImageError(f"{self.name} is not healthy: {said}\n{self.last_words()}")
            time.sleep(0.2)
        return time.monotonic() - begun

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, grace: float) -> float:
        """Seconds from SIGTERM to the end. Raises `ImageError` when it does not end by itself with 0."""
        assert self._process is not None
        begun = time.monotonic()
        os.kill(self._first().pid, signal.SIGTERM)
        try:
            code = self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ImageError(
                f"{self.name} still ran {grace:g} s after SIGTERM:\n{self.last_words()}"
            ) from None
        if code:
            raise ImageError(f"{self.name} ended with {code}:\n{self.last_words()}")
        return time.monotonic() - begun

    def kill(self) -> None:
        if self.runs and self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL:])

    def output(self, *argv: str) -> str:
        """Standard output of another program beside the process. Raises `ImageError`."""
        done = self._beside(argv)
        if done.returncode:
            raise ImageError(f"{self.name}: {argv[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def _health(self) -> str | None:
        """What is wrong, by the command of the image."""
        kind, *argv = self._image["Healthcheck"]["Test"]
        if kind != "CMD":
            raise ImageError(f"{self.name}: its health check needs a shell.")
        try:
            done = self._beside(argv)
        except psutil.Error:
            return "its process is not there yet"
        return None if done.returncode == 0 else (done.stdout + done.stderr).strip() or str(done.returncode)

    def _beside(self, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Raises `psutil.Error` while the process is still becoming what it shall be."""
        first = self._first()
        if first.uids().real != USER:
            raise psutil.AccessDenied(first.pid)
        enter = [
            f"--target={first.pid}",
            "--mount",
            "--pid",
            "--root",
            "--wd",
            f"--setuid={USER}",
            f"--setgid={USER}",
        ]
        return subprocess.run(
            [NSENTER, *enter, "--", *argv],
            env=self._env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def _first(self) -> psutil.Process:
        """The first process of the namespace, as the machine numbers it."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        if not children:
            raise psutil.NoSuchProcess(self._process.pid)
        return children[0]

    def _launch(self, argv: Sequence[str], stdout: Any, stderr: Any) -> subprocess.Popen[bytes]:
        inside = Inside(
            root=str(self._root),
            secrets=str(self._secrets) if self._secrets else None,
            folder=self._image["WorkingDir"] or "/",
            user=USER,
            argv=list(argv),
            env=self._env,
        )
        process = subprocess.Popen(
            [*NAMESPACES, sys.executable, "-m", "deploy.images.inside"],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            cwd=ROOT,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(asdict(inside)).encode())
        process.stdin.close()
        process.stdin = None
        return process


def _pairs(env: Sequence[str]) -> dict[str, str]:
    return {name: value for name, _, value in (each.partition("=") for each in env)}
