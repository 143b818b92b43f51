"""A case: what a packet is about. All of it is PHI."""

from marshmallow import Schema, fields, post_dump, post_load, validate

from transfer_service.api.schemas.strict_texts import EmailAddress, Language, Line, Lines, Name
from transfer_service.api.schemas.strict_values import PastDay
from transfer_service.domain.packet import Case, NotIncluded, Specimen
from transfer_service.domain.people import Patient

MOST_SPECIMENS = 200


class _WithoutNullsSchema(Schema):
    """What is not known is left out, on the way out as on the way in."""

    @post_dump
    def _without_nulls(self, shown: dict[str, object], **_: object) -> dict[str, object]:
        return {name: value for name, value in shown.items() if value is not None}


class IdentitySchema(_WithoutNullsSchema):
    """Who the patient is."""

    name = Name(200, required=True)
    birth_date = PastDay(required=True)
    record_number = Line(64, required=True)


class PatientSchema(IdentitySchema):
    """The patient with the contacts, which stay in the department."""

    email = EmailAddress()
    phone = Line(40)
    language = Language()

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> Patient:
        return Patient(**data)  # type: ignore[arg-type]  # the schema has checked every member


class SpecimenSchema(_WithoutNullsSchema):
    """One specimen, as its label names it."""

    label = Line(100, required=True)
    procedure = Line(200)
    collected_on = PastDay()

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> Specimen:
        return Specimen(**data)  # type: ignore[arg-type]  # the schema has checked every member


class NotIncludedSchema(Schema):
    """Material that exists and is not in the packet."""

    what = Line(500, required=True)
    why = Line(1000, required=True)

    @post_load
    def _made(self, data: dict[str, str], **_: object) -> NotIncluded:
        return NotIncluded(**data)


class _FactsSchema(_WithoutNullsSchema):
    accession_number = Line(64, required=True)
    question = Lines(4000)
    diagnosis = Lines(4000)
    laterality = Line(40)
    specimens = fields.List(fields.Nested(SpecimenSchema), validate=validate.Length(max=MOST_SPECIMENS))
    not_included = fields.List(fields.Nested(NotIncludedSchema), validate=validate.Length(max=MOST_SPECIMENS))


class CaseSchema(_FactsSchema):
    """The case as its department writes and reads it."""

    patient = fields.Nested(PatientSchema, required=True)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> Case:
        lists = {name: tuple(data.pop(name, ())) for name in ("specimens", "not_included")}  # type: ignore[arg-type, var-annotated]  # lists, by the schema
        return Case(**data, **lists)  # type: ignore[arg-type]  # the schema has checked every member


class _KnownPatientSchema(_WithoutNullsSchema):
    name = Name(200)
    birth_date = PastDay()
    record_number = Line(64, required=True)
    email = EmailAddress()
    phone = Line(40)
    language = Language()


class KnownCaseSchema(_FactsSchema):
    """What staff know of a case that was asked for; what they leave out is taken from the request."""

    patient = fields.Nested(_KnownPatientSchema, required=True)


class ReleasedCaseSchema(_FactsSchema):
    """The case as a recipient reads it: never a contact."""

    patient = fields.Nested(IdentitySchema)
