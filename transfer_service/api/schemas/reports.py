"""The report of an accounting: what is asked for, and its lines with all that 45 CFR 164.528(b) names."""

from marshmallow import Schema, fields, post_load

from transfer_service.api.schemas.accounting import ToWhomSchema, WhatSchema
from transfer_service.api.schemas.strict_texts import Line
from transfer_service.api.schemas.strict_values import Day, Id, Instant, Size
from transfer_service.domain.accounting import AccountQuery, ReportFormat, ReportLine
from transfer_service.domain.language import Language
from transfer_service.domain.release import Basis
from transfer_service.edge.strict_fields import TrueOrFalse, WholeNumber
from transfer_service.usecases.report import ReportDraft
from transfer_service.usecases.report_words import what
from transfer_service.wording import words_in

_ENGLISH = words_in(Language.ENGLISH)


def _described(line: ReportLine) -> str:
    return what(line, _ENGLISH)


class PatientReportSchema(Schema):
    """In what form and language, and of which time: [since, until), at most six years (164.528(a))."""

    format = fields.Enum(ReportFormat, by_value=True)
    language = fields.Enum(Language, by_value=True)
    since = Instant()
    until = Instant()

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> ReportDraft:
        about = {name: data.pop(name) for name in ("format", "language") if name in data}
        return ReportDraft(AccountQuery(**data), **about)  # type: ignore[arg-type]  # the schema has checked every member


class ReportDraftSchema(PatientReportSchema):
    """The same, and of whom: one patient, recipient or department, or all."""

    record_number = Line(64)
    recipient_id = Id()
    department_id = Id()
    completed = TrueOrFalse()
    basis = fields.Enum(Basis, by_value=True)


class ReportedPatientSchema(Schema):
    """Whom the report is about."""

    name = fields.String()
    birth_date = Day()
    record_number = fields.String()


class AuthorizationSchema(Schema):
    """The release under which it left. ``form_sha256`` is that of the text that was signed."""

    release = Id(attribute="id")
    basis = fields.Enum(Basis, by_value=True)
    signed_at = Instant(allow_none=True)
    form_sha256 = fields.String(attribute="form.sha256")


class ReportLineSchema(Schema):
    """What one recipient got under one release: the first disclosure in full, how many, and when the last."""

    date = Instant(attribute="first.disclosure.started_at", metadata={"description": "164.528(b)(2)(i)"})
    recipient = fields.Nested(ToWhomSchema, attribute="first.recipient", metadata={"description": "164.528(b)(2)(ii)"})
    description = fields.Function(_described, metadata={"type": "string", "description": "164.528(b)(2)(iii)"})
    what = fields.List(fields.Nested(WhatSchema), attribute="files")
    purpose = fields.String(attribute="first.purpose", metadata={"description": "164.528(b)(2)(iv)"})
    authorization = fields.Nested(AuthorizationSchema, attribute="first.release")
    count = WholeNumber(metadata={"description": "164.528(b)(3)(ii)"})
    last_at = Instant(metadata={"description": "164.528(b)(3)(iii)"})
    bytes = Size(attribute="bytes_sent")
    completed = TrueOrFalse()
    accountable = TrueOrFalse(attribute="first.accountable")
    exempt_under = fields.String(attribute="first.exempt_under", allow_none=True)
    packet = Id(attribute="first.disclosure.packet_id")


class ReportSchema(Schema):
    """An accounting of disclosures. Refusals are none: they stand in the list of disclosures alone."""

    organization = fields.String(attribute="organization.name")
    patient = fields.Nested(ReportedPatientSchema, allow_none=True)
    since = Instant(attribute="period.since")
    until = Instant(attribute="period.until")
    made_at = Instant()
    lines = fields.List(fields.Nested(ReportLineSchema))
