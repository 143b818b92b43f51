"""What is tried and is wrong, by the address it came from: who tries much is a guesser, and has to wait.

The 60 bits of a typed code hold against whoever may try some thousand times an hour, not against whoever may try
without end; passwords hold against less. What is counted is in this process's memory: so many moments and addresses,
gone after an hour or a restart.
"""

import ipaddress
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from threading import Lock

from transfer_service.domain.people import Origin
from transfer_service.errors import NotFound, TooMany, TransferError
from transfer_service.sealing.typed_codes import read_typed_code

HOUR = timedelta(hours=1)
#: Enough for a ward behind one address, of whom some mistype twice.
MOST_OF_A_PEER = 30
#: Of everybody together, so that a thousand addresses don't get a thousand times as far.
MOST_OF_ALL = 10_000
_IPV6_SITE_BITS = 64  # what one household is given, with an address for every guess


class Guesses:
    """Those of the last hour, oldest first."""

    def __init__(self, most_of_a_peer: int = MOST_OF_A_PEER) -> None:
        self._most_of_a_peer = most_of_a_peer
        self._made: deque[tuple[datetime, str]] = deque(maxlen=MOST_OF_ALL)
        self._lock = Lock()

    def typed(self, given: str, origin: Origin, now: datetime) -> AbstractContextManager[None]:
        """``counted``, for a typed code that opens nothing. The addresses in letters have 256 bits, and are not."""
        return nullcontext() if read_typed_code(given) is None else self.counted(origin, now, NotFound)

    @contextmanager
    def counted(self, origin: Origin, now: datetime, wrong: type[TransferError]) -> Iterator[None]:
        """Count ``wrong`` where it is raised inside. TooMany, before anything is looked up, after too many of them."""
        peer = _peer(origin.address)
        self._check(peer, now)
        try:
            yield
        except wrong:
            with self._lock:
                self._made.append((now, peer))
            raise

    def _check(self, peer: str, now: datetime) -> None:
        with self._lock:
            while self._made and now - self._made[0][0] >= HOUR:
                self._made.popleft()
            theirs = [at for at, who in self._made if who == peer]
            if len(theirs) >= self._most_of_a_peer:
                raise _too_many(theirs[-self._most_of_a_peer], now)
            if len(self._made) >= MOST_OF_ALL:
                raise _too_many(self._made[0][0], now)


def _peer(address: str) -> str:
    """Who counts as one: an address of IPv4, a /64 of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, _IPV6_SITE_BITS), strict=False))
    return str(found)


def _too_many(oldest: datetime, now: datetime) -> TooMany:
    wait = oldest + HOUR - now
    return TooMany("Too much that is wrong was tried.", retry_after_s=int(wait.total_seconds()) + 1)
