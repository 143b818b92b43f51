"""Tickets: how long an address for one download lives, what ends it, and what is kept of it."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import a_patient_actor, a_recipient_actor
from tests.stages import ORIGIN, PUBLIC_URL, in_many_forms
from transfer_service.domain.ticket import Ticket
from transfer_service.errors import (
    LinkRevoked,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    PacketRetired,
    ReleaseWithdrawn,
    TicketOver,
    TooMany,
    Unavailable,
)
from transfer_service.sealing.tokens import token_hash
from transfer_service.usecases import tickets as module
from transfer_service.usecases.release import GrantDraft
from transfer_service.usecases.visits import Visits

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
LIVES_FOR = timedelta(minutes=5)


@pytest.fixture
def stage(stages):
    return stages.redeemed()


@pytest.fixture
def tickets(stages):
    return stages.journey.tickets


def made(stages, stage, file=None):
    """The secret in the address, and when the ticket is over unless it is used."""
    url, expires_at = stages.journey.tickets.make(stage.actor, file and file.id, stages.now)
    assert url.startswith(f"{PUBLIC_URL}/t/")
    return url.rpartition("/")[2], expires_at


def is_live(stages, secret):
    try:
        stages.journey.tickets.use(secret, ORIGIN, stages.now)
    except TicketOver:
        return False
    return True


def kept(stages, secret):
    with stages.database.reading() as tx:
        return tx.by_secret(Ticket, token_hash(secret))


def test_a_ticket_makes_of_its_holder_whom_the_session_makes(stages, stage, tickets):
    secret, _ = made(stages, stage, stage.file)
    ticket, actor = tickets.use(secret, stage.actor.origin, stages.now)
    assert actor == stage.actor
    assert ticket.file_id == stage.file.id
    archive, _ = tickets.use(made(stages, stage)[0], ORIGIN, stages.now)
    assert archive.file_id is None


def test_it_is_to_be_used_first_within_five_minutes(stages, stage):
    early, expires_at = made(stages, stage)
    assert expires_at == stages.now + LIVES_FOR
    late, _ = made(stages, stage)
    stages.clock.now = expires_at - SECOND
    assert is_live(stages, early)
    stages.clock.now = expires_at
    assert not is_live(stages, late)


def test_it_dies_five_minutes_after_its_last_request(stages, stage):
    secret, _ = made(stages, stage)
    for _ in range(5):
        stages.clock.advance(4 * MINUTE)
        assert is_live(stages, secret)
    stages.clock.advance(LIVES_FOR)
    assert not is_live(stages, secret)


def test_uses_within_a_second_are_written_down_once(stages, stage):
    secret, _ = made(stages, stage)
    assert is_live(stages, secret)
    first = kept(stages, secret)
    stages.clock.advance(SECOND / 2)
    assert is_live(stages, secret)
    assert kept(stages, secret) == first
    stages.clock.advance(SECOND / 2)
    assert is_live(stages, secret)
    assert kept(stages, secret).used_at == stages.now


def test_a_request_that_streams_is_use_until_its_end(stages, stage, tickets, monkeypatch):
    seconds = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: seconds[0])
    secret, _ = made(stages, stage)
    ticket, _ = tickets.use(secret, ORIGIN, stages.now)
    stream = tickets.kept_alive(ticket, (b"x" for _ in range(30)))
    for block in stream:
        assert block == b"x"
        stages.clock.advance(MINUTE)
        seconds[0] += 60
        assert is_live(stages, secret)
    assert kept(stages, secret).used_at == stages.now
    stages.clock.advance(LIVES_FOR - SECOND)
    assert is_live(stages, secret)


def test_a_request_that_breaks_off_is_use_until_then(stages, stage, tickets):
    secret, _ = made(stages, stage)
    ticket, _ = tickets.use(secret, ORIGIN, stages.now)
    closed = []

    def blocks():
        try:
            yield b"x"
        finally:
            closed.append(True)

    stream = tickets.kept_alive(ticket, blocks())
    next(stream)
    stages.clock.advance(4 * MINUTE)
    stream.close()
    assert closed == [True]
    assert kept(stages, secret).used_at == stages.now


def test_a_download_that_is_done_is_done_where_its_last_use_can_not_be_written_down(stages, stage, tickets):
    secret, _ = made(stages, stage)
    ticket, _ = tickets.use(secret, ORIGIN, stages.now)

    def lost():
        raise Unavailable

    assert list(replace(tickets, clock=lost).kept_alive(ticket, (b for b in [b"x"]))) == [b"x"]


def test_only_so_many_of_one_file_live_at_once_and_those_that_died_make_room(stages, stage):
    secrets = [made(stages, stage)[0] for _ in range(module.MOST_ALIVE)]
    stages.clock.advance(4 * MINUTE)
    with pytest.raises(TooMany) as refused:
        made(stages, stage)
    assert refused.value.retry_after_s == 60
    assert is_live(stages, secrets[0])
    made(stages, stage, stage.file)
    made(stages, stages.redeemed(of=replace(stage)))
    stages.clock.advance(MINUTE)
    for _ in range(module.MOST_ALIVE - 1):
        made(stages, stage)
    with pytest.raises(TooMany):
        made(stages, stage)
    assert is_live(stages, secrets[0])
    with stages.database.reading() as tx:
        of_session = tx.find(Ticket, stage.actor.organization_id, session_id=stage.actor.session_id, file_id=None)
    assert len(of_session) == module.MOST_ALIVE


def test_a_download_goes_on_where_its_use_can_not_be_written_down(stages, stage, tickets, monkeypatch):
    seconds = iter(range(0, 600, 60))
    monkeypatch.setattr(module, "monotonic", lambda: float(next(seconds)))
    secret, _ = made(stages, stage)
    ticket, _ = tickets.use(secret, ORIGIN, stages.now)

    def busy():
        raise Unavailable

    blocks = [b"x", b"y", b"z"]
    assert list(replace(tickets, clock=busy).kept_alive(ticket, (b for b in blocks))) == blocks


def test_it_never_outlives_the_access_token(stages, stage):
    stages.clock.advance(timedelta(hours=24) - 2 * MINUTE)
    secret, expires_at = made(stages, stage)
    assert expires_at == stages.now + 2 * MINUTE
    stages.clock.advance(2 * MINUTE - SECOND)
    assert is_live(stages, secret)
    stages.clock.advance(SECOND)
    assert not is_live(stages, secret)


def test_it_is_said_to_end_with_the_link(stages):
    stage = stages.linked(expires_at=stages.now + 3 * MINUTE)
    assert made(stages, stages.redeemed(of=stage))[1] == stage.link.expires_at


def test_leaving_ends_every_ticket_of_the_session_at_once(stages, stage):
    secrets = [made(stages, stage)[0], made(stages, stage, stage.file)[0]]
    other = stages.redeemed(of=replace(stage))
    kept_by_another, _ = made(stages, other)
    Visits(stages.database).leave(stage.actor, stages.now)
    assert not any(is_live(stages, secret) for secret in secrets)
    assert is_live(stages, kept_by_another)


def test_a_repeated_redeem_ends_the_tickets_of_the_former_token(stages):
    stage = stages.redeemed(replay="key")
    secret, _ = made(stages, stage)
    stages.journey.redeem.redeem(stage.answer, ORIGIN, stages.now)
    assert not is_live(stages, secret)


@pytest.mark.parametrize("how", [LinkRevoked, ReleaseWithdrawn, PacketRetired])
def test_what_ends_link_release_or_packet_refuses_the_ticket_s_holder_and_makes_no_more(stages, stage, tickets, how):
    secret, _ = made(stages, stage)
    if how is LinkRevoked:
        stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    elif how is ReleaseWithdrawn:
        stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    else:
        stages.journey.retire.retire(stages.hospital.privacy_officer, stage.packet.id, stages.now, at_once=True)
    _, actor = tickets.use(secret, ORIGIN, stages.now)
    with pytest.raises(how):
        stages.journey.archives.look(actor, stages.now)
    with pytest.raises(how):
        made(stages, stage)
    assert [entry.facts["code"] for entry in stages.audit() if entry.action == "link.refused"] == [how.code] * 2


def test_a_ticket_is_made_for_released_files_alone(stages, tickets):
    stage = stages.closed()
    granted, other = stage.files.values()
    stage = stages.released(of=stage, grants=[GrantDraft(stages.recipient.id, (granted.id,))])
    stage = stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stage))))
    made(stages, stage, granted)
    for file_id in (other.id, uuid4()):
        with pytest.raises(NotFound):
            tickets.make(stage.actor, file_id, stages.now)


def test_nobody_but_a_recipient_whose_session_lives_makes_one(stages, stage, tickets):
    for actor in (stages.coordinator, a_patient_actor()):
        with pytest.raises(NotAllowed):
            tickets.make(actor, None, stages.now)
    with pytest.raises(NotAuthenticated):
        tickets.make(a_recipient_actor(organization_id=stage.actor.organization_id), None, stages.now)


def test_a_guess_an_end_and_a_session_that_was_forgotten_are_the_same(stages, stage):
    secret, _ = made(stages, stage)
    assert not is_live(stages, secret[:-1] + "x")
    assert not is_live(stages, "")
    stages.clock.advance(timedelta(days=3))
    with stages.database.changing() as tx:
        assert tx.forget(stages.now)
    assert not is_live(stages, secret)
    with pytest.raises(NotFound):
        kept(stages, secret)


def test_a_ticket_that_is_forgotten_while_it_streams_is_no_fault(stages, stage, tickets):
    secret, _ = made(stages, stage)
    ticket, _ = tickets.use(secret, ORIGIN, stages.now)
    stages.clock.advance(timedelta(days=3))
    stream = tickets.kept_alive(ticket, (b for b in [b"x", b"y"]))
    next(stream)
    with stages.database.changing() as tx:
        tx.forget(stages.now)
    assert list(stream) == [b"y"]


def test_making_one_is_audited_and_nothing_kept_holds_its_secret(stages, stage):
    secret, _ = made(stages, stage, stage.file)
    entry = stages.audit()[-1]
    assert (entry.action, entry.actor_kind, entry.facts) == ("ticket.made", "recipient", {"what": str(stage.file.id)})
    assert entry.subject["link"] == str(stage.link.id)
    assert is_live(stages, secret)
    everything = stages.kept.octets()
    assert token_hash(secret) in everything
    assert not any(form in everything for form in in_many_forms(secret))
