"""Requests for slides, as anybody makes them, as their askers see them, and as staff answer them."""

from dataclasses import dataclass
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from transfer_service.api.schemas.cases import KnownCaseSchema
from transfer_service.api.schemas.packets import MOST_CONTRIBUTORS
from transfer_service.api.schemas.pages import ListSchema, Page, PageSchema
from transfer_service.api.schemas.strict_texts import EmailAddress, Line, Lines, Name
from transfer_service.api.schemas.strict_values import Day, Id, Instant, PastDay
from transfer_service.domain.language import Language
from transfer_service.domain.slide_request import Asked, Asker, AskerKind, DeclineReason, SlideRequestState, Wanted
from transfer_service.edge.strict_fields import TrueOrFalse
from transfer_service.usecases.ask import Progress
from transfer_service.usecases.slide_requests import Acceptance


class AskerDraftSchema(Schema):
    """Who asks; a physician says where they work."""

    kind = fields.Enum(AskerKind, by_value=True, required=True)
    name = Name(200, required=True)
    practice = Name(200)

    @validates_schema
    def _check_practice(self, data: dict[str, object], **_: object) -> None:
        if data["kind"] is AskerKind.PHYSICIAN and "practice" not in data:
            raise ValidationError("A physician names their practice.", "practice")

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> Asker:
        return Asker(**data)  # type: ignore[arg-type]  # the schema has checked every member


class PatientDraftSchema(Schema):
    """Whose slides."""

    name = Name(200, required=True)
    birth_date = PastDay(required=True)
    record_number = Line(64)


class WantedDraftSchema(Schema):
    """Whom the slides are to go to."""

    name = Name(200, required=True)
    organization = Name(200, required=True)
    email = EmailAddress()

    @post_load
    def _made(self, data: dict[str, str], **_: object) -> Wanted:
        return Wanted(**data)


@dataclass(frozen=True, slots=True, repr=False)
class AskDraft:
    """What is asked, and of which department."""

    department_id: UUID
    asked: Asked


class SlideRequestDraftSchema(Schema):
    """A request, as whoever asks writes it. ``email`` is where the asker is reached."""

    department_id = Id(required=True)
    asker = fields.Nested(AskerDraftSchema, required=True)
    patient = fields.Nested(PatientDraftSchema, required=True)
    email = EmailAddress(required=True)
    phone = Line(40)
    language = fields.Enum(Language, by_value=True, load_default=Language.ENGLISH)
    done = Lines(2000, required=True)
    done_on = PastDay()
    recipient = fields.Nested(WantedDraftSchema, required=True)
    question = Lines(2000)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> AskDraft:
        department_id, patient = data.pop("department_id"), data.pop("patient")
        patient["patient_name"] = patient.pop("name")  # type: ignore[attr-defined, index]  # a mapping, by the schema
        return AskDraft(department_id, Asked(**data, **patient))  # type: ignore[arg-type]  # every member is checked


class ReceivedSchema(Schema):
    """The one answer that everybody has."""

    received = fields.Boolean()


class StandingSchema(Schema):
    """How a request stands, for its asker."""

    state = fields.Enum(Progress, by_value=True, attribute="progress")
    organization = fields.String(attribute="contact.organization.name")
    department = fields.String(attribute="contact.department.name")
    contact = fields.String(attribute="contact.department.contact")
    received_at = Instant()
    decided_at = Instant(allow_none=True)
    decline_reason = fields.Enum(DeclineReason, by_value=True, allow_none=True)
    decline_note = fields.String(allow_none=True)


class _AskerSchema(Schema):
    kind = fields.Enum(AskerKind, by_value=True)
    name = fields.String()
    practice = fields.String(allow_none=True)


class _PatientSchema(Schema):
    name = fields.String(attribute="patient_name")
    birth_date = Day()
    record_number = fields.String(allow_none=True)


class _WantedSchema(Schema):
    name = fields.String()
    organization = fields.String()
    email = fields.String(allow_none=True)


class SlideRequestSchema(Schema):
    """A request in the department's queue. Nothing that was asked is proved."""

    id = Id()
    department_id = Id()
    state = fields.Enum(SlideRequestState, by_value=True)
    asker = fields.Nested(_AskerSchema, attribute="asked.asker")
    patient = fields.Nested(_PatientSchema, attribute="asked")
    email = fields.String(attribute="asked.email")
    phone = fields.String(allow_none=True, attribute="asked.phone")
    language = fields.Enum(Language, by_value=True, attribute="asked.language")
    done = fields.String(attribute="asked.done")
    done_on = Day(allow_none=True, attribute="asked.done_on")
    recipient = fields.Nested(_WantedSchema, attribute="asked.recipient")
    question = fields.String(allow_none=True, attribute="asked.question")
    received_at = Instant()
    acknowledged_at = Instant(
        allow_none=True, metadata={"description": "Null where its address had its share of mails that day."}
    )
    decided_at = Instant(allow_none=True)
    decided_by = Id(allow_none=True)
    decline_reason = fields.Enum(DeclineReason, by_value=True, allow_none=True)
    decline_note = fields.String(allow_none=True)
    packet_id = Id(allow_none=True)


class SlideRequestListSchema(ListSchema):
    """Requests, newest first."""

    items = fields.List(fields.Nested(SlideRequestSchema))


@dataclass(frozen=True, slots=True)
class SlideRequestsPage:
    """A page of requests in one state, or in any."""

    page: Page
    state: SlideRequestState | None


class SlideRequestsQuerySchema(PageSchema):
    """The query of the list of requests."""

    state = fields.Enum(SlideRequestState, by_value=True)

    def made(self, data: dict[str, object]) -> object:
        """The page, and the state that is asked for."""
        state = data.pop("state", None)
        return SlideRequestsPage(Page(**data), state)  # type: ignore[arg-type]  # the schema has checked every member


class DecliningSchema(Schema):
    """Why; the asker reads both."""

    reason = fields.Enum(DeclineReason, by_value=True, required=True)
    note = Line(500)


class AcceptanceSchema(Schema):
    """What staff know of the case. ``contact_confirmed``: they made sure that its address is the patient's own."""

    case = fields.Nested(KnownCaseSchema, required=True)
    contributing_department_ids = fields.List(Id(), validate=validate.Length(max=MOST_CONTRIBUTORS))
    note = Lines(4000)
    contact_confirmed = TrueOrFalse(load_default=False)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> Acceptance:
        case: dict[str, object] = data.pop("case")  # type: ignore[assignment]  # a mapping, by the schema
        patient: dict[str, object] = case.pop("patient")  # type: ignore[assignment]  # as above
        lists = {name: tuple(case.pop(name, ())) for name in ("specimens", "not_included")}  # type: ignore[arg-type, var-annotated]  # lists, by the schema
        contributors = tuple(data.pop("contributing_department_ids", ()))  # type: ignore[arg-type, var-annotated]  # a list, by the schema
        return Acceptance(**case, **patient, **lists, **data, contributing_department_ids=contributors)  # type: ignore[arg-type]  # every member is checked
