"""A report as it is answered: JSON for programs, or a file to keep."""

from flask import Response

from transfer_service import errors
from transfer_service.domain.accounting import ReportFormat
from transfer_service.edge.calls import journey
from transfer_service.edge.report_file import MEDIA_TYPES, report_file
from transfer_service.usecases.report import Report

REFUSES = (errors.ReportTooLong, errors.DocumentTooLong)
_BYTES = {"schema": {"type": "string", "format": "binary"}}
AS_FILES = {"responses": {200: {"content": {kind.partition(";")[0]: _BYTES for kind in MEDIA_TYPES.values()}}}}


def answered(report: Report, form: ReportFormat) -> Report | Response:
    """The report for its schema, or as the file that was asked for."""
    if form is ReportFormat.JSON:
        return report
    return report_file(journey().reports.rendered(report, form), form)
