"""A page in one of its states."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.guest import Guest


@dataclass(frozen=True)
class Place:
    """``name``: the audience, then what is seen. ``rule``: the address. ``reach``: the way there, in any language.

    ``status``: what the page is answered with.
    """

    name: str
    rule: str
    reach: Callable[[Guest], object]
    status: int = 200

    @property
    def audience(self) -> str:
        return self.name.partition("-")[0]
