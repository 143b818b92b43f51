"""Who is told what left, to whom, when and why; and the log's pages."""

from datetime import timedelta

import pytest

from tests.factories import a_patient_actor
from tests.stages import ORIGIN
from transfer_service.audit.chain import ChainBroken
from transfer_service.domain.accounting import AccountQuery
from transfer_service.domain.people import Role
from transfer_service.errors import CursorInvalid, LinkRevoked, NotAllowed, NotFound
from transfer_service.usecases import account_lines

HOUR = timedelta(hours=1)


@pytest.fixture
def stage(stages):
    """One file downloaded, one refusal."""
    stage = stages.redeemed()
    stages.download(stage.actor, stage.file)
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.clock.advance(HOUR))
    with pytest.raises(LinkRevoked):
        stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    return stage


def told(lines):
    return [(line.file.path if line.file else None, line.disclosure.refused_code) for line in lines]


def test_a_packets_account_says_what_left_and_what_was_refused(stages, stage):
    for actor in (stages.coordinator, stages.hospital.privacy_officer):
        lines = stages.journey.account.of_packet(actor, stage.packet.id)
        assert told(lines) == [(stage.file.path, None), (None, "link_revoked")]
    sent, refused = lines
    assert (sent.recipient, sent.purpose, sent.accountable) == (stages.recipient, "Second opinion", False)
    assert sent.disclosure.bytes_sent == stage.file.size_bytes
    assert (refused.disclosure.bytes_sent, refused.disclosure.redemption_id) == (0, None)


def test_the_patient_reads_the_account_of_their_own_packet(stages, stage):
    other = stages.redeemed()
    stages.download(other.actor, other.file)
    assert told(stages.journey.account.of_patient(stage.patient)) == [(stage.file.path, None), (None, "link_revoked")]
    assert told(stages.journey.account.of_patient(other.patient)) == [(other.file.path, None)]


def test_the_account_outlives_the_packet(stages, stage):
    stages.journey.retire.retire(stages.hospital.privacy_officer, stage.packet.id, stages.now, at_once=True)
    stages.sweep()
    assert len(stages.journey.account.of_packet(stages.coordinator, stage.packet.id)) == 2


def test_the_privacy_officer_searches_all_by_recipient_and_time_in_pages(stages, stage):
    account, officer = stages.journey.account, stages.hospital.privacy_officer
    second = stages.recipient_added(name="Dr. S. Other")

    def search(limit=10, cursor=None, **query):
        return account.search(officer, AccountQuery(**query), limit=limit, cursor=cursor)

    assert told(search().items) == [(None, "link_revoked"), (stage.file.path, None)]
    assert search(recipient_id=second.id).items == []
    assert len(search(recipient_id=stages.recipient.id).items) == 2
    assert told(search(since=stages.now).items) == [(None, "link_revoked")]
    assert told(search(until=stages.now).items) == [(stage.file.path, None)]
    first = search(limit=1)
    assert told(search(limit=1, cursor=first.next_cursor).items) == [(stage.file.path, None)]
    with pytest.raises(CursorInvalid):
        search(cursor="x")


def test_who_may_account(stages, stage):
    account, hospital = stages.journey.account, stages.hospital

    def pages(actor):
        account.audit(actor, limit=1, cursor=None, action=None, packet=None)

    calls = {
        "packet": lambda actor: account.of_packet(actor, stage.packet.id),
        "patient": account.of_patient,
        "search": lambda actor: account.search(actor, AccountQuery(), limit=1, cursor=None),
        "audit": pages,
    }
    may = {
        hospital.depositor: set(),
        hospital.admin: set(),
        hospital.coordinator: {"packet"},
        hospital.privacy_officer: {"packet", "search", "audit"},
        stage.patient: {"patient"},
        stage.actor: set(),
    }
    for actor, allowed in may.items():
        for name, call in calls.items():
            if name in allowed:
                call(actor)
            else:
                with pytest.raises(NotAllowed):
                    call(actor)


def test_others_packets_and_organizations_stay_unseen(stages, stage):
    account, other = stages.journey.account, stages.enrolled("Other")
    radiology = stages.department(stages.hospital.organization, "Radiology")
    for stranger in (stages.staff(radiology, Role.COORDINATOR), other.coordinator, other.privacy_officer):
        with pytest.raises(NotFound):
            account.of_packet(stranger, stage.packet.id)
    with pytest.raises(NotFound):
        account.of_patient(a_patient_actor(release_id=stage.release.id))
    assert account.search(other.privacy_officer, AccountQuery(), limit=5, cursor=None).items == []
    entries = account.audit(other.privacy_officer, limit=99, cursor=None, action=None, packet=None).items
    assert {entry.organization_id for entry in entries} == {other.id}


def test_the_log_is_read_in_pages_by_action_and_packet(stages, stage):
    other, officer = stages.opened(), stages.hospital.privacy_officer

    def pages(limit=99, cursor=None, action=None, packet=None):
        return stages.journey.account.audit(officer, limit=limit, cursor=cursor, action=action, packet=packet)

    assert [entry.action for entry in pages().items] == stages.actions()[::-1]
    assert [entry.subject["packet"] for entry in pages(action="packet.closed").items] == [str(stage.packet.id)]
    assert [entry.action for entry in pages(packet=other.packet.id).items] == ["packet.opened"]
    first = pages(limit=1)
    assert pages(limit=1, cursor=first.next_cursor).items[0].seq == first.items[0].seq - 1


def test_every_organizations_log_is_verified_and_a_change_is_found(stages, stage):
    stages.enrolled("Other")
    assert stage
    entries = stages.rows()["audit_entries"]
    assert stages.journey.account.verify_audit() == len(entries)
    stages.kept.drop_triggers()
    stages.execute("UPDATE audit_entries SET action = 'link.issued' WHERE action = 'link.revoked'")
    with pytest.raises(ChainBroken):
        stages.journey.account.verify_audit()


def test_a_log_without_its_head_is_broken(stages, stage):
    assert stage
    stages.kept.drop_triggers()
    stages.execute("DELETE FROM audit_heads")
    with pytest.raises(ChainBroken, match="its head is gone"):
        stages.journey.account.verify_audit()


def test_an_account_longer_than_is_read_at_once_is_whole_and_in_order(stages, stage, monkeypatch):
    whole = stages.journey.account.of_packet(stages.coordinator, stage.packet.id)
    monkeypatch.setattr(account_lines, "AT_ONCE", 1)
    again = stages.journey.account.of_packet(stages.coordinator, stage.packet.id)
    assert told(again) == told(whole) == [(stage.file.path, None), (None, "link_revoked")]
