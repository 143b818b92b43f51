"""Looking for ever, or once: what goes wrong by itself is waited for, and what a person must mend ends it."""

import time
from collections.abc import Callable
from typing import Final

from transfer_service.client.failures import Interrupted, RunAgain, TokenRefused
from transfer_service.client.watch.board import Board
from transfer_service.client.watch.moment import Moment
from transfer_service.client.watch.watcher import Look

LONGEST_WAIT_S: Final = 300.0
_MOST_DOUBLINGS: Final = 10
_GOES_ON: Final = " As soon as packet login keeps another, it goes on."
#: Looking takes at most so large a part of the time.
_SHARE: Final = 0.2

Pause = Callable[[float], None]
LookOnce = Callable[[Moment], Look]


def follow(look: LookOnce, pause: Pause, board: Board, every_s: float) -> None:
    """Look until somebody ends it. Interrupted, UsageWrong, IntegrityBroken."""
    tries = 0
    while True:
        now = Moment.now()
        try:
            left = look(now)
        except Interrupted:
            raise
        except (RunAgain, TokenRefused) as trouble:
            board.trouble(trouble.code, f"{trouble}{_GOES_ON if isinstance(trouble, TokenRefused) else ''}")
            pause(min(LONGEST_WAIT_S, every_s * 2.0 ** min(tries, _MOST_DOUBLINGS)))
            tries += 1
            continue
        tries = 0
        board.over()
        if not left.busy:
            pause(max(every_s, (time.monotonic() - now.steady_s) / _SHARE))


def look_through(look: LookOnce, pause: Pause, settle_for_s: float) -> Look:
    """One pass, for what starts it again and again: waits once for what may be finished, and takes all that is."""
    left = look(Moment.now())
    if left.growing:
        pause(settle_for_s)
        left = look(Moment.now())
    while left.busy:
        left = look(Moment.now())
    return left
