"""The patient's contact, and an address that waits for a second member of staff."""

from marshmallow import Schema, fields, post_load

from transfer_service.api.schemas.strict_texts import EmailAddress, Language, Line
from transfer_service.api.schemas.strict_values import Id, Instant
from transfer_service.usecases.contact import ContactDraft


class ContactDraftSchema(Schema):
    """What is to change; what is left out stays as it is."""

    email = EmailAddress()
    phone = Line(40)
    language = Language()

    @post_load
    def _made(self, data: dict[str, str], **_: object) -> ContactDraft:
        return ContactDraft(**data)


class ContactSeenSchema(Schema):
    """The address that the confirming person saw, and checked with the patient."""

    email = EmailAddress(required=True)


class PendingContactSchema(Schema):
    """An address that counts once another member of staff confirms it, and which member asked for it."""

    email = fields.String()
    asked_at = Instant()
    asked_by = Id()
    asked_by_name = fields.String()


class ContactSchema(Schema):
    """What counts now, and what waits."""

    email = fields.String(attribute="case.patient.email", allow_none=True)
    phone = fields.String(attribute="case.patient.phone", allow_none=True)
    language = fields.String(attribute="case.patient.language", allow_none=True)
    pending_contact = fields.Nested(PendingContactSchema, allow_none=True)
