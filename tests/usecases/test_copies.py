"""The copy to keep: made once, from what was signed, with its receipt; and it outlives the packet."""

import re
from dataclasses import replace

import pytest

from tests.factories import DAY, a_patient
from tests.pdfs import attachment_of, catalog_of, info_of, text_of
from tests.stages import ATTESTATION, SCAN, sha256_hex
from transfer_service.adapters.typesetting import TypstPdf
from transfer_service.audit.chain import verify
from transfer_service.domain.language import Language
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.people import Role
from transfer_service.domain.printed import Bullets, Heading, Paragraph
from transfer_service.domain.release import Signer
from transfer_service.errors import CopyNotReady, NotAllowed, NotFound, NotTypeset
from transfer_service.usecases import copies as module
from transfer_service.usecases.printed_form import FormFacts, unsigned_form
from transfer_service.usecases.release import SignatureDraft


class Broken:
    """A typesetter that makes none of the documents that say a word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def typeset(self, document):
        if self.word in document.attached[0].text:
            raise NotTypeset
        return TypstPdf().typeset(document)


def form(stages, stage, actor=None):
    return stages.journey.copies.form(actor or stages.coordinator, stage.release.id)


def pdf(stages, stage, actor=None):
    printed = form(stages, stage, actor)
    made = b"".join(stages.journey.copies.read(printed, 0, printed.size_bytes))
    assert (len(made), sha256_hex(made)) == (printed.size_bytes, printed.sha256)
    return made


def lines(pdf):
    """The text, without what stands at the foot of its pages."""
    return re.sub(r"Pathology, St. Agatha \d/\d ?", "", " ".join(text_of(pdf).split()))


def signature_entry(stages, stage):
    return next(
        entry
        for entry in stages.audit()
        if entry.action == "release.signed" and entry.subject["release"] == str(stage.release.id)
    )


def test_a_copy_bears_the_form_its_signature_and_its_receipt(stages, tmp_path):
    stage = stages.signed()
    before = stages.audit()
    assert stages.journey.copies.make_missing(stages.now) == 1
    made, release, entry = pdf(stages, stage), stage.release, signature_entry(stages, stage)
    said = lines(made)
    for words in (
        "AUTHORIZATION TO RELEASE YOUR SLIDES AND IMAGES Whose information Ada Example, born February 3, 1961",
        "• reports/S26-1234.pdf",
        "Signed by Ada Example Signed as the patient Signed on May 12, 2026, 09:30 UTC",
        f"Address that was proved {release.email}",
        f"Entry of the signature number {entry.seq} of the log of this hospital Its time {rfc3339(entry.at)}",
        f"Its digest {entry.hash.hex()}",
        f"{len(before)} entries Its last digest {before[-1].hash.hex()}",
        f"Number of this release {release.id}",
        f"attached as form-text.txt {release.form.sha256}",
        f"SHA-256 of the list of the files {release.manifest_sha256}",
    ):
        assert words in said
    assert attachment_of(made, tmp_path) == release.form.text.encode()
    assert sha256_hex(attachment_of(made, tmp_path)) == release.form.sha256
    assert info_of(made)["Title"] == "AUTHORIZATION TO RELEASE YOUR SLIDES AND IMAGES"


def test_the_audit_log_holds_the_digest_of_the_copy(stages):
    stage = stages.copied()
    entry = stages.audit()[-1]
    assert (entry.action, entry.actor_id) == ("release.copy_made", "worker")
    assert entry.facts == {
        "pdf_sha256": sha256_hex(pdf(stages, stage)),
        "form_sha256": stage.release.form.sha256,
    }
    assert entry.subject["release"] == str(stage.release.id)


def test_a_copy_is_made_once(stages):
    stage = stages.copied()
    first, log = pdf(stages, stage), stages.audit()
    assert stages.journey.copies.make_missing(stages.now) == 0
    assert stages.journey.copies.make(stage.release, stages.now) is False
    assert (pdf(stages, stage), stages.audit()) == (first, log)


def test_of_two_copies_made_at_once_one_is_kept_and_the_other_swept(stages):
    stage, copies = stages.signed(), stages.journey.copies

    class Overtaken:
        def typeset(self, document):
            copies.make(stage.release, stages.now)
            return TypstPdf().typeset(document)

    slow = module.Copies(stages.database, copies.documents, Overtaken())
    assert slow.make(stage.release, stages.now) is False
    assert stages.actions().count("release.copy_made") == 1
    stages.clock.advance(stages.limits.leftover_for)
    stages.journey.retire.sweep_leftovers(stages.now)
    stages.check_nothing_is_orphaned()
    assert pdf(stages, stage)


def test_a_signed_form_without_a_copy_is_not_ready_yet(stages):
    stage = stages.signed()
    with pytest.raises(CopyNotReady):
        form(stages, stage)
    assert stages.journey.copies.size_bytes(stage.release) is None
    stages.copied(of=stage)
    assert stages.journey.copies.size_bytes(stage.release) == form(stages, stage).size_bytes


def test_the_copy_outlives_the_packet_and_is_the_same_after_a_withdrawal(stages):
    stage = stages.copied()
    first = pdf(stages, stage, stage.patient)
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    stages.journey.retire.retire(stages.hospital.privacy_officer, stage.packet.id, stages.now, at_once=True)
    stages.journey.retire.destroy(stages.now, lambda: True)
    assert stages.journey.deposit.packet(stages.coordinator, stage.packet.id).packet.wrapped_key is None
    stages.clock.advance(6 * 366 * DAY)
    for chore in (
        stages.journey.retire.sweep_leftovers,
        stages.journey.retire.forget,
        stages.journey.copies.make_missing,
    ):
        chore(stages.now)
    assert pdf(stages, stage) == first


def test_a_release_signed_and_withdrawn_before_its_copy_was_made_has_one_that_says_both(stages):
    stage = stages.signed()
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    said = lines(pdf(stages, stages.copied(of=stage)))
    assert "Signed by Ada Example" in said
    assert "Withdrawn on May 12, 2026, 09:30 UTC" in said


def test_each_of_many_releases_finds_its_own_signature(stages):
    packet = stages.closed()
    first = stages.signed(of=stages.in_session(of=stages.released(of=packet)))
    entry = signature_entry(stages, first)
    release = first.release
    second = stages.signed(of=stages.in_session(of=stages.released(of=packet)))
    assert stages.journey.copies.make(release, stages.now)
    assert stages.journey.copies.make(second.release, stages.now)
    made = [stages.journey.copies.form(stages.coordinator, each.id) for each in (release, second.release)]
    texts = [lines(b"".join(stages.journey.copies.read(each, 0, each.size_bytes))) for each in made]
    assert f"number {entry.seq} of" in texts[0]
    assert f"number {entry.seq} of" not in texts[1]


def test_whoever_signs_for_the_patient_says_so_in_the_copy(stages):
    stage = stages.in_session()
    draft = SignatureDraft(stage.release.form.sha256, "Eve # Example", Signer.REPRESENTATIVE, "legal guardian")
    stages.journey.releases.sign(stage.patient, stage.release.id, draft, stages.now)
    said = lines(pdf(stages, stages.copied(of=stage)))
    assert "Signed by Eve # Example Signed for the patient, as legal guardian" in said


def test_the_copy_of_a_form_on_paper_names_the_scan_and_that_a_second_person_confirmed_it(stages):
    said = lines(pdf(stages, stages.copied(of=stages.confirmed())))
    assert "Signed on paper, on May 12, 2026 Confirmed by a second person at the department on May 12, 2026" in said
    assert f"SHA-256 of the scanned paper {sha256_hex(SCAN)}" in said
    assert "Address that was proved" not in said


def test_a_form_that_is_not_signed_is_made_to_be_signed_by_hand_and_not_kept(stages):
    stage = stages.asked_on_paper()
    before = stages.rows()
    said = lines(pdf(stages, stage))
    assert "Signature Name in capital letters Date If you sign for the patient: by what authority" in said
    assert "Signed by" not in said
    assert f"attached as form-text.txt {stage.release.form.sha256}" in said
    assert stages.rows() == before
    assert pdf(stages, stage) == pdf(stages, stage)


def test_a_release_for_treatment_has_no_lines_to_sign_and_no_copy(stages):
    stage = stages.attested()
    said = lines(pdf(stages, stage))
    assert "Released for treatment, without a signature" in said
    assert "Name in capital letters" not in said
    assert stages.journey.copies.make_missing(stages.now) == 0
    assert stages.journey.copies.make(stage.release, stages.now) is False
    assert ATTESTATION in said


def test_a_form_is_laid_out_by_its_own_marks(stages):
    text = "TITLE\n\nHead\nline\n  more\n  - one\n  - two\n\n  - three\nlast\n\n\n\nEnd\n"
    stage = stages.asked_on_paper()
    release = replace(stage.release, form=replace(stage.release.form, text=text))
    document = unsigned_form(FormFacts(release, stages.hospital.organization, stages.hospital.pathology))
    assert document.title == "TITLE"
    assert document.attached[0].text == text
    assert document.blocks[:7] == (
        *(Heading("Head"), Paragraph("line\nmore"), Bullets(("one", "two"))),
        *(Bullets(("three",)), Paragraph("last"), Heading("End"), Heading("Signature")),
    )


def test_a_copy_is_in_the_language_of_its_form(stages):
    stage = stages.asked_on_paper()
    release = replace(stage.release, form=replace(stage.release.form, language="es"))
    facts = FormFacts(release, stages.hospital.organization, stages.hospital.pathology)
    assert b"/Lang(es)" in catalog_of(TypstPdf().typeset(unsigned_form(facts)))
    assert facts.words.language is Language.SPANISH


def test_names_in_any_script_are_in_the_text_of_the_copy(stages):
    stage = stages.closed(patient=a_patient(name="王小明 #set x"))
    stage = stages.signed(of=stages.in_session(of=stages.released(of=stage)))
    said = lines(pdf(stages, stages.copied(of=stage)))
    assert "王小明" in said
    assert "Where a box stands in place of a character" in said


def test_a_copy_that_breaks_keeps_no_other_from_being_made(stages, caplog):
    broken = stages.signed(of=stages.in_session(purpose="Unlucky"))
    well = stages.signed()
    copies = module.Copies(stages.database, stages.journey.copies.documents, Broken("Unlucky"))
    with pytest.raises(NotTypeset):
        copies.make_missing(stages.now)
    assert copies.make_missing(stages.now) == 0
    assert pdf(stages, well)
    copies.try_making(broken.release, stages.now)
    assert "A copy was not made at once: NotTypeset." in caplog.text
    with pytest.raises(CopyNotReady):
        form(stages, broken)


# Who may


def test_the_patient_their_department_and_the_privacy_officer_may_have_it(stages):
    stage = stages.copied()
    first = pdf(stages, stage, stage.patient)
    assert pdf(stages, stage, stages.coordinator) == first
    assert pdf(stages, stage, stages.hospital.privacy_officer) == first


def test_nobody_else_may_have_it(stages):
    stage, other = stages.copied(), stages.in_session()
    radiology = stages.department(stages.hospital.organization, "Radiology")
    with pytest.raises(NotFound):
        form(stages, stage, other.patient)
    with pytest.raises(NotFound):
        form(stages, stage, stages.staff(radiology, Role.COORDINATOR))
    with pytest.raises(NotFound):
        form(stages, stage, stages.enrolled("Elsewhere").privacy_officer)
    for actor in (stages.staff(stages.hospital.pathology, Role.DEPOSITOR, "D. Epositor"), stages.service_actor):
        with pytest.raises(NotAllowed):
            form(stages, stage, actor)


def test_the_log_still_verifies(stages):
    stages.copied()
    with stages.database.reading() as tx:
        organization_id = stages.hospital.organization.id
        verify(tx.audit_head(organization_id), tx.audit_entries(organization_id))
