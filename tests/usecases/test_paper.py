"""A form signed on paper: two members of staff, one scan, and nothing leaves before the second has looked."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import DAY, a_patient, a_recipient_actor, an_event
from tests.stages import SCAN, blocks, sha256_hex, some_bytes
from transfer_service.domain.document import DocumentKind
from transfer_service.domain.people import Role
from transfer_service.domain.release import Medium, ReleaseState, Signer
from transfer_service.errors import (
    DocumentChanged,
    Invalid,
    NotAllowed,
    NotFound,
    NothingToConfirm,
    PacketRetired,
    PartSizeWrong,
    PatientUnreachable,
    ReleaseExpired,
    ReleaseNotRequested,
    ReleaseNotSigned,
    ReleaseWithdrawn,
    ScanRefused,
    SecondPersonNeeded,
    Unavailable,
)
from transfer_service.sealing.document import DocumentOpener
from transfer_service.sealing.keys import SecretKey
from transfer_service.usecases.documents import DocumentDraft
from transfer_service.usecases.release import GrantDraft, SignatureDraft


def expect(stages, stage, *, actor=None, media_type="application/pdf", size=None):
    who, size_bytes = actor or stages.coordinator, len(SCAN) if size is None else size
    return stages.journey.papers.expect(who, stage.release.id, media_type, size_bytes, stages.now)


def confirm(stages, stage, *, actor=None, **changes):
    draft = stages.paper_draft(**changes)
    return stages.journey.papers.confirm(actor or stages.second_coordinator, stage.release.id, draft, stages.now)


def shown(stages, stage, start=0, stop=None, actor=None):
    papers, who = stages.journey.papers, actor or stages.second_coordinator
    document = papers.look(who, stage.release.id)
    end = document.size_bytes if stop is None else stop
    return b"".join(papers.show(who, document, start, end, stages.now))


def state(stages, stage):
    return stages.journey.releases.one(stages.coordinator, stage.release.id).state


def test_what_one_brings_and_another_confirms_is_signed_on_paper(stages):
    stage = stages.scanned()
    assert stage.release.state is ReleaseState.AWAITING_CONFIRMATION
    with pytest.raises(ReleaseNotSigned):
        stages.linked(of=stage)
    yesterday = (stages.now - DAY).date()
    signed = confirm(stages, stage, signer=Signer.REPRESENTATIVE, authority="health care proxy", signed_on=yesterday)
    assert (signed.state, signed.signed_at) == (ReleaseState.SIGNED, stages.now)
    signature = signed.signature
    assert (signature.medium, signature.signed_on, signature.email) == (Medium.PAPER, yesterday, "")
    assert (signature.name, signature.authority) == ("Ada Example", "health care proxy")
    assert signature.confirmed_by == stages.second_coordinator.staff_id
    assert signature.document_sha256 == sha256_hex(SCAN)
    assert stages.journey.releases.one(stages.coordinator, signed.id) == signed
    entry = stages.audit()[-1]
    assert (entry.action, entry.facts["medium"]) == ("release.signed", "paper")
    assert entry.facts["document_sha256"] == sha256_hex(SCAN)
    stages.redeemed(of=stages.linked(of=stage))


def test_a_patient_without_an_address_is_asked_on_paper_alone(stages):
    stage = stages.closed(patient=a_patient(email=None))
    with pytest.raises(PatientUnreachable):
        stages.journey.releases.ask(stages.coordinator, stage.packet.id, stages.release_draft(), stages.now)
    stages.mail()
    stage = stages.asked_on_paper(of=stage)
    assert stages.mail() == []
    assert (stage.release.signing, stage.release.secret_hash, stage.release.email) == (Medium.PAPER, None, "")
    assert "Ada Example" in stage.release.form.text
    with pytest.raises(PatientUnreachable):
        stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    assert stages.confirmed(of=stages.scanned(of=stage)).release.state is ReleaseState.SIGNED


def test_who_has_an_address_can_be_sent_a_letter_after_all(stages):
    stage = stages.confirmed()
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    patient = stages.patient_actor(stages.patient_session(stages.letter_secret()))
    assert stages.journey.patients.release(patient).signing is Medium.PAGE


def test_a_release_asked_for_by_page_can_be_signed_on_paper_and_the_other_way_round(stages):
    assert stages.confirmed(of=stages.scanned(of=stages.released())).release.signature.medium is Medium.PAPER
    on_the_page = stages.scanned(of=stages.in_session())
    assert stages.signed(of=on_the_page).release.signature.medium is Medium.PAGE
    with pytest.raises(NothingToConfirm):
        confirm(stages, on_the_page)


def test_services_hear_of_what_was_confirmed(stages):
    stages.webhook_set()
    stage = stages.asked_on_paper(grants=[GrantDraft(stages.service.id)])
    stages.confirmed(of=stages.scanned(of=stage))
    assert stages.journey.announce.next_notice(stages.now)
    (notice, _) = stages.courier.brought[-1]
    assert (notice.kind.value, notice.release_id) == ("release.released", stage.release.id)
    listed = stages.journey.services.released(stages.service_actor, stages.now, limit=5, cursor=None).items
    assert [each.release.id for each in listed] == [stage.release.id]


# Who may


def test_whoever_brought_the_scan_can_not_confirm_it_and_that_they_tried_is_recorded(stages):
    stage = stages.scanned()
    officer = stages.staff(stages.hospital.pathology, Role.PRIVACY_OFFICER, "C. Weaver")  # the same, in another role
    for same in (stages.coordinator, officer):
        with pytest.raises(SecondPersonNeeded):
            confirm(stages, stage, actor=same)
        entry = stages.audit()[-1]
        assert (entry.action, entry.actor_id) == ("release.paper_refused", str(stages.coordinator.staff_id))
        assert entry.facts["code"] == "second_person_needed"
    assert state(stages, stage) is ReleaseState.AWAITING_CONFIRMATION
    assert confirm(stages, stage, actor=stages.hospital.privacy_officer).state is ReleaseState.SIGNED


def test_who_may_bring_look_and_confirm(stages):
    stage, hospital = stages.scanned(of=stages.in_session()), stages.hospital
    recipient = a_recipient_actor(organization_id=hospital.id)
    for unfit in (hospital.depositor, hospital.admin, stage.patient, recipient, hospital.privacy_officer):
        with pytest.raises(NotAllowed):
            expect(stages, stage, actor=unfit)
    for unfit in (hospital.depositor, hospital.admin, stage.patient, recipient):
        with pytest.raises(NotAllowed):
            shown(stages, stage, actor=unfit)
        with pytest.raises(NotAllowed):
            confirm(stages, stage, actor=unfit)
    radiology = stages.department(hospital.organization, "Radiology")
    for stranger in (stages.staff(radiology, Role.COORDINATOR), stages.enrolled("Other").coordinator):
        for call in (expect, shown, confirm):
            with pytest.raises(NotFound):
                call(stages, stage, actor=stranger)


def test_a_scan_is_shown_in_whole_and_in_part_and_each_time_is_recorded(stages):
    stage = stages.scanned(b"%PDF-" + some_bytes(700_000))
    whole = shown(stages, stage)
    assert sha256_hex(whole) == stages.journey.papers.look(stages.coordinator, stage.release.id).sha256
    assert shown(stages, stage, 16_380, 300_001) == whole[16_380:300_001]
    assert shown(stages, stage, 699_999) == whole[699_999:]
    assert [entry.action for entry in stages.audit()[-3:]] == ["release.paper_shown"] * 3
    assert stages.audit()[-1].actor_id == str(stages.second_coordinator.staff_id)
    with pytest.raises(NotFound):
        shown(stages, stages.asked_on_paper(of=stage))


# What comes in between


def test_a_better_scan_takes_the_place_of_the_former_one_which_is_swept(stages):
    stage = stages.scanned()
    (former,) = stages.object_keys_referred_to() - {file.object_key for file in stage.files.values()}
    better = b"%PDF-1.7 a sharper form"
    stages.scanned(better, of=stage)
    assert shown(stages, stage) == better
    with pytest.raises(DocumentChanged):
        confirm(stages, stage)
    stages.check_nothing_is_orphaned()
    assert former not in set(stages.store.objects())
    assert confirm(stages, stage, document_sha256=sha256_hex(better)).state is ReleaseState.SIGNED
    with pytest.raises(ReleaseNotRequested):
        expect(stages, stage)


def test_the_scan_of_somebody_who_was_shown_it_is_no_longer_shown_once_it_was_replaced(stages):
    stage = stages.scanned()
    document = stages.journey.papers.look(stages.coordinator, stage.release.id)
    stages.scanned(b"%PDF- another", of=stage)
    with pytest.raises(NotFound):
        stages.journey.papers.show(stages.coordinator, document, 0, 5, stages.now)


def test_what_ended_in_between_is_neither_scanned_nor_confirmed(stages):
    asked, scanned = stages.asked_on_paper(), stages.scanned()
    plan = expect(stages, asked)
    for stage in (asked, scanned):
        stages.journey.releases.withdraw(stages.coordinator, stage.release.id, stages.now)
    for call in (
        lambda: stages.journey.papers.take(plan, blocks(SCAN)),
        lambda: expect(stages, scanned),
        lambda: confirm(stages, scanned),
    ):
        with pytest.raises(ReleaseWithdrawn):
            call()
    expired, retired = stages.scanned(), stages.scanned()
    stages.journey.retire.retire(stages.coordinator, retired.packet.id, stages.now)
    for call in (expect, confirm):
        with pytest.raises(PacketRetired):
            call(stages, retired)
    stages.clock.now = expired.release.expires_at
    for call in (expect, confirm):
        with pytest.raises(ReleaseExpired):
            call(stages, expired)
    stages.check_nothing_is_orphaned()


def test_without_a_scan_there_is_nothing_to_confirm(stages):
    for stage in (stages.asked_on_paper(), stages.signed(), stages.attested()):
        with pytest.raises(NothingToConfirm):
            confirm(stages, stage)
    for stage in (stages.signed(), stages.attested()):
        with pytest.raises(ReleaseNotRequested):
            expect(stages, stage)


def test_a_signature_is_whole_and_of_a_possible_day(stages):
    stage = stages.scanned()
    today = stages.now.date()
    for changes in (
        {"name": " "},
        {"signer": Signer.REPRESENTATIVE},
        {"authority": "parent"},
        {"signed_on": today + timedelta(days=2)},
        {"signed_on": today - timedelta(days=2)},  # before there was a form
    ):
        with pytest.raises(Invalid):
            confirm(stages, stage, **changes)
    with pytest.raises(DocumentChanged):
        confirm(stages, stage, document_sha256="0" * 64)
    assert state(stages, stage) is ReleaseState.AWAITING_CONFIRMATION


# The bytes


@pytest.mark.parametrize(
    ("media_type", "scan"),
    [
        ("application/pdf", b"%PDF-1.4"),
        ("image/png", b"\x89PNG\r\n\x1a\n..."),
        ("image/jpeg", b"\xff\xd8\xff\xe0"),
        ("image/tiff", b"II*\0"),
        ("image/tiff", b"MM\0*...."),
    ],
)
def test_each_kind_of_scan_is_taken(stages, media_type, scan):
    stage = stages.asked_on_paper()
    plan = expect(stages, stage, media_type=media_type, size=len(scan))
    _, document = stages.journey.papers.take(plan, blocks(scan, 3))  # in small pieces, as a network gives them
    assert shown(stages, stage) == scan
    assert document.file_name.startswith("signed-form.")


@pytest.mark.parametrize(
    ("media_type", "scan"),
    [
        ("application/pdf", b"<html>"),
        ("application/pdf", b""),
        ("application/pdf", b"%PD"),
        ("image/png", b"%PDF-1.7"),
        ("text/html", b"%PDF-1.7"),
        ("image/svg+xml", b"<svg/>"),
        ("", b"%PDF-1.7"),
    ],
)
def test_what_is_not_what_it_says_is_not_kept(stages, media_type, scan):
    stage = stages.asked_on_paper()
    before = stages.rows()
    with pytest.raises(ScanRefused):
        stages.journey.papers.take(expect(stages, stage, media_type=media_type, size=len(scan)), blocks(scan))
    assert stages.rows() == before


@pytest.mark.parametrize("sent", [SCAN[:-1], SCAN + b"x"])
def test_a_body_of_another_length_is_not_kept(stages, sent):
    stage = stages.asked_on_paper()
    before = stages.rows()
    with pytest.raises(PartSizeWrong):
        stages.journey.papers.take(expect(stages, stage), blocks(sent))
    assert stages.rows() == before


def test_a_store_that_is_away_keeps_nothing_and_leaves_nothing(stages, monkeypatch):
    stage = stages.asked_on_paper()
    plan = expect(stages, stage)

    def away(*_):
        raise Unavailable

    monkeypatch.setattr(stages.store, "read", away)
    with pytest.raises(Unavailable):
        stages.journey.papers.take(plan, blocks(SCAN))
    assert state(stages, stage) is ReleaseState.REQUESTED
    monkeypatch.undo()
    stages.check_nothing_is_orphaned()


def test_a_document_opens_in_its_own_place_under_its_own_key_and_outlives_its_packet(stages):
    stage = stages.confirmed()
    document = stages.journey.papers.look(stages.coordinator, stage.release.id)
    _, sealed = stages.store.contents[document.object_key]
    stages.journey.retire.retire(stages.hospital.privacy_officer, stage.packet.id, stages.now, at_once=True)
    stages.journey.retire.destroy(stages.now)
    assert shown(stages, stage) == SCAN
    assert repr(document.key) not in repr(document)
    opener = DocumentOpener(SecretKey(document.key), document.release_id, document.id, document.size_bytes)
    assert opener.update(sealed) + opener.finish() == SCAN
    stages.check_nothing_is_orphaned()


def test_a_copy_and_a_scan_are_kept_beside_each_other(stages):
    stage, documents = stages.scanned(), stages.journey.papers.documents
    draft = DocumentDraft(stage.release, DocumentKind.COPY, "application/pdf", 4)
    copy = documents.stored(draft, blocks(b"copy"), stages.now)
    with stages.database.changing() as tx:
        documents.keep(tx, an_event(stages.coordinator, "copy.kept", at=stages.now), copy)
    with stages.database.reading() as tx:
        kept = documents.of(tx, stage.release, DocumentKind.COPY)
        assert b"".join(documents.read(kept, 0, 4)) == b"copy"
    assert shown(stages, stage) == SCAN
    stages.check_nothing_is_orphaned()


def test_an_unknown_release_takes_no_scan(stages):
    with pytest.raises(NotFound):
        stages.journey.papers.expect(stages.coordinator, uuid4(), "application/pdf", 5, stages.now)


def test_nobody_but_the_patient_signs_on_the_page_what_waits(stages):
    stage = stages.scanned()
    draft = SignatureDraft(stage.release.form.sha256, "Ada Example", Signer.PATIENT)
    with pytest.raises(NotAllowed):
        stages.journey.releases.sign(stages.second_coordinator, stage.release.id, draft, stages.now)
    assert state(stages, stage) is ReleaseState.AWAITING_CONFIRMATION
