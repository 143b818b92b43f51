"""Sentences, dates and sizes in the reader's language, and that no sentence is without its translation."""

from datetime import UTC, date, datetime

import pytest

from scripts.words import main, said, untranslated
from transfer_service.domain.language import Language, nearest
from transfer_service.wording import N_, words_in

ENGLISH, SPANISH = words_in(Language.ENGLISH), words_in(Language.SPANISH)


def test_every_sentence_has_its_translation_and_no_translation_is_left_over(capsys):
    """After a change of words: python -m scripts.words, then translate what it names."""
    assert main(["--check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("translation", "wrong"),
    [("", True), ("Hola %(nombre)s", True), ("Hola", True), ("Hola %(name)s", False)],
)
def test_a_translation_that_lacks_or_invents_a_value_counts_as_none(translation, wrong):
    catalog = said()
    for message in list(catalog):
        if message.id:
            catalog.delete(message.id)
    catalog.add("Hello %(name)s", translation, flags=["python-format"])
    assert bool(list(untranslated(catalog))) is wrong


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("es", "es"),
        ("es-MX", "es"),
        ("ES", "es"),
        ("en-GB", "en"),
        ("fr", "en"),
        (None, "en"),
        ("", "en"),
        ("est", "en"),
    ],
)
def test_a_tag_means_the_nearest_language_that_is_spoken_here(tag, language):
    assert nearest(tag) == language


def test_days_and_moments_are_written_as_their_readers_write_them():
    instant = datetime(2026, 5, 2, 9, 30, tzinfo=UTC)
    assert ENGLISH.moment(instant) == "May 2, 2026, 09:30 UTC"
    assert SPANISH.moment(instant) == "2 de mayo de 2026, 09:30 UTC"
    assert SPANISH.day(date(2026, 12, 24)) == "24 de diciembre de 2026"


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (0, "0 bytes"), (1, "1 byte"), (1023, "1,023 bytes"), (1024, "1.0 KB"), (10 * 1024, "10 KB"),
        (2**31, "2.0 GB"), (5 * 2**40, "5.0 TB"), (2**60, "1,048,576 TB"),
    ],
)  # fmt: skip
def test_a_size_is_written_in_few_digits(count, written):
    assert ENGLISH.size(count) == written


def test_a_message_is_translated_with_its_values_and_its_plural():
    assert SPANISH.text("Your code is %(code)s", code="123456") == "Su código es 123456"
    one, many = "It works once, for %(count)s minute.", "It works once, for %(count)s minutes."
    assert SPANISH.plural(one, many, 1) == "Funciona una sola vez, durante 1 minuto."
    assert SPANISH.plural(one, many, 10) == "Funciona una sola vez, durante 10 minutos."
    assert ENGLISH.plural(one, many, 10) == "It works once, for 10 minutes."


def test_what_nobody_translated_is_said_in_english_and_an_empty_message_says_nothing():
    assert SPANISH.text(N_("What stands in no catalog, 100 %")) == "What stands in no catalog, 100 %"
    assert SPANISH.text("") == ""
