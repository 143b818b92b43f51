"""What a packet waits for, decided from facts: one thing at any instant, and known beforehand as the clock goes."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import DAY, NOW, a_release, some_id
from transfer_service.domain.packet import PacketState
from transfer_service.domain.release import Basis, ReleaseState
from transfer_service.domain.waiting import (
    EVER,
    NEVER,
    PENDING,
    Awaited,
    FileFacts,
    LinkFacts,
    OpinionFacts,
    PacketFacts,
    Party,
    ReleaseFacts,
    Wait,
    phases,
    wait_of,
)
from transfer_service.errors import NotNow

PAST = st.integers(-400, 0).map(lambda hours: NOW + timedelta(hours=hours))
TO_COME = st.integers(-100, 400).map(lambda hours: NOW + timedelta(hours=hours))
WHICH = st.integers(1, 3).map(some_id)


def perhaps(strategy):
    return st.none() | strategy


FILES = st.builds(FileFacts, perhaps(PAST), perhaps(PAST), perhaps(PAST), st.booleans(), st.booleans())
LINKS = st.builds(LinkFacts, WHICH, WHICH, PAST, TO_COME, perhaps(PAST), perhaps(PAST), st.booleans())
OPINIONS = st.builds(OpinionFacts, WHICH, WHICH, PAST, perhaps(PAST))


@st.composite
def releases(draw):
    state = draw(st.sampled_from(ReleaseState))
    return ReleaseFacts(
        id=draw(WHICH),
        state=state,
        basis=draw(st.sampled_from(Basis)),
        recipients=tuple(draw(st.sets(WHICH, min_size=1))),
        services=frozenset(draw(st.sets(WHICH))),
        requested_at=draw(PAST),
        expires_at=draw(TO_COME),
        signed_at=draw(PAST) if state is ReleaseState.SIGNED else None,
        withdrawn_at=draw(PAST) if state is ReleaseState.WITHDRAWN else None,
        scanned_at=draw(perhaps(PAST)),
    )


FACTS = st.builds(
    PacketFacts,
    st.sampled_from(PacketState),
    PAST,
    perhaps(PAST),
    perhaps(PAST),
    perhaps(PAST),
    FILES,
    st.lists(releases(), max_size=3).map(tuple),
    st.lists(LINKS, max_size=4).map(tuple),
    st.lists(OPINIONS, max_size=3).map(tuple),
)


@given(facts=FACTS, at=st.integers(0, 500).map(lambda hours: NOW + timedelta(hours=hours)))
def test_the_phases_say_what_will_be_waited_for_at_every_instant_to_come(facts, at):
    found = phases(facts)
    (current,) = [phase for phase in found if phase.starts_at <= at < phase.ends_at]
    assert current.wait == wait_of(facts, at)
    assert current.wait.since <= at


@given(facts=FACTS)
def test_the_phases_follow_each_other_without_a_gap_and_no_two_are_alike(facts):
    found = phases(facts)
    assert (found[0].starts_at, found[-1].ends_at) == (EVER, NEVER)
    for before, after in pairwise(found):
        assert before.ends_at == after.starts_at
        assert before.wait != after.wait


@given(facts=FACTS)
def test_a_retired_packet_and_no_other_has_ended(facts):
    assert (wait_of(facts, NOW).awaited is Awaited.ENDED) == (facts.state is PacketState.RETIRED)


@given(release=releases(), at=TO_COME)
def test_a_release_that_lets_nothing_leave_waits_for_no_link_and_no_recipient(release, at):
    packet = PacketFacts(PacketState.CLOSED, NOW - 30 * DAY, NOW - 29 * DAY, releases=(release,))
    whole = a_release(
        state=release.state, basis=release.basis, expires_at=release.expires_at, withdrawn_at=release.withdrawn_at
    )
    try:
        whole.check_live(at)
        is_live = True
    except NotNow:
        is_live = False
    assert (wait_of(packet, at).awaited in {Awaited.LINK, Awaited.REDEMPTION}) == is_live


@pytest.mark.parametrize(
    ("files", "awaited"),
    [
        (FileFacts(), Awaited.FILES),
        (FileFacts(receiving=True, verified_at=NOW), Awaited.FILES),
        (FileFacts(rejected_at=NOW, receiving=True, verifying_at=NOW), Awaited.REJECTED_FILE),
        (FileFacts(carried=True, verified_at=NOW), Awaited.CARRYING),
        (FileFacts(verifying_at=NOW, verified_at=NOW), Awaited.VERIFICATION),
        (FileFacts(verified_at=NOW), Awaited.CLOSE),
    ],
)
def test_an_open_packet_waits_for_what_its_files_lack(files, awaited):
    facts = PacketFacts(PacketState.OPEN, NOW - DAY, files=files)
    assert wait_of(facts, NOW).awaited is awaited


def test_a_closing_packet_waits_on_the_service_alone():
    facts = PacketFacts(PacketState.CLOSING, NOW - DAY, files=FileFacts(verified_at=NOW))
    assert wait_of(facts, NOW) == Wait(Awaited.VERIFICATION, NOW)


def test_of_several_that_wait_for_the_same_the_oldest_counts_and_of_what_is_done_the_newest():
    done = [OpinionFacts(some_id(n), some_id(1), NOW - n * DAY, NOW - n * DAY) for n in (1, 2)]
    signed = [
        ReleaseFacts(
            some_id(n),
            ReleaseState.SIGNED,
            Basis.AUTHORIZATION,
            (some_id(1),),
            NOW - 9 * DAY,
            NOW + DAY,
            signed_at=NOW - n * DAY,
        )
        for n in (1, 2)
    ]
    facts = PacketFacts(PacketState.CLOSED, NOW - 20 * DAY, NOW - 19 * DAY, releases=tuple(signed))
    assert wait_of(facts, NOW) == Wait(Awaited.LINK, NOW - 2 * DAY)
    facts = PacketFacts(
        PacketState.CLOSED, NOW - 20 * DAY, NOW - 19 * DAY, releases=tuple(signed), opinions=tuple(done)
    )
    assert wait_of(facts, NOW) == Wait(Awaited.NOTHING, NOW - DAY)


def test_every_wait_is_on_somebody_and_what_is_over_is_on_nobody():
    assert {awaited.party for awaited in PENDING} == {*Party} - {Party.NOBODY}
    assert {*Awaited} - {*PENDING} == {Awaited.NOTHING, Awaited.ENDED}
