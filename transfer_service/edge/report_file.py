"""A report as a file to keep, the same to those who ask by the API and by a page."""

from flask import Response

from transfer_service.domain.accounting import ReportFormat

MEDIA_TYPES = {
    ReportFormat.CSV: "text/csv; charset=utf-8; header=present",  # RFC 4180 section 3
    ReportFormat.PDF: "application/pdf",
    ReportFormat.JSON: "application/json",
}


def report_file(content: bytes, form: ReportFormat) -> Response:
    """The file, under a name that says nothing of whom it is about."""
    response = Response(content, content_type=MEDIA_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="accounting.{form}"'
    return response
