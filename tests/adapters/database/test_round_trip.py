"""What is written is what is read, of every kind."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError

from tests import factories as a
from tests.adapters.database.conftest import Tenant
from transfer_service.adapters.database import SqlDatabase
from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.language import Language
from transfer_service.domain.link import Challenge, Link, Passcode, Redemption, Verification
from transfer_service.domain.member import Member
from transfer_service.domain.packet import (
    AssemblyIntent,
    Case,
    NotIncluded,
    Packet,
    PacketFile,
    PacketState,
    Part,
    SignedManifest,
    Specimen,
)
from transfer_service.domain.people import (
    Credential,
    CredentialKind,
    Department,
    Organization,
    Patient,
    Recipient,
    Role,
    Staff,
)
from transfer_service.domain.release import Release, Signature, Signer
from transfer_service.domain.slide_request import Asker, AskerKind, DeclineReason, SlideRequest
from transfer_service.domain.ticket import Ticket
from transfer_service.domain.webhook import Notice, NoticeKind, Silence, Webhook
from transfer_service.errors import NotFound, PathTaken

one_database = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts = st.text(max_size=60)
maybe_texts = st.none() | texts
days = st.none() | st.dates()
moments = st.datetimes(timezones=st.just(UTC))


def saved(database: SqlDatabase, tenant: Tenant, *things: Any) -> None:
    with database.changing() as work:
        work.save(a.an_event(tenant.actor, "thing.saved"), *things)


def got(database: SqlDatabase, kind: Any, tenant: Tenant, identity: UUID) -> Any:
    with database.reading() as work:
        return work.get(kind, tenant.id, identity)


def test_every_kind_of_a_whole_case_comes_back_as_it_was_saved(database: SqlDatabase, tenant: Tenant) -> None:
    things: dict[Any, Any] = {
        Department: tenant.department,
        Staff: tenant.staff,
        Recipient: tenant.recipient,
        Packet: tenant.packet,
        PacketFile: tenant.file,
        Release: tenant.release,
        Link: tenant.link,
        Redemption: tenant.redemption,
        Disclosure: tenant.disclosure,
    }
    for kind, thing in things.items():
        assert got(database, kind, tenant, thing.id) == thing
    with database.reading() as work:
        assert work.organization(tenant.id) == tenant.organization
        assert work.organizations() == [tenant.organization]


def test_of_many_things_the_new_are_added_and_the_others_changed(database: SqlDatabase, tenant: Tenant) -> None:
    def many(start: int, stop: int) -> list[PacketFile]:
        place = {"organization_id": tenant.id, "packet_id": tenant.packet.id, "carried_from": tenant.file.id}
        return [a.a_file(**place, id=a.some_id(number), path=f"{number}.svs") for number in range(start, stop)]

    def kept() -> set[PacketFile]:
        with database.reading() as work:
            return {*work.find(PacketFile, tenant.id, packet_id=tenant.packet.id)} - {tenant.file}

    saved(database, tenant, replace(tenant.packet, predecessor_id=tenant.packet.id), *many(0, 30))
    assert kept() == {*many(0, 30)}
    assert got(database, Packet, tenant, tenant.packet.id).predecessor_id == tenant.packet.id
    changed = [replace(file, fence=7) for file in many(20, 50)]
    saved(database, tenant, *changed)
    assert kept() == {*many(0, 20), *changed}
    saved(database, tenant, *many(0, 50))
    assert kept() == {*many(0, 50)}
    with pytest.raises(PathTaken):
        saved(database, tenant, *(replace(file, id=a.uuid4()) for file in many(0, 30)))
    assert kept() == {*many(0, 50)}


def test_bookkeeping_comes_back_as_it_was_kept(database: SqlDatabase, tenant: Tenant) -> None:
    challenge = a.a_challenge(organization_id=tenant.id)
    intent = a.an_assembly_intent(organization_id=tenant.id, file_id=tenant.file.id)
    parts = [a.a_part(organization_id=tenant.id, file_id=tenant.file.id, number=number) for number in (2, 1)]
    answer = a.a_kept_answer()
    with database.changing() as work:
        work.keep(challenge, intent, *parts, answer)
    with database.reading() as work:
        assert work.get(Challenge, tenant.id, challenge.id) == challenge
        assert work.get(AssemblyIntent, tenant.id, tenant.file.id) == intent
        assert work.find(Part, tenant.id, file_id=tenant.file.id) == parts[::-1]
        assert work.kept_answer(answer.key) == answer
        assert work.kept_answer(b"another") is None


def test_a_saved_thing_is_changed_by_saving_it_again(database: SqlDatabase, tenant: Tenant) -> None:
    closed = replace(
        tenant.packet,
        state=PacketState.CLOSED,
        note=None,
        manifest=SignedManifest({"files": [{"path": "a/b", "size": 7}], "unicode": "é"}, "sig", "key-1"),
        closed_at=a.NOW,
        contributing_department_ids=(a.some_id(1), a.some_id(2)),
    )
    passcode = replace(tenant.link, passcode=Passcode(b"salt", b"hash"), verification=Verification.PASSCODE)
    renamed: Organization = replace(tenant.organization, name="St. Barbara")
    saved(database, tenant, closed, passcode, renamed)
    assert got(database, Packet, tenant, closed.id) == closed
    assert got(database, Link, tenant, passcode.id) == passcode
    with database.reading() as work:
        assert work.organization(tenant.id) == renamed


def test_a_recipient_is_versioned_and_the_newest_is_the_one(database: SqlDatabase, tenant: Tenant) -> None:
    second = replace(tenant.recipient, version=2, email="new@review.test", accreditations=())
    saved(database, tenant, second)
    with database.reading() as work:
        assert work.get(Recipient, tenant.id, second.id) == second
        assert work.find(Recipient, tenant.id) == [second]
        assert work.find(Recipient, tenant.id, email=tenant.recipient.email) == []
        assert work.page(Recipient, tenant.id, limit=5, cursor=None).items == [second]
        assert work.recipient_version(tenant.id, second.id, 1) == tenant.recipient
        with pytest.raises(NotFound):
            work.recipient_version(tenant.id, second.id, 3)


def test_secrets_find_their_credential_link_and_release(database: SqlDatabase, tenant: Tenant) -> None:
    credential = a.a_credential(organization_id=tenant.id)
    saved(database, tenant, credential)
    with database.reading() as work:
        assert work.by_secret(Credential, credential.secret_hash) == credential
        assert work.by_secret(Link, tenant.link.secret_hash) == tenant.link
        assert work.by_secret(Release, tenant.release.secret_hash) == tenant.release
        with pytest.raises(NotFound):
            work.by_secret(Link, tenant.release.secret_hash)


def test_a_member_is_found_by_address_and_by_invitation(database: SqlDatabase, tenant: Tenant) -> None:
    invited = a.a_member(organization_id=tenant.id, id=tenant.staff.id, secret_hash=b"s" * 32, invited_until=a.NOW)
    saved(database, tenant, invited)
    with database.reading() as work:
        assert work.by_email(invited.email) == invited
        assert work.by_secret(Member, b"s" * 32) == invited
        with pytest.raises(NotFound):
            work.by_email("nobody@hospital.test")
    accepted = replace(invited, secret_hash=None, password_hash="$argon2id$", recovery_hashes=("a", "b"), totp_step=7)
    saved(database, tenant, accepted)
    with database.changing() as work:
        assert work.by_email(invited.email) == accepted


def test_two_members_do_not_sign_in_by_one_address(database: SqlDatabase, tenant: Tenant, neighbour: Tenant) -> None:
    one = a.a_member(organization_id=tenant.id, id=tenant.staff.id)
    saved(database, tenant, one)
    with pytest.raises(AssertionError):
        saved(database, neighbour, a.a_member(organization_id=neighbour.id, id=neighbour.staff.id, email=one.email))


def test_a_ticket_is_found_by_its_secret_and_goes_with_its_session(database: SqlDatabase, tenant: Tenant) -> None:
    session = a.a_credential(organization_id=tenant.id)
    ticket = a.a_ticket(organization_id=tenant.id, session_id=session.id, file_id=tenant.file.id, used_at=a.NOW)
    archive = a.a_ticket(organization_id=tenant.id, session_id=session.id)
    saved(database, tenant, session, ticket, archive)
    with database.reading() as work:
        assert work.by_secret(Ticket, ticket.secret_hash) == ticket
        assert work.get(Ticket, tenant.id, archive.id) == archive
    with database.changing() as work:
        work.drop(session)
    with database.reading() as work:
        assert work.find(Ticket, tenant.id) == []


def test_a_ticket_hangs_on_no_other_organization_s_session(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    theirs = a.a_credential(organization_id=neighbour.id)
    saved(database, neighbour, theirs)
    with pytest.raises(AssertionError):
        saved(database, tenant, a.a_ticket(organization_id=tenant.id, session_id=theirs.id))


def test_a_webhook_comes_back_as_it_was_and_takes_its_notices_along(database: SqlDatabase, tenant: Tenant) -> None:
    of = {"organization_id": tenant.id, "recipient_id": tenant.recipient.id}
    webhook = a.a_webhook(
        **of,
        kinds=(NoticeKind.EXPIRING,),
        former_secret="whsec_b2xk",
        former_until=a.NOW,
        last_failed_at=a.NOW,
        last_failure="timed_out",
        failures=3,
        resting_until=a.NOW,
        disabled_at=a.NOW,
        disabled_because=Silence.GIVEN_UP,
    )
    notice = a.a_notice(**of, release_id=tenant.release.id, packet_id=tenant.packet.id, delivered_at=a.NOW)
    saved(database, tenant, webhook, notice)
    assert got(database, Webhook, tenant, tenant.recipient.id) == webhook
    assert got(database, Notice, tenant, notice.id) == notice
    with pytest.raises(AssertionError):
        saved(database, tenant, replace(notice, id=a.some_id(7)))
    with database.changing() as work:
        work.drop(webhook)
    with database.reading() as work:
        assert work.find(Notice, tenant.id) == []


def test_a_request_for_slides_comes_back_as_it_was_and_hangs_on_no_other_organization_s_department(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    of = {"organization_id": tenant.id, "department_id": tenant.department.id}
    bare = a.asked(record_number=None, phone=None, done_on=None, question=None)
    request = a.a_slide_request(**of, asked=bare)
    physician = a.asked(asker=Asker(AskerKind.PHYSICIAN, "Dr. A. Sker", "Practice"), language=Language.SPANISH)
    accepted = a.a_slide_request(**of, asked=physician).accepted(tenant.packet.id, tenant.staff.id, a.NOW)
    declined = a.a_slide_request(**of).declined(DeclineReason.OTHER, "Not here", tenant.staff.id, a.NOW)
    saved(database, tenant, request, accepted, declined)
    with database.reading() as work:
        assert {each.id: each for each in work.find(SlideRequest, tenant.id)} == {
            each.id: each for each in (request, accepted, declined)
        }
        assert work.by_secret(SlideRequest, declined.secret_hash) == declined
        assert len(work.find(SlideRequest, tenant.id, mailbox="ADA+again@Patient.test")) == 3
    with pytest.raises(AssertionError):
        saved(database, tenant, a.a_slide_request(organization_id=tenant.id, department_id=neighbour.department.id))


def test_a_path_that_differs_by_case_alone_is_taken(database: SqlDatabase, tenant: Tenant) -> None:
    twin = a.a_file(organization_id=tenant.id, packet_id=tenant.packet.id, path=tenant.file.path.upper())
    with pytest.raises(PathTaken), database.changing() as work:
        work.save(a.an_event(tenant.actor), twin)
    with database.reading() as work:
        assert work.find(PacketFile, tenant.id, packet_id=tenant.packet.id, path="SLIDES/a1.SVS") == [tenant.file]


def test_sealed_numbers_are_found_whatever_their_case_and_spaces(database: SqlDatabase, tenant: Tenant) -> None:
    with database.reading() as work:
        assert work.find(Packet, tenant.id, record_number=" mrn-0042 ") == [tenant.packet]
        assert work.page(Packet, tenant.id, limit=9, cursor=None, accession_number="s26-1234").items == [tenant.packet]
        assert work.find(Packet, tenant.id, record_number="MRN-0043") == []


@pytest.mark.parametrize("name", ["case", "note", "nothing", "record_number_index"])
def test_a_packet_cannot_be_found_by_a_sealed_field(database: SqlDatabase, tenant: Tenant, name: str) -> None:
    with database.reading() as work, pytest.raises(ValueError, match="can't be found by"):
        work.find(Packet, tenant.id, **{name: "x"})


def test_none_finds_what_is_not_set(database: SqlDatabase, tenant: Tenant) -> None:
    with database.reading() as work:
        assert work.find(Packet, tenant.id, closed_at=None, state=PacketState.OPEN) == [tenant.packet]
        assert work.find(Packet, tenant.id, state=PacketState.CLOSED) == []


def test_dropping_a_file_drops_its_parts_and_intent(database: SqlDatabase, tenant: Tenant) -> None:
    part = a.a_part(organization_id=tenant.id, file_id=tenant.file.id)
    with database.changing() as work:
        work.keep(part, a.an_assembly_intent(organization_id=tenant.id, file_id=tenant.file.id))
        work.drop(tenant.file)
        work.drop(tenant.file)
    with database.reading() as work:
        assert (
            work.find(PacketFile, tenant.id) == work.find(Part, tenant.id) == work.find(AssemblyIntent, tenant.id) == []
        )


def test_instants_keep_their_microseconds_and_lose_their_zone(database: SqlDatabase, tenant: Tenant) -> None:
    far = datetime(2026, 3, 29, 2, 30, 0, 1, tzinfo=timezone(timedelta(hours=-7)))
    file = replace(tenant.file, completed_at=far)
    saved(database, tenant, file)
    completed = got(database, PacketFile, tenant, file.id).completed_at
    assert completed == far
    assert completed.tzinfo is UTC


def test_a_naive_instant_is_refused(database: SqlDatabase, tenant: Tenant) -> None:
    naive = replace(tenant.file, completed_at=a.NOW.replace(tzinfo=None))
    with pytest.raises(StatementError, match="without a zone"), database.changing() as work:
        work.keep(naive)


def test_a_part_has_no_id_to_be_got_by(database: SqlDatabase, tenant: Tenant) -> None:
    with database.reading() as work, pytest.raises(TypeError):
        work.get(Part, tenant.id, tenant.file.id)


def test_a_service_key_is_kept_once(database: SqlDatabase) -> None:
    with database.changing() as work:
        assert work.service_key("answers") is None
        work.add_service_key("answers", b"wrapped")
    with database.reading() as work:
        assert work.service_key("answers") == b"wrapped"
    with pytest.raises(AssertionError), database.changing() as work:
        work.add_service_key("answers", b"another")


cases = st.builds(
    Case,
    accession_number=texts,
    patient=st.builds(
        Patient, texts, st.dates(min_value=date(1850, 1, 1)), texts, maybe_texts, maybe_texts, maybe_texts
    ),
    question=maybe_texts,
    diagnosis=maybe_texts,
    laterality=maybe_texts,
    specimens=st.lists(st.builds(Specimen, texts, maybe_texts, days), max_size=3).map(tuple),
    not_included=st.lists(st.builds(NotIncluded, texts, texts), max_size=3).map(tuple),
)


@one_database
@given(case=cases, note=maybe_texts, salt=st.binary(max_size=40), at=moments)
def test_any_case_comes_back(
    database: SqlDatabase, tenant: Tenant, case: Case, note: str | None, salt: bytes, at: datetime
) -> None:
    packet = replace(tenant.packet, case=case, note=note, case_salt=salt, written_at=at)
    saved(database, tenant, packet)
    assert got(database, Packet, tenant, packet.id) == packet


@one_database
@given(
    grants=st.lists(
        st.builds(a.Grant, st.uuids(), st.integers(1, 9), st.lists(st.uuids(), max_size=3).map(tuple)), max_size=3
    ).map(tuple),
    signature=st.none() | st.builds(Signature, texts, st.sampled_from(Signer), maybe_texts, texts),
    form=st.builds(a.Form, texts, texts, texts, texts),
    purpose=texts,
)
def test_any_release_comes_back(database: SqlDatabase, tenant: Tenant, **changes: Any) -> None:
    release = replace(tenant.release, **changes)
    saved(database, tenant, release)
    assert got(database, Release, tenant, release.id) == release


@one_database
@given(
    kind=st.sampled_from(CredentialKind),
    role=st.none() | st.sampled_from(Role),
    recipient_id=st.none() | st.uuids(),
    expires_at=st.none() | moments,
)
def test_any_credential_comes_back(database: SqlDatabase, tenant: Tenant, **changes: Any) -> None:
    credential = a.a_credential(organization_id=tenant.id, **changes)
    saved(database, tenant, credential)
    assert got(database, Credential, tenant, credential.id) == credential


@one_database
@given(spans=st.lists(st.tuples(st.integers(0, 2**45), st.integers(0, 2**45)), max_size=5).map(tuple))
def test_any_spans_come_back(database: SqlDatabase, tenant: Tenant, spans: tuple[tuple[int, int], ...]) -> None:
    disclosure = replace(tenant.disclosure, spans=spans, bytes_sent=2**45)
    with database.changing() as work:
        work.keep(disclosure)
    assert got(database, Disclosure, tenant, disclosure.id) == disclosure
