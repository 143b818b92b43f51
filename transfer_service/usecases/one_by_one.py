"""One by one: what the worker does to many packets, releases or links, of many organizations, in one go."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar
from uuid import UUID

from transfer_service.domain.link import Link
from transfer_service.domain.packet import Packet
from transfer_service.domain.release import Release
from transfer_service.errors import Unavailable

T = TypeVar("T", Packet, Release, Link)


class OneByOne:
    """Goes through them so that one which fails keeps no other from its turn.

    Failures are raised when all had theirs, so that they are logged: each one's once, until it succeeds, for
    what is broken stays broken. Without a lock: where two threads share it, a failure may be raised by both.
    """

    def __init__(self) -> None:
        self._failing: set[UUID] = set()

    def do(self, things: Iterable[T], act: Callable[[T], bool]) -> int:
        """How many ``act`` did something to. ``Unavailable`` at once: the next would fare no better."""
        done, failures = 0, dict[UUID, Exception]()
        for thing in things:
            try:
                done += act(thing)
                self._failing.discard(thing.id)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001  # whatever is wrong with this one, the others go on
                error.add_note(f"It was {type(thing).__name__.lower()} {thing.id}.")
                failures[thing.id] = error
        self._raise_new(failures)
        return done

    def _raise_new(self, failures: Mapping[UUID, Exception]) -> None:
        new = [error for thing_id, error in failures.items() if thing_id not in self._failing]
        self._failing.update(failures)
        if len(new) == 1:
            raise new[0]
        if new:
            raise ExceptionGroup("some failed; the others were done", new)
