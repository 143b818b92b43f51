"""Whether everything that the service needs answers: asked of all at once, within a bounded time, not too often."""

import math
import threading
import time
from collections.abc import Callable, Mapping

from transfer_service.errors import Unavailable

OK, UNAVAILABLE = "ok", "unavailable"


class Readiness:
    """``checks`` by the name of the part: each returns where it is well, and raises where it is not.

    What has not answered ``within_s`` is not well, and is not asked again while it hangs: so many threads wait for it,
    and no more. An answer is given again for ``kept_for_s``, and for ``within_s`` more to whoever comes while somebody
    else asks: so that a storm of questions costs nothing, and beside a part that hangs holds no server's threads.
    """

    def __init__(
        self, checks: Mapping[str, Callable[[], object]], *, within_s: float = 3.0, kept_for_s: float = 1.0
    ) -> None:
        self._checks, self._within_s, self._kept_for_s = checks, within_s, kept_for_s
        self._asked: dict[str, _Question] = {}
        self._parts: dict[str, str] = {}
        self._good_until = -math.inf
        self._lock = threading.Lock()

    def parts(self) -> dict[str, str]:
        """Each part's word: ``ok`` or ``unavailable``."""
        if self._lock.acquire(blocking=time.monotonic() >= self._good_until + self._within_s):
            try:
                if time.monotonic() >= self._good_until:
                    self._parts = self._found()
                    self._good_until = time.monotonic() + self._kept_for_s
            finally:
                self._lock.release()
        return dict(self._parts)

    def check(self) -> None:
        """Return where every part is well; else ``Unavailable``."""
        if set(self.parts().values()) - {OK}:
            raise Unavailable

    def _found(self) -> dict[str, str]:
        give_up_at = time.monotonic() + self._within_s
        for name, check in self._checks.items():
            if name not in self._asked or self._asked[name].answered.is_set():
                self._asked[name] = _Question(name, check)
        return {name: self._asked[name].answer(give_up_at) for name in self._checks}


class _Question:
    """One check in a thread of its own, which may hang for as long as it likes."""

    def __init__(self, name: str, check: Callable[[], object]) -> None:
        self._check, self._word = check, UNAVAILABLE
        self.answered = threading.Event()
        threading.Thread(target=self._ask, name=f"ready-{name}", daemon=True).start()

    def answer(self, give_up_at: float) -> str:
        in_time = self.answered.wait(max(0.0, give_up_at - time.monotonic()))
        return self._word if in_time else UNAVAILABLE

    def _ask(self) -> None:
        try:
            self._check()
            self._word = OK
        except Exception:  # noqa: BLE001  # whatever it is, this part is not well
            self._word = UNAVAILABLE
        finally:
            self.answered.set()
