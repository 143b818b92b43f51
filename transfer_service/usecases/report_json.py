"""A report as JSON, for programs: the same to those who ask by the API and by a page. Names of members are English."""

import json
from collections.abc import Iterable

from transfer_service.domain.accounting import Period, ReportLine
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.people import Organization, Patient
from transfer_service.usecases.report_words import what
from transfer_service.wording import Words


def as_json(
    lines: Iterable[ReportLine],
    organization: Organization,
    patient: Patient | None,
    times: tuple[Period, str],
    words: Words,
) -> bytes:
    """One object; ``times`` are the period, and when the report was made. ``words`` describe what left."""
    period, made_at = times
    report = {
        "organization": organization.name,
        "patient": _patient(patient) if patient else None,
        "since": rfc3339(period.since),
        "until": rfc3339(period.until),
        "made_at": made_at,
        "lines": [_line(line, words) for line in lines],
    }
    return json.dumps(report).encode()


def _patient(patient: Patient) -> dict[str, object]:
    birth_date = patient.birth_date.isoformat()
    return {"name": patient.name, "birth_date": birth_date, "record_number": patient.record_number}


def _line(line: ReportLine, words: Words) -> dict[str, object]:
    first, recipient = line.first.disclosure, line.first.recipient
    return {
        "date": rfc3339(first.started_at),
        "recipient": {
            "id": str(recipient.id),
            "name": recipient.name,
            "organization": recipient.organization,
            "address": recipient.email,
        },
        "description": what(line, words),
        "what": _files(line),
        "purpose": line.first.purpose,
        "authorization": _authorization(line),
        "count": line.count,
        "last_at": rfc3339(line.last_at),
        "bytes": line.bytes_sent,
        "completed": line.completed,
        "accountable": line.first.accountable,
        "exempt_under": line.first.exempt_under,
        "packet": str(first.packet_id),
    }


def _files(line: ReportLine) -> list[dict[str, object]]:
    return [
        {"file_id": str(file.id), "path": file.path, "kind": file.kind, "size": file.size_bytes, "sha256": file.sha256}
        for file in line.files
    ]


def _authorization(line: ReportLine) -> dict[str, object]:
    release = line.first.release
    signed_at = rfc3339(release.signed_at) if release.signed_at else None
    return {
        "release": str(release.id),
        "basis": release.basis,
        "signed_at": signed_at,
        "form_sha256": release.form.sha256,
    }
