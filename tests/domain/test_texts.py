"""Which characters may stand in a text, what is one mail address, and which days have come."""

from datetime import UTC, date, datetime

import pytest

from transfer_service.domain.moments import has_come
from transfer_service.domain.slide_request import mailbox
from transfer_service.domain.texts import LINE_BREAKS, hides_nothing, is_one_address


@pytest.mark.parametrize("unseen", ["\x00", "\x1b", "\x7f", "\u2028", "\u2029", "\u202e", "\u2066", "\ud800"])
def test_control_characters_hide_in_no_text(unseen):
    assert not hides_nothing(f"a{unseen}b")
    assert not hides_nothing(f"a{unseen}b", LINE_BREAKS)


def test_lines_break_only_where_they_may():
    assert hides_nothing("Zoë 山田 \U0001f9ec")
    assert not hides_nothing("a\r\n\tb")
    assert hides_nothing("a\r\n\tb", LINE_BREAKS)


@pytest.mark.parametrize("address", ["ada@patient.test", "a.b+c@x.y.test", "o'neil_1@a-b.test", f"{'a' * 64}@b.test"])
def test_one_address_is_one_address(address):
    assert is_one_address(address)


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "@b.test", "a@b", "a@.test", "a..b@c.test", ".a@b.test", "a@-b.test", "a b@c.test"),
        *("a@b.test\r\nBcc: c@d.test", "a@b.test,c@d.test", "Ada <a@b.test>", "=?utf-8?q?a?=@b.test", "é@b.test"),
        *(f"{'a' * 65}@b.test", f"a@{'b.' * 130}test"),
    ],
)
def test_anything_else_is_none(text):
    assert not is_one_address(text)


@pytest.mark.parametrize(("day", "come"), [(11, True), (12, True), (13, True), (14, False)])
def test_a_day_has_come_once_it_has_somewhere_on_earth(day, come):
    assert has_come(date(2026, 5, day), datetime(2026, 5, 12, 12, tzinfo=UTC)) is come


@pytest.mark.parametrize(
    "address", ["ada@patient.test", "ADA@Patient.Test", "ada+slides@patient.test", "ada+@patient.test"]
)
def test_case_and_tags_make_no_other_mailbox(address):
    assert mailbox(address) == "ada@patient.test"
    assert mailbox("ada.b@patient.test") != mailbox(address)
