"""Release for treatment: without the patient's authorization, and never without their knowing (45 CFR 164.506(c)).

A department may, where an operator switched it on. A member of staff declares why; the patient is told that, who gets
what, that nothing was asked of them, and that they can object.
"""

from transfer_service.domain.form import Terms, form_of, terms_in_words
from transfer_service.domain.people import Department
from transfer_service.domain.release import Basis, Form
from transfer_service.errors import Invalid, TreatmentNotAllowed

TEMPLATE = "treatment/1"

_TEXT = """\
NOTICE: YOUR SLIDES AND IMAGES ARE RELEASED FOR YOUR TREATMENT

Whose information
{patient}, born {birth_date}

What is released, and to whom
{grants}

Who releases it
{discloser}

Why
{purpose}

Why you were not asked to sign
Federal privacy rules (45 CFR 164.506(c)) let a hospital give your information to another health care provider for \
your treatment without your signature. For this release, a member of staff of {department} has declared:
{attestation}

Until when
This release ends on {expires_at} UTC. After that nothing more leaves.

You can object
You may object at any time, on the page where you read this or by telling {department}. Every link stops working at \
once. What was already released before that cannot be called back, and copies already downloaded stay with whoever \
has them.

Who has received it
Every time that something leaves is recorded. You can see the list at any time.
"""


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


def treatment_notice(terms: Terms, attestation: str) -> Form:
    """What the patient is told, in English, in plain language."""
    return form_of(TEMPLATE, _TEXT.format(**terms_in_words(terms), attestation=attestation))
