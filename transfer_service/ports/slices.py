"""Slice: one page of a list."""

from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Slice(Generic[R]):
    """One page of a list, newest first, and the cursor of the next page where there is one."""

    items: list[R]
    next_cursor: str | None
