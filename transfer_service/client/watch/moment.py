"""Now, on two clocks."""

import time
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds: ``wall_s`` of the system's clock, which outlives the process; ``steady_s`` of one that nobody sets."""

    wall_s: float
    steady_s: float

    @classmethod
    def now(cls) -> Self:
        """As the clocks stand."""
        return cls(time.time(), time.monotonic())
