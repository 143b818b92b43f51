"""A database with something happening before or after each of its transactions: another worker, or a crash."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.fakes.object_store import no_fault
from transfer_service.ports import Database, Work


class HookedDatabase:
    """Runs ``before(step)`` before a transaction begins and ``after(step)`` once it is committed.

    ``step`` is ``reading`` or ``changing``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.before: Callable[[str], None] = no_fault
        self.after: Callable[[str], None] = no_fault

    @contextmanager
    def reading(self) -> Iterator[Work]:
        self.before("reading")
        with self._database.reading() as work:
            yield work
        self.after("reading")

    @contextmanager
    def changing(self) -> Iterator[Work]:
        self.before("changing")
        with self._database.changing() as work:
            yield work
        self.after("changing")

    def check(self) -> None:
        self._database.check()


def once(step: str, act: Callable[[], object]) -> Callable[[str], None]:
    """A hook that acts the first time that ``step`` comes, and never again."""
    pending = [act]

    def hook(called: str) -> None:
        if called == step and pending:
            pending.pop()()

    return hook
