"""Disclosures summed for a report, and the time that one covers."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import DAY, NOW, a_disclosure, a_file, a_recipient, a_release, some_id
from transfer_service.domain.accounting import AccountLine, accounted_period, summed
from transfer_service.domain.release import Basis
from transfer_service.errors import Invalid

RELEASES = [a_release(id=some_id(number)) for number in range(2)]
RECIPIENTS = [a_recipient(id=some_id(10 + number // 2), version=number % 2 + 1) for number in range(4)]
FILES = [a_file(id=some_id(20 + number), path=f"slides/A{number}.svs") for number in range(3)]


@st.composite
def account_lines(draw):
    refused = draw(st.booleans())
    file, recipient = draw(st.sampled_from(FILES)), draw(st.sampled_from(RECIPIENTS))
    release = draw(st.sampled_from(RELEASES))
    began = NOW + timedelta(minutes=draw(st.integers(0, 5)))
    last = began + timedelta(minutes=draw(st.integers(0, 5)))
    disclosure = a_disclosure(
        id=draw(st.uuids()),
        release_id=release.id,
        recipient_id=recipient.id,
        recipient_version=recipient.version,
        file_id=None if refused else file.id,
        started_at=began,
        last_at=last,
        bytes_sent=0 if refused else draw(st.integers(0, 100)),
        completed_at=last if not refused and draw(st.booleans()) else None,
        refused_code="link_expired" if refused else None,
    )
    return AccountLine(disclosure, recipient, None if refused else file, release)


many = st.lists(account_lines(), max_size=15, unique_by=lambda line: line.disclosure.id)


def key(line: AccountLine) -> tuple[UUID, UUID, int]:
    return line.release.id, line.recipient.id, line.recipient.version


@pytest.mark.proves("164.528(b)(3)")
@given(many)
def test_summing_loses_no_disclosure_and_no_byte_and_keeps_recipients_and_releases_apart(lines):
    left = [line for line in lines if line.disclosure.refused_code is None]
    report = summed(lines)
    assert sorted(key(each.first) for each in report) == sorted({key(line) for line in left})
    assert sum(each.count for each in report) == len(left)
    assert sum(each.bytes_sent for each in report) == sum(line.disclosure.bytes_sent for line in left)
    for each in report:
        group = [line for line in left if key(line) == key(each.first)]
        assert each.first.disclosure.started_at == min(line.disclosure.started_at for line in group)
        assert each.last_at == max(line.disclosure.last_at for line in group)
        assert [file.path for file in each.files] == sorted({line.file.path for line in group})
        whole = {line.file.id for line in group if line.disclosure.completed_at}
        assert each.completed == (whole == {line.file.id for line in group})


@given(many, st.randoms())
def test_a_report_is_the_same_in_whatever_order_its_disclosures_come(lines, random):
    shuffled = list(lines)
    random.shuffle(shuffled)
    report = summed(lines)
    assert summed(shuffled) == report
    began = [each.first.disclosure.started_at for each in report]
    assert began == sorted(began)


def test_what_no_paragraph_exempts_is_accountable():
    line = AccountLine(a_disclosure(), RECIPIENTS[0], FILES[0], a_release(basis=Basis.AUTHORIZATION))
    assert (line.accountable, line.exempt_under) == (False, "164.528(a)(1)(iv)")
    line = AccountLine(a_disclosure(), RECIPIENTS[0], FILES[0], a_release(basis="required by law"))
    assert (line.accountable, line.exempt_under) == (True, None)


def test_a_period_left_open_is_the_six_years_until_now():
    period = accounted_period(None, None, NOW)
    assert (period.since, period.until) == (NOW.replace(year=2020), NOW)
    assert accounted_period(None, datetime(2024, 2, 29, tzinfo=UTC), NOW).since == datetime(2018, 2, 28, tzinfo=UTC)
    assert accounted_period(NOW - DAY, None, NOW).since == NOW - DAY


@pytest.mark.parametrize(("since", "until"), [(NOW, NOW), (NOW + DAY, None), (NOW.replace(year=2019), None)])
def test_a_period_is_forwards_and_of_six_years_at_most(since, until):
    with pytest.raises(Invalid):
        accounted_period(since, until, NOW)


def test_before_the_seventh_year_of_our_era_a_period_begins_with_the_first():
    assert accounted_period(None, datetime(3, 1, 1, tzinfo=UTC), NOW).since == datetime(1, 1, 1, tzinfo=UTC)
