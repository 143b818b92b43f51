"""The catalogs of translations, read from the files that translators edit: nothing is compiled, nothing goes stale."""

from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from transfer_service.domain.language import Language

FOLDER = Path(__file__).parent


def catalog_path(language: Language) -> Path:
    """Where the translations into a language stand. English needs none: it stands in the code."""
    return FOLDER / f"{language}.po"


def translations(language: Language) -> NullTranslations:
    """Every message in a language. What is fuzzy is not there: a guess is worse than English."""
    if language is Language.ENGLISH:
        return NullTranslations()
    with catalog_path(language).open("rb") as source:
        catalog = read_po(source, locale=language.value)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)
