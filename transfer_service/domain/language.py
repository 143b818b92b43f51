"""The languages in which the service speaks to patients and recipients."""

from enum import StrEnum


class Language(StrEnum):
    """A language by its tag (BCP 47), as patients of United States hospitals speak it."""

    ENGLISH = "en"
    SPANISH = "es"


def nearest(tag: str | None) -> Language:
    """The language of a tag (``es-MX`` is Spanish); English for one that is not spoken here, or for none."""
    primary = (tag or "").partition("-")[0].lower()
    return Language(primary) if primary in {*Language} else Language.ENGLISH
