"""The report of an accounting (45 CFR 164.528): for the patient, and for whoever the privacy officer makes it.

Handing one out is recorded first, as 164.528(d) asks; who it is about stands in no entry.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from itertools import islice
from uuid import UUID

from transfer_service.audit.entry import Event
from transfer_service.domain.accounting import (
    AccountLine,
    AccountQuery,
    Period,
    ReportFormat,
    ReportLine,
    accounted_period,
    summed,
)
from transfer_service.domain.language import Language, nearest
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Actor, Organization, Patient
from transfer_service.domain.policy import check_is_patient, check_may_account_for_all
from transfer_service.domain.release import Release
from transfer_service.errors import ReportTooLong
from transfer_service.ports import Database, Transaction, Typesetter
from transfer_service.usecases.account_lines import all_account_lines
from transfer_service.usecases.report_csv import as_csv
from transfer_service.usecases.report_document import as_document
from transfer_service.usecases.report_json import as_json
from transfer_service.wording import words_in


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """What is asked for. Without a language it is the patient's own, or English."""

    query: AccountQuery = field(default_factory=AccountQuery)
    format: ReportFormat = ReportFormat.JSON
    language: Language | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """The accounting of one organization in one period. ``patient`` is None where it is not about one of them."""

    organization: Organization
    patient: Patient | None
    period: Period
    language: Language
    made_at: datetime
    lines: list[ReportLine]


@dataclass(frozen=True)
class Reports:
    """Patients have their own, privacy officers any. ``most_disclosures``: more than that are not read for one."""

    database: Database
    typesetter: Typesetter
    most_disclosures: int = 10_000

    def for_patient(self, actor: Actor, draft: ReportDraft, now: datetime) -> Report:
        """What left of the packet whose release the patient holds. Invalid, ReportTooLong."""
        patient = check_is_patient(actor)
        with self.database.reading() as tx:
            release = tx.get(Release, patient.organization_id, patient.release_id)
            packet = tx.get(Packet, release.organization_id, release.packet_id)
            query = AccountQuery(packet_id=packet.id, since=draft.query.since, until=draft.query.until)
            report = self._report(tx, packet.organization_id, packet, replace(draft, query=query), now)
        return self._recorded(report, actor, replace(draft, query=query), {"packet": packet.id, "release": release.id})

    def for_officer(self, actor: Actor, draft: ReportDraft, now: datetime) -> Report:
        """What left of the whole organization, or of one patient by their record number. Invalid, ReportTooLong."""
        staff = check_may_account_for_all(actor)
        with self.database.reading() as tx:
            packet = _newest_packet(tx, staff.organization_id, draft.query.record_number)
            report = self._report(tx, staff.organization_id, packet, draft, now)
        return self._recorded(report, actor, draft, _named(draft.query))

    def rendered(self, report: Report, form: ReportFormat) -> bytes:
        """The report as a file: JSON, CSV, or PDF. DocumentTooLong, Unavailable."""
        if form is ReportFormat.JSON:
            times = report.period, rfc3339(report.made_at)
            return as_json(report.lines, report.organization, report.patient, times, words_in(Language.ENGLISH))
        words = words_in(report.language)
        if form is ReportFormat.CSV:
            return as_csv(report.lines, words)
        about = (report.organization, report.patient, report.period, report.made_at)
        return self.typesetter.typeset(as_document(report.lines, about, words))

    def _report(
        self, tx: Transaction, organization_id: UUID, packet: Packet | None, draft: ReportDraft, now: datetime
    ) -> Report:
        period = accounted_period(draft.query.since, draft.query.until, now)
        query = replace(draft.query, since=period.since, until=period.until, refused=False)
        patient = packet.case.patient if packet else None
        return Report(
            organization=tx.organization(organization_id),
            patient=patient,
            period=period,
            language=draft.language or nearest(patient.language if patient else None),
            made_at=now,
            lines=summed(self._bounded(all_account_lines(tx, organization_id, query))),
        )

    def _bounded(self, lines: Iterable[AccountLine]) -> list[AccountLine]:
        found = list(islice(lines, self.most_disclosures + 1))
        if len(found) > self.most_disclosures:
            raise ReportTooLong(limit=self.most_disclosures)
        return found

    def _recorded(self, report: Report, actor: Actor, draft: ReportDraft, subject: dict[str, UUID]) -> Report:
        facts = {
            "format": draft.format.value,
            "lines": len(report.lines),
            "since": rfc3339(report.period.since),
            "until": rfc3339(report.period.until),
            "asked_by": ",".join(
                each.name for each in fields(draft.query) if getattr(draft.query, each.name) is not None
            ),
        }
        with self.database.changing() as tx:
            tx.save(Event("accounting.reported", actor, report.made_at, subject, facts))
        return report


def _newest_packet(tx: Transaction, organization_id: UUID, record_number: str | None) -> Packet | None:
    """The one that knows best what the patient is called now."""
    if record_number is None:
        return None
    found = tx.page(Packet, organization_id, limit=1, cursor=None, record_number=record_number)
    return next(iter(found.items), None)


def _named(query: AccountQuery) -> dict[str, UUID]:
    named = {"recipient": query.recipient_id, "department": query.department_id}
    return {what: id_ for what, id_ in named.items() if id_ is not None}
