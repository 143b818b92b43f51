"""How a slide stands, and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from transfer_service.client.deposit.case import Case
from transfer_service.client.watch.slides import Slide


class State(StrEnum):
    """As people and programs are told it."""

    GROWING = "growing"
    WAITING = "waiting"
    READY = "ready"
    SENDING = "sending"
    TAKEN = "taken"
    COPY = "copy"
    CHANGED = "changed"
    LATE = "late"
    REFUSED = "refused"
    UNMATCHED = "unmatched"


#: What time alone will mend.
COMING: Final = frozenset({State.GROWING, State.WAITING, State.READY, State.SENDING})
#: What nothing is left to be done about.
DONE: Final = frozenset({State.TAKEN, State.COPY})
#: What somebody must look at.
HELD: Final = frozenset({State.CHANGED, State.LATE, State.REFUSED, State.UNMATCHED})


@dataclass(frozen=True, slots=True)
class Standing:
    """One slide at one look; a slide that is ready has its ``case``, unless its packet is open already."""

    slide: Slide
    state: State
    why: str = ""
    case: Case | None = None
