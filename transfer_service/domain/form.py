"""The authorization form's text: every core element and required statement of 45 CFR 164.508(c).

The text that the patient read is stored, sealed, and never
made again, so that a later template changes no signed form.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from transfer_service.domain.moments import written_day
from transfer_service.domain.packet import Case, FileKind, PacketFile
from transfer_service.domain.people import Accreditation, Department, Organization, Recipient
from transfer_service.domain.release import Form

TEMPLATE = "authorization/1"
LANGUAGE = "en"

# In the order of 164.508: (c)(1)(i) and (iii), (ii), (iv), (v); (c)(2)(i), (ii), (iii); (c)(1)(vi) and (c)(4).
_TEXT = """\
AUTHORIZATION TO RELEASE YOUR SLIDES AND IMAGES

Whose information
{patient}, born {birth_date}

What will be released, and to whom
{grants}

Who will release it
{discloser}

Why
{purpose}

Until when
This authorization ends on {expires_at} UTC. After that nothing more leaves.

You can change your mind
You may withdraw this authorization at any time, in writing: on the page where you sign, or by writing to \
{department}. Every link stops working at once. What was already released before you withdrew \
cannot be called back, and copies already downloaded stay with whoever has them.

You do not have to sign
Your treatment, payment, enrollment in a health plan and eligibility for benefits do not depend on whether \
you sign.

After it has been released
Whoever receives this information may pass it on, and federal privacy rules may then no longer protect it.

Your signature
You sign by typing your name; the date and time are recorded with it. If you sign for the patient, say by what \
authority you act for them. You can read and keep a copy of what you signed.
"""

_KINDS = {
    FileKind.SLIDE: ("slide scan", "slide scans"),
    FileKind.RADIOLOGY: ("radiology image file", "radiology image files"),
    FileKind.REPORT: ("report", "reports"),
    FileKind.OTHER: ("other file", "other files"),
}


@dataclass(frozen=True, slots=True, repr=False)
class Terms:
    """What one authorization is about: the facts that the form puts into words."""

    case: Case
    organization: Organization
    department: Department
    grants: Sequence[tuple[Recipient, Sequence[PacketFile]]]
    purpose: str
    expires_at: datetime


def authorization_form(terms: Terms) -> Form:
    """The form in English, in plain language (164.508(c)(3))."""
    department = f"{terms.department.name}, {terms.organization.name}"
    text = _TEXT.format(
        patient=terms.case.patient.name,
        birth_date=written_day(terms.case.patient.birth_date),
        grants="\n\n".join([*(_grant(*grant) for grant in terms.grants), *_not_included(terms.case)]),
        department=department,
        discloser="\n".join([department, *_contact(terms)]),
        purpose=terms.purpose,
        expires_at=f"{written_day(terms.expires_at)}, at {terms.expires_at:%H:%M}",
    )
    return Form(TEMPLATE, LANGUAGE, text, hashlib.sha256(text.encode()).hexdigest())


def _grant(recipient: Recipient, files: Sequence[PacketFile]) -> str:
    credentials = f", {', '.join(recipient.credentials)}" if recipient.credentials else ""
    heading = f"To {recipient.name}{credentials}, {recipient.organization} ({recipient.email})"
    checks = [f"  {item.name}: {_check(item)}." for item in recipient.accreditations]
    paths = [f"  - {file.path}" for file in files]
    return "\n".join([f"{heading}; specialty: {recipient.specialty}.", *checks, f"  {_in_words(files)}:", *paths])


def _check(item: Accreditation) -> str:
    """Who looked it up and when, or that nobody is known to have."""
    if item.checked_on is None or item.checked_by is None:
        return "not checked"
    source = f", with {item.source}" if item.source else ""
    return f"checked on {written_day(item.checked_on)} by {item.checked_by}{source}"


def _in_words(files: Sequence[PacketFile]) -> str:
    counts = Counter(file.kind for file in files)
    words = [
        f"{counts[kind]} {one if counts[kind] == 1 else many}" for kind, (one, many) in _KINDS.items() if counts[kind]
    ]
    return ", ".join(words)


def _not_included(case: Case) -> list[str]:
    lines = [f"  - {item.what}: {item.why}" for item in case.not_included]
    return ["\n".join(["Not included:", *lines])] if lines else []


def _contact(terms: Terms) -> list[str]:
    return [f"You can reach them here: {terms.department.contact}"] if terms.department.contact else []
