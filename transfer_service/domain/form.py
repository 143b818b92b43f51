"""What an authorization is about: the facts that every core element of 45 CFR 164.508(c) asks for, as typed fields.

The words around them are a template's (``wording.authorization``); who approved its language for a department is here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from transfer_service.domain.language import Language
from transfer_service.domain.packet import Case, PacketFile
from transfer_service.domain.people import Department, Organization, Recipient


@dataclass(frozen=True, slots=True, repr=False)
class Terms:
    """What one authorization is about.

    ``case`` and the files of ``grants`` are the information (164.508(c)(1)(i)); ``organization`` and ``department``
    are who discloses it (ii); the recipients of ``grants`` are to whom (iii); ``purpose`` is each purpose (iv);
    ``expires_at`` and ``expiry_event`` are when it ends, the earlier of the two (v). Who signs, and by what authority
    (vi), is the ``Signature``.
    """

    case: Case
    organization: Organization
    department: Department
    grants: Sequence[tuple[Recipient, Sequence[PacketFile]]]
    purpose: str
    expires_at: datetime
    expiry_event: str | None = None


@dataclass(frozen=True, slots=True)
class FormTemplate:
    """One version of the form's words in one language. ``sha256`` (hex) is that of ``text``, as it is approved."""

    name: str
    language: Language
    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TemplateApproval:
    """That a named member of staff has approved a template's text for one department's patients.

    It counts for exactly that text: another template, or another ``template_sha256``, needs its own.
    """

    id: UUID
    organization_id: UUID
    department_id: UUID
    template: str
    language: Language
    template_sha256: str
    approved_by: UUID
    approved_at: datetime
    approver: str = field(repr=False)
    ended_at: datetime | None = None

    def counts_for(self, template: FormTemplate) -> bool:
        """Whether it was given for that very text, and was not taken back."""
        return self.ended_at is None and (self.template, self.language, self.template_sha256) == (
            template.name,
            template.language,
            template.sha256,
        )
