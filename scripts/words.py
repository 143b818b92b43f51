"""``python -m scripts.words [--check]``: takes the sentences of the code into the catalogs of translations.

New sentences come in untranslated, what nobody says any more goes. With ``--check`` nothing is written: it says what
is missing, and ends with 1 where anything is.
"""

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from transfer_service.domain.language import Language
from transfer_service.wording.catalogs import catalog_path

PACKAGE = Path(__file__).parents[1] / "transfer_service"
_ROOMS = ("pages", "usecases", "wording")
_METHODS = [*((f"{room}/**.py", "python") for room in _ROOMS), ("pages/**.html", "jinja2")]
_OPTIONS = {"**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
_KEYWORDS = {**DEFAULT_KEYWORDS, "text": None, "said": None, "plural": (1, 2)}
_VALUE = re.compile(r"%\(\w+\)s")
_DATED = tuple(
    f'"{name}' for name in ("POT-Creation", "PO-Revision", "Generated-By", "Report-Msgid", "Last-Tr", "Language-Team")
)
_HEAD = "# What patients and recipients read, in {name}. python -m scripts.words keeps it up to date.\n"


def said() -> Catalog:
    """Every sentence in the code, and where it stands."""
    found = Catalog()
    directories = extract_from_dir(PACKAGE, _METHODS, _OPTIONS, _KEYWORDS, comment_tags=("Translators:",))
    for path, _line, message, comments, _context in directories:
        found.add(message, locations=[(path, 0)], auto_comments=comments)
    return found


def taken_in(language: Language) -> Catalog:
    """The catalog of a language as it stands, with every sentence of the code and no other."""
    path = catalog_path(language)
    with path.open("rb") as source:
        catalog = read_po(source, locale=language.value)
    catalog.update(said(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.header_comment = _HEAD.format(name=language.name.capitalize())
    return catalog


def written(catalog: Catalog) -> bytes:
    """The catalog's file: in the order of the places, so that a change shows as little as it is."""
    sink = BytesIO()
    write_po(sink, catalog, width=120, omit_header=False, sort_by_file=True, include_lineno=False)
    lines = sink.getvalue().decode().split("\n")
    return "\n".join(line for line in lines if not line.startswith(_DATED)).encode()


def untranslated(catalog: Catalog) -> Iterator[str]:
    """What has no translation, a doubtful one, or one whose values are not those of the sentence."""
    for message in catalog:
        if not message.id:
            continue
        if message.fuzzy or _values(message.string) != _values(message.id):
            yield str(message.id)


def _values(texts: object) -> set[tuple[str, ...]]:
    """The values in each form of a message; of one that says nothing, nothing that any message has."""
    forms = texts if isinstance(texts, tuple) else (texts,)
    return {tuple(sorted(_VALUE.findall(str(form)))) if form else ("untranslated",) for form in forms}


def main(arguments: list[str]) -> int:
    """1 where ``--check`` finds a catalog that is not whole."""
    whole = True
    for language in [each for each in Language if each is not Language.ENGLISH]:
        catalog = taken_in(language)
        current, now = catalog_path(language).read_bytes(), written(catalog)
        if "--check" not in arguments:
            catalog_path(language).write_bytes(now)
        elif current != now:
            whole = False
            print(f"{language}: run python -m scripts.words: the code says other things.")
        for message in untranslated(catalog):
            whole = False
            print(f"{language}: not translated: {message}")
    return 0 if whole or "--check" not in arguments else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
