"""Where everything of one stack is kept."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from reelbus.stack.errors import StackError

SETUID_HOME = Path("/var/lib/reelbus")


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below one data directory (absolute)."""

    root: Path

    @classmethod
    def at(cls, data_dir: Path) -> "Layout":
        return cls(data_dir.expanduser().absolute())

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    @property
    def nats(self) -> Path:
        return self.root / "nats"

    @property
    def s3(self) -> Path:
        return self.root / "s3"

    @property
    def caddy(self) -> Path:
        return self.root / "caddy"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def setuid_postgres(self) -> Path:
        """PostgreSQL's home when it must run as another user, who cannot enter the 0700 data directory."""
        return SETUID_HOME / hashlib.sha256(str(self.root).encode()).hexdigest()[:16]

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def create(self) -> None:
        """Make the directories, private to this user.

        Raises:
            StackError: the directory cannot be made or belongs to somebody else.
        """
        try:
            for path in (self.root, self.logs, self.scratch, self.nats, self.s3, self.caddy, self.postgres):
                path.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o700)
        except OSError as error:
            message = (
                f"Cannot use the data directory {self.root}: {error.strerror}. Name another with --data."
            )
            raise StackError(message) from error

    def clear_scratch(self) -> None:
        """Drop what killed tasks left behind; only for the holder of the lock."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True, exist_ok=True)
