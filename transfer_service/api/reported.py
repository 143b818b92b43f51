"""A report as it is answered: JSON for programs, or a file to keep."""

from flask import Response

from transfer_service import errors
from transfer_service.domain.accounting import ReportFormat
from transfer_service.edge.calls import journey
from transfer_service.edge.report_file import MEDIA_TYPES, report_file
from transfer_service.usecases.report import Report

REFUSES = (errors.ReportTooLong, errors.DocumentTooLong)
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILES = (ReportFormat.CSV, ReportFormat.PDF)
AS_FILES = {"responses": {200: {"content": {MEDIA_TYPES[form].partition(";")[0]: _BYTES for form in _FILES}}}}


def answered(report: Report, form: ReportFormat) -> Response:
    """The report for its schema, or as the file that was asked for."""
    content = journey().reports.rendered(report, form)
    if form is ReportFormat.JSON:
        return Response(content, content_type=MEDIA_TYPES[form])
    return report_file(content, form)
