"""The directory of recipients."""

from marshmallow import Schema, fields, post_load, validate

from transfer_service.api.schemas.pages import ListSchema
from transfer_service.api.schemas.strict_texts import EmailAddress, Language, Line, Name
from transfer_service.api.schemas.strict_values import Id, Instant, PastDay
from transfer_service.domain.mail import OPTIONAL, MailKind
from transfer_service.domain.people import MOST_CREDENTIALS, Accreditation, RecipientKind
from transfer_service.edge.strict_fields import WholeNumber
from transfer_service.usecases.recipients import RecipientDraft

_NOTIFY = "The mails that they may do without. That a permission was withdrawn they are always told. Left out: all."


class AccreditationSchema(Schema):
    """Something the recipient says they hold. Without ``checked_on`` nobody of the staff has looked it up."""

    name = Name(200, required=True)
    source = Line(500)
    checked_on = PastDay()

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> Accreditation:
        return Accreditation(**data)  # type: ignore[arg-type]  # the schema has checked every member


class CheckedAccreditationSchema(Schema):
    """The same with who of the staff looked it up, which the service writes down; null where nobody is known to."""

    name = fields.String()
    source = fields.String(allow_none=True)
    checked_on = fields.Date(allow_none=True)
    checked_by = fields.String(allow_none=True)


class RecipientDraftSchema(Schema):
    """A recipient as a coordinator describes them."""

    name = Name(200, required=True)
    email = EmailAddress(required=True)
    organization = Name(200, required=True)
    specialty = Name(200, required=True)
    kind = fields.Enum(RecipientKind, by_value=True, required=True)
    credentials = fields.List(Line(50), validate=validate.Length(max=MOST_CREDENTIALS))
    accreditations = fields.List(fields.Nested(AccreditationSchema), validate=validate.Length(max=MOST_CREDENTIALS))
    language = Language()
    notify = fields.List(
        fields.Enum(MailKind, by_value=True, validate=validate.OneOf(OPTIONAL, [kind.value for kind in OPTIONAL])),
        validate=validate.Length(max=len(OPTIONAL)),
        metadata={"description": _NOTIFY},
    )

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> RecipientDraft:
        names = ("credentials", "accreditations", *({"notify"} & data.keys()))
        lists = {name: tuple(data.pop(name, ())) for name in names}  # type: ignore[arg-type, var-annotated]  # lists, by the schema
        return RecipientDraft(**data, **lists)  # type: ignore[arg-type]  # the schema has checked every member


class RecipientSchema(Schema):
    """A recipient in one version."""

    id = Id()
    version = WholeNumber()
    name = fields.String()
    email = fields.String()
    organization = fields.String()
    specialty = fields.String()
    kind = fields.Enum(RecipientKind, by_value=True)
    credentials = fields.List(fields.String())
    accreditations = fields.List(fields.Nested(CheckedAccreditationSchema))
    created_at = Instant()
    language = fields.String(allow_none=True)
    notify = fields.List(fields.Enum(MailKind, by_value=True))


class RecipientListSchema(ListSchema):
    """Recipients, newest first."""

    items = fields.List(fields.Nested(RecipientSchema))
