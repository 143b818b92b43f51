"""Messages, dates, numbers and sizes in one language."""

from datetime import UTC, date, datetime
from functools import cache
from gettext import NullTranslations

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from transfer_service.domain.language import Language
from transfer_service.wording.catalogs import translations

_KIB = 1024
_UNITS = ("KB", "MB", "GB", "TB")
_LOCALES = {Language.ENGLISH: "en_US", Language.SPANISH: "es_US"}


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """The message itself, marked for the catalogs: whoever shows it translates it."""
    return message


class Words:
    """What is said in one language."""

    def __init__(self, language: Language, found: NullTranslations) -> None:
        self.language = language
        self._found = found
        self._locale = Locale.parse(_LOCALES[language])

    def text(self, message: str, **values: object) -> str:
        """The message, with its values put in."""
        said = self.gettext(message)
        return said % values if values else said

    def plural(self, one: str, many: str, count: int, **values: object) -> str:
        """The message for that count, which stands in it as ``%(count)s``."""
        return self.ngettext(one, many, count) % {"count": self.number(count), **values}

    def gettext(self, message: str) -> str:
        """The message as it stands in the catalog. An empty one is no message: there a catalog keeps its head."""
        return self._found.gettext(message) if message else message

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The form of the message for that count, as it stands in the catalog."""
        return self._found.ngettext(one, many, count)

    def day(self, day: date) -> str:
        """``May 12, 2026``; ``12 de mayo de 2026``. Of an instant, its day in its own zone."""
        return format_date(day, "long", locale=self._locale)

    def moment(self, instant: datetime) -> str:
        """``May 12, 2026, 09:30 UTC``."""
        utc = instant.astimezone(UTC)
        return f"{self.day(utc)}, {utc:%H:%M} UTC"

    def number(self, number: float) -> str:
        """``12,345.6``, to at most one decimal place."""
        return format_decimal(number, format="#,##0.#", locale=self._locale)

    def size(self, count: int) -> str:
        """``1 byte``, ``412 KB``, ``2.4 GB``: binary multiples under the names that people know."""
        if count < _KIB:
            return self.plural("%(count)s byte", "%(count)s bytes", count)
        power = min((count.bit_length() - 1) // 10, len(_UNITS))
        amount = count / _KIB**power
        digits = "#,##0.0" if amount < 10 else "#,##0"  # noqa: PLR2004 - two digits are enough
        return f"{format_decimal(amount, format=digits, locale=self._locale)} {_UNITS[power - 1]}"


@cache
def words_in(language: Language) -> Words:
    """The words of a language."""
    return Words(language, translations(language))
