"""One by one: what the worker does to many packets, of many organizations, in one go."""

from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from transfer_service.domain.packet import Packet
from transfer_service.errors import Unavailable


class OneByOne:
    """Goes through packets so that one which fails keeps no other from its turn.

    Failures are raised when all had theirs, so that they are logged: each packet's once, until it succeeds, for
    what is broken stays broken. Without a lock: where two threads share it, a failure may be raised by both.
    """

    def __init__(self) -> None:
        self._failing: set[UUID] = set()

    def do(self, packets: Iterable[Packet], act: Callable[[Packet], bool]) -> int:
        """How many ``act`` did something to. ``Unavailable`` at once: the next packet would fare no better."""
        done, failures = 0, dict[UUID, Exception]()
        for packet in packets:
            try:
                done += act(packet)
                self._failing.discard(packet.id)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001  # whatever is wrong with this one, the others go on
                error.add_note(f"It was packet {packet.id}.")
                failures[packet.id] = error
        self._raise_new(failures)
        return done

    def _raise_new(self, failures: Mapping[UUID, Exception]) -> None:
        new = [error for packet_id, error in failures.items() if packet_id not in self._failing]
        self._failing.update(failures)
        if len(new) == 1:
            raise new[0]
        if new:
            raise ExceptionGroup("some packets failed; the others were done", new)
