"""Release for treatment: without the patient's authorization, and never without their knowing (45 CFR 164.506(c)).

A department may, where an operator switched it on. A member of staff declares why; the patient is told that, who gets
what, that nothing was asked of them, and that they can object.
"""

from transfer_service.domain.people import Department
from transfer_service.domain.release import Basis
from transfer_service.errors import Invalid, TreatmentNotAllowed


def check_attestation(department: Department, basis: Basis, attestation: str | None) -> None:
    """Treatment takes a sentence by staff, and a department that may; an authorization takes none.

    Invalid, TreatmentNotAllowed.
    """
    if basis is not Basis.TREATMENT:
        if attestation is not None:
            raise Invalid("An attestation goes with a release for treatment, and with no other.")
        return
    if not department.treatment_allowed:
        raise TreatmentNotAllowed
    if not (attestation or "").strip():
        raise Invalid("A release for treatment says why it is one: an attestation of at least one sentence.")
