"""What the service says to patients and recipients, in their language: gettext catalogs, and dates as they write them.

words       Words: messages, plurals, days, moments, sizes of one language; ``words_in(language)``
catalogs    the catalogs, read once

A sentence stands in the code in English, inside ``_("…")`` in templates and pages, ``words.text("…")`` and
``words.plural("…", "…", count)`` elsewhere, or ``N_("…")`` where it is only named and translated later. Values
stand in it as ``%(name)s``; a sentence is whole, never glued of pieces, for others order their words otherwise.
``python -m scripts.words`` takes new sentences into ``es.po`` and drops what nobody says any more; there
they are translated. A sentence without its translation fails the tests.
"""

from transfer_service.wording.words import N_, Words, words_in

__all__ = ["N_", "Words", "words_in"]
