"""What was refused is tried again, ever more rarely: somebody may have put it right."""

from typing import Final

from transfer_service.client.failures import ClientFailure

_FIRST_S: Final = 30.0
_LONGEST_S: Final = 900.0
_MOST_TRIES: Final = 10


class Refusals:
    """By packet or case: why it was refused, and until when it is left alone. Instants are steady seconds."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[float, int, str]] = {}

    def add(self, name: str, failure: ClientFailure, at_s: float) -> str:
        """It was refused; why, as a sentence."""
        tries = self._until[name][1] if name in self._until else 0
        why = _sentence(failure)
        self._until[name] = (at_s + min(_LONGEST_S, _FIRST_S * 2.0 ** min(tries, _MOST_TRIES)), tries + 1, why)
        return why

    def why(self, name: str, at_s: float) -> str:
        """Why it is left alone for now; empty where it is not."""
        until_s, _, why = self._until.get(name, (at_s, 0, ""))
        return why if at_s < until_s else ""

    def over(self, name: str) -> None:
        """It was taken."""
        self._until.pop(name, None)


def _sentence(failure: ClientFailure) -> str:
    files = failure.facts.get("files")
    if isinstance(files, dict) and files:
        path, why = next(iter(files.items()))
        return f"{path}: {why}" + (f" (and {len(files) - 1} more files)" if len(files) > 1 else "")
    return " ".join(filter(None, (str(failure), failure.advice)))
