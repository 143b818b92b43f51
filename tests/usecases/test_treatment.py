"""Release for treatment: where the department may, on a declaration by staff, which the patient is told."""

from dataclasses import replace
from uuid import uuid4

import pytest

from tests.factories import DAY, a_patient
from tests.stages import ATTESTATION, sha256_hex
from transfer_service.domain.release import Basis, Medium, ReleaseState, Signer
from transfer_service.errors import (
    Invalid,
    NotAllowed,
    NotFound,
    PatientUnreachable,
    ReleaseExpired,
    ReleaseNotRequested,
    ReleaseNotSigned,
    ReleaseWithdrawn,
    TreatmentNotAllowed,
)
from transfer_service.usecases.release import GrantDraft, SignatureDraft


def attest(stages, stage, actor=None, **changes):
    draft = replace(stages.release_draft(), basis=Basis.TREATMENT, attestation=ATTESTATION)
    draft = replace(draft, **changes)
    return stages.journey.releases.ask(actor or stages.coordinator, stage.packet.id, draft, stages.now)


def test_where_the_department_has_it_off_nothing_is_released(stages):
    stage = stages.closed()
    before = stages.rows()
    with pytest.raises(TreatmentNotAllowed):
        attest(stages, stage)
    assert stages.rows() == before


def test_with_a_declaration_a_release_is_live_without_a_signature(stages):
    stage = stages.attested()
    release = stage.release
    assert (release.state, release.basis, release.attestation) == (ReleaseState.ATTESTED, Basis.TREATMENT, ATTESTATION)
    assert (release.signed_at, release.signature, release.permitted_at) == (None, None, stages.now)
    entry = next(entry for entry in stages.audit() if entry.action == "release.attested")
    assert entry.actor_id == str(stages.coordinator.staff_id)
    assert entry.facts["attestation_sha256"] == sha256_hex(ATTESTATION.encode())
    assert entry.facts["form_sha256"] == release.form.sha256
    assert ATTESTATION not in repr(stages.audit()) + repr(release)
    redeemed = stages.redeemed(of=stages.linked(of=stage))
    assert stages.download(redeemed.actor, stage.file) == stage.contents[stage.file.path]
    (line,) = stages.journey.account.of_packet(stages.coordinator, stage.packet.id)
    assert (line.accountable, line.release.basis) == (False, Basis.TREATMENT)


def test_the_patient_is_told_sees_who_got_what_and_can_object(stages):
    stage = stages.attested()
    letter = stages.post.mail[-1]
    assert letter.to == stage.packet.case.patient.email
    for words in ("for your treatment", "45 CFR 164.506(c)", "object"):
        assert words in " ".join(letter.body.split())
    for phi in ("Ada", "MRN-0042", "Dr. R. Viewer", ATTESTATION):
        assert phi not in letter.body + letter.subject
    for words in (ATTESTATION, "Dr. R. Viewer", "164.506(c)", "Pathology, St. Agatha"):
        assert words in stage.release.form.text
    patient = stages.patient_actor(stages.patient_session(stage.letter_secret))
    redeemed = stages.redeemed(of=stages.linked(of=stage))
    stages.download(redeemed.actor, stage.file)
    assert [line.file.id for line in stages.journey.account.of_patient(patient)] == [stage.file.id]
    withdrawn = stages.journey.releases.withdraw(patient, stage.release.id, stages.now)
    assert (withdrawn.state, withdrawn.withdrawn_how) == (ReleaseState.WITHDRAWN, Medium.PAGE)
    with pytest.raises(ReleaseWithdrawn):
        stages.journey.deliver.look(redeemed.actor, stage.file.id, stages.now)


def test_nothing_is_signed_on_what_asks_for_nothing(stages):
    stage = stages.in_session(of=stages.attested())
    draft = SignatureDraft(stage.release.form.sha256, "Ada Example", Signer.PATIENT)
    with pytest.raises(ReleaseNotRequested):
        stages.journey.releases.sign(stage.patient, stage.release.id, draft, stages.now)


def test_a_declaration_goes_with_treatment_and_with_nothing_else(stages):
    stage = stages.closed()
    stages.treatment_allowed()
    for changes in (
        {"attestation": None},
        {"attestation": "  "},
        {"basis": Basis.AUTHORIZATION},
    ):
        with pytest.raises(Invalid):
            attest(stages, stage, **changes)
    for unfit in (stages.hospital.depositor, stages.hospital.privacy_officer, stages.hospital.admin):
        with pytest.raises(NotAllowed):
            attest(stages, stage, unfit)
    assert stages.journey.releases.of_packet(stages.coordinator, stage.packet.id) == []


def test_attested_is_live_on_the_basis_of_treatment_alone(stages):
    stage = stages.attested()
    for changes in ({"basis": Basis.AUTHORIZATION}, {"state": ReleaseState.REQUESTED}):
        with pytest.raises(ReleaseNotSigned):
            replace(stage.release, **changes).check_live(stages.now)
    with pytest.raises(ReleaseExpired):
        stage.release.check_live(stage.release.expires_at)


def test_a_patient_without_an_address_is_told_on_paper(stages):
    stage = stages.closed(patient=a_patient(email=None))
    stages.treatment_allowed()
    with pytest.raises(PatientUnreachable):
        attest(stages, stage)
    assert attest(stages, stage, signing=Medium.PAPER).state is ReleaseState.ATTESTED


def test_a_fresh_letter_tells_the_same_as_long_as_it_lives(stages):
    stage = stages.attested()
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    assert "for your treatment" in stages.mail()[-1].subject
    stages.clock.now = stage.release.expires_at
    stages.journey.releases.resend(stages.coordinator, stage.release.id, stages.now)
    assert "for your treatment" not in stages.mail()[-1].subject


def test_services_are_told_and_can_fetch_and_are_told_of_the_objection(stages):
    stages.webhook_set()
    stage = stages.attested(grants=[GrantDraft(stages.service.id)])
    listed = stages.journey.services.released(stages.service_actor, stages.now, limit=5, cursor=None).items
    assert [each.release.id for each in listed] == [stage.release.id]
    assert stages.redeemed_by_service(of=stage).redeemed
    stages.journey.releases.withdraw(stages.coordinator, stage.release.id, stages.now)
    while stages.journey.announce.next_notice(stages.now):
        stages.clock.advance(DAY / 24)
    assert {notice.kind.value for notice, _ in stages.courier.brought} == {"release.released", "release.withdrawn"}


def test_switching_it_off_makes_no_new_ones_and_leaves_those_that_live(stages):
    stage = stages.attested()
    stages.treatment_allowed(allowed=False)
    before = stages.rows()
    stages.treatment_allowed(allowed=False)
    assert stages.rows() == before
    assert stages.actions()[-1] == "department.treatment_disallowed"
    with pytest.raises(TreatmentNotAllowed):
        attest(stages, stage)
    assert stages.linked(of=stage).link


def test_a_department_is_switched_by_its_id(stages):
    with pytest.raises(NotFound):
        stages.journey.enrol.allow_treatment(uuid4(), stages.now, allowed=True)
