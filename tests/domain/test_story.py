"""The story of a packet: each thing once, in order, and only what has come to pass."""

from datetime import timedelta

import pytest

from tests.factories import (
    DAY,
    NOW,
    a_disclosure,
    a_file,
    a_link,
    a_packet,
    a_recipient,
    a_release,
    a_signed_release,
)
from transfer_service.domain.accounting import AccountLine
from transfer_service.domain.link import Verification
from transfer_service.domain.release import ReleaseState
from transfer_service.domain.story import Kind, Past, story

HOUR = timedelta(hours=1)
RECIPIENT, OTHER, FILE = a_recipient(), a_recipient(name="Dr. S. Other"), a_file()
SIGNED = a_signed_release(signed_at=NOW + HOUR)


def told(*, release=SIGNED, links=(), lines=(), until=NOW + 400 * DAY, **packet):
    past = Past(
        a_packet(**packet), [(release, (RECIPIENT,))], [(link, release, RECIPIENT) for link in links], list(lines)
    )
    return story(past, until)


def kinds(**past):
    return [each.kind for each in told(**past)]


def line(at, recipient=RECIPIENT, refused=None, confirmed_at=None):
    disclosure = a_disclosure(recipient_id=recipient.id, started_at=at, refused_code=refused)
    return AccountLine(disclosure, recipient, None if refused else FILE, SIGNED, confirmed_at)


def test_a_release_is_asked_for_signed_and_ends():
    assert kinds() == [Kind.ASKED, Kind.SIGNED, Kind.ENDED]
    assert kinds(until=NOW + HOUR) == [Kind.ASKED, Kind.SIGNED]
    assert kinds(until=NOW) == [Kind.ASKED]


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ({}, Kind.LAPSED),
        ({"withdrawn_at": NOW + HOUR, "state": ReleaseState.WITHDRAWN}, Kind.DECLINED),
    ],
)
def test_what_was_never_signed_was_declined_or_its_time_was_over(changes, last):
    assert kinds(release=a_release(**changes)) == [Kind.ASKED, last]


def test_a_withdrawal_ends_the_release_and_its_links_at_once():
    withdrawn = a_signed_release(withdrawn_at=NOW + DAY, state=ReleaseState.WITHDRAWN)
    link = a_link(issued_at=NOW + HOUR)
    assert kinds(release=withdrawn, links=[link]) == [Kind.ASKED, Kind.SIGNED, Kind.LINK_MADE, Kind.WITHDRAWN]


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({}, [Kind.LINK_MADE, Kind.LINK_ENDED, Kind.ENDED]),
        ({"revoked_at": NOW + DAY}, [Kind.LINK_MADE, Kind.LINK_CANCELLED, Kind.ENDED]),
        ({"expires_at": SIGNED.expires_at}, [Kind.LINK_MADE, Kind.ENDED]),
        ({"verification": Verification.SERVICE_TOKEN}, [Kind.ENDED]),
    ],
)
def test_a_link_is_made_and_cancelled_or_ends_by_itself(changes, ends):
    link = a_link(**{"issued_at": NOW + 2 * HOUR, **changes})
    assert kinds(links=[link]) == [Kind.ASKED, Kind.SIGNED, *ends]


def test_the_end_of_the_packet_is_told():
    packet = {"retired_at": NOW + 2 * HOUR, "destroyed_at": NOW + DAY}
    assert kinds(until=NOW + DAY, **packet)[2:] == [Kind.RETIRED, Kind.DESTROYED]


def test_what_one_recipient_did_on_one_day_is_told_together():
    day = NOW + 2 * DAY
    lines = [
        line(day + 2 * HOUR),
        line(day + HOUR, OTHER),
        line(day),
        line(day + DAY),
        line(day, refused="link_expired"),
    ]
    happened = told(lines=lines, until=NOW + 9 * DAY)[2:]
    assert [(each.kind, each.recipients[0].name, len(each.lines)) for each in happened] == [
        (Kind.DOWNLOADED, "Dr. R. Viewer", 2),
        (Kind.REFUSED, "Dr. R. Viewer", 1),
        (Kind.DOWNLOADED, "Dr. S. Other", 1),
        (Kind.DOWNLOADED, "Dr. R. Viewer", 1),
    ]
    assert [each.disclosure.started_at for each in happened[0].lines] == [day, day + 2 * HOUR]


def test_a_receipt_is_told_on_its_own_day():
    happened = told(lines=[line(NOW + DAY, confirmed_at=NOW + 3 * DAY)], until=NOW + 9 * DAY)[2:]
    assert [(each.kind, each.at) for each in happened] == [
        (Kind.DOWNLOADED, NOW + DAY),
        (Kind.CONFIRMED, NOW + 3 * DAY),
    ]
