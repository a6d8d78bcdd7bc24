"""How long to wait before a restart."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Seconds. The wait doubles with every failure in a row, up to `cap`; `jitter` spreads it by that share.

    A process that stayed ready for `forgive_after` starts again from `first`. A process that ends
    `give_up_after` times before it was ever ready cannot start: that ends a starting stack, never a
    running one.
    """

    first: float = 0.2
    cap: float = 15.0
    jitter: float = 0.25
    forgive_after: float = 30.0
    give_up_after: int = 3

    def delay(self, failures: int, rng: random.Random) -> float:
        """`failures` in a row, from 1."""
        steps = min(max(failures - 1, 0), 16)
        base: float = min(self.cap, self.first * 2**steps)
        return min(self.cap, base * (1 + rng.uniform(-self.jitter, self.jitter)))
