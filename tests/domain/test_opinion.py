"""An opinion says something, and what was sent does not change."""

import pytest

from tests.factories import NOW, a_case, a_packet, a_reply, a_sent_opinion, an_opinion
from transfer_service.domain.opinion import Conclusion, MaterialKind, Missing, OpinionState, Reply, numbers_of
from transfer_service.errors import Invalid, NotFound, OpinionEmpty, OpinionSent

STAIN = (Missing(MaterialKind.STAIN, "HER2"),)
AGREES = Reply(Conclusion.CONCORDANT)


def test_what_was_said_is_kept_with_when():
    sent = an_opinion().sent(a_reply(), 0, NOW)
    assert (sent.state, sent.reply, sent.sent_at) == (OpinionState.SENT, a_reply(), NOW)


def test_what_was_sent_is_not_sent_again():
    with pytest.raises(OpinionSent):
        a_sent_opinion().sent(a_reply(), 1, NOW)


def test_a_file_is_enough_to_say_and_so_is_a_summary():
    an_opinion().sent(AGREES, 1, NOW)
    an_opinion().sent(Reply(Conclusion.CONCORDANT, "As diagnosed."), 0, NOW)


def test_what_is_missing_is_enough_to_say():
    an_opinion().sent(Reply(Conclusion.NEEDS_MORE_MATERIAL, None, STAIN), 0, NOW)


def test_an_opinion_without_a_file_or_a_word_is_none():
    with pytest.raises(OpinionEmpty):
        an_opinion().sent(AGREES, 0, NOW)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(Conclusion.NEEDS_MORE_MATERIAL, "More, please."),
        Reply(Conclusion.CONCORDANT, "As diagnosed.", STAIN),
        Reply(Conclusion.DISCORDANT, "Not as diagnosed.", STAIN),
    ],
)
def test_missing_material_is_named_where_it_is_needed_and_nowhere_else(reply):
    with pytest.raises(Invalid):
        an_opinion().sent(reply, 1, NOW)


def test_a_draft_is_there_for_nobody_else():
    a_sent_opinion().check_sent()
    with pytest.raises(NotFound):
        an_opinion().check_sent()


def test_a_return_packet_says_whose_it_is_and_no_more():
    case = numbers_of(a_packet())
    whole = a_case()
    assert case.accession_number == whole.accession_number
    assert case.patient.record_number == whole.patient.record_number
    assert (case.patient.email, case.patient.phone, case.diagnosis, case.question) == (None,) * 4


def test_nothing_that_it_says_is_printed():
    printed = repr(a_sent_opinion(reply=Reply(Conclusion.DISCORDANT, "Invasive.", STAIN)))
    for said in ("discordant", "Invasive", "HER2"):
        assert said not in printed
