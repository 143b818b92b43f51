"""The naming rule: which case a file belongs to, by its path in the watched folder."""

import re
from dataclasses import dataclass
from typing import Final, Self

from transfer_service.client.failures import UsageWrong

#: The leading token of the file, or of the first folder, up to a blank, `_` or `.`; a digit is in it.
USUAL_RULE: Final = r"(?P<accession>(?=[^\s_./]*\d)[^\W_][^\s_./]*)"


@dataclass(frozen=True, slots=True)
class Named:
    """What a path says: the case's accession number, and the slide that it is a file of, where the rule tells."""

    accession: str
    slide: str | None


@dataclass(frozen=True, slots=True)
class NamingRule:
    """A regular expression over relative paths with forward slashes, from their beginning.

    Its group `accession` names the case. A group `slide`, where it has one, joins files: those for which it reads the
    same are one slide, and taken together.
    """

    pattern: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> Self:
        """UsageWrong where it is no regular expression, or names no accession number."""
        try:
            pattern = re.compile(text)
        except re.error as error:
            raise UsageWrong(f"The naming rule is no regular expression: {error}.") from None
        if "accession" not in pattern.groupindex:
            raise UsageWrong(
                "The naming rule does not say which part of a path is the accession number.",
                advice="Name it so: (?P<accession>…). Try it with packet watch DIR --try.",
            )
        return cls(pattern)

    def read(self, path: str) -> Named | None:
        """What the path says; None where the rule does not match it."""
        found = self.pattern.match(path)
        words = found.groupdict() if found else {}
        accession = (words.get("accession") or "").strip()
        return Named(accession, words.get("slide")) if accession else None
