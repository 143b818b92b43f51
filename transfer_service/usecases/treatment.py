"""Treatment: what a release stands on, and so how it begins: a question to the patient, or a notice to them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from transfer_service.audit.entry import Fact
from transfer_service.domain.form import Terms
from transfer_service.domain.language import Language
from transfer_service.domain.release import Basis, Form, ReleaseState
from transfer_service.domain.treatment import check_attestation
from transfer_service.wording.authorization import authorization_form, treatment_notice


@dataclass(frozen=True, slots=True)
class Ground:
    """In what state a release begins, with which text, and how the audit log has it."""

    state: ReleaseState
    form: Form
    action: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


def ground_of(terms: Terms, language: Language, basis: Basis, attestation: str | None) -> Ground:
    """An authorization is asked for; treatment is attested, and live at once. Invalid, TreatmentNotAllowed.

    The log has the attestation's digest and the form's, which holds it: staff write it, and may name the patient.
    """
    check_attestation(terms.department, basis, attestation)
    if attestation is None:
        return Ground(ReleaseState.REQUESTED, authorization_form(terms, language), "release.requested")
    form = treatment_notice(terms, attestation, language)
    digest = hashlib.sha256(attestation.encode()).hexdigest()
    facts = {"basis": basis.value, "attestation_sha256": digest, "form_sha256": form.sha256}
    return Ground(ReleaseState.ATTESTED, form, "release.attested", facts)
