"""Accounting: who got what, when, under which release; and the report of it that 45 CFR 164.528 asks for.

GET  /staff/accounting           the newest, and the form          POST /staff/accounting/search    what is asked for
POST /staff/accounting/report    the report, as a file

What is searched for stands in no address: the next page is asked for by a form too.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.accounting import AccountQuery, ReportFormat
from transfer_service.domain.language import Language
from transfer_service.domain.people import Recipient
from transfer_service.domain.policy import PRIVACY
from transfer_service.edge.calls import journey, now
from transfer_service.edge.report_file import report_file
from transfer_service.errors import DocumentTooLong, Invalid, ReportTooLong
from transfer_service.pages.answers import page
from transfer_service.pages.fields import FormWrong, each_of, optional, typed, typed_date, typed_line
from transfer_service.pages.language import NAMES
from transfer_service.pages.staff.desk import staff_actor, staff_pages
from transfer_service.usecases.report import ReportDraft
from transfer_service.wording import N_

accounting = staff_pages("accounting", "/accounting")

PAGE = 50
MOST_RECIPIENTS = 1000
#: What became of it: the choices, and what each asks for.
OUTCOMES: dict[str, tuple[str, dict[str, bool]]] = {
    "": (N_("Everything"), {}),
    "complete": (N_("What left completely"), {"refused": False, "completed": True}),
    "incomplete": (N_("What left in part"), {"refused": False, "completed": False}),
    "refused": (N_("What was refused"), {"refused": True}),
}
FIELDS = ("record_number", "packet", "recipient", "outcome", "since_month", "since_day", "since_year", "until_month",
          "until_day", "until_year")  # fmt: skip
_RECORD = N_("A record number has at most 64 letters, digits and signs.")
_PACKET = N_("A packet's number is its whole number, as its page and the audit log have it.")
_RECIPIENT = N_("Choose a recipient of your directory.")
_OUTCOME = N_("Choose one of these.")
_FORMAT = N_("Choose in what form you want the report.")
_LANGUAGE = N_("Choose one of the languages.")
_PERIOD = N_("A report covers at most six years, and begins before it ends.")
_BACKWARDS = N_("The last day lies before the first.")
_TOO_LONG = N_("There is too much for one report in this form. Ask for a shorter time, or for another form.")


@accounting.get("")
def start() -> Response:
    """The newest, of everybody; or of one packet, whose id may stand in an address."""
    query = AccountQuery(packet_id=_id_or_none(request.args.get("packet", "")))
    return _page(query, 200, {}, packet=query.packet_id)


@accounting.post("/search")
def search() -> Response:
    """What is asked for, newest first, and the page after it."""
    try:
        query = _query()
    except FormWrong as wrong:
        return _page(None, 422, wrong.sentences)
    return _page(query, 200, {}, cursor=typed("cursor") or None)


@accounting.post("/report")
def report() -> AnyResponse:
    """The file. A POST, for it is recorded that it was made."""
    actor, reports = staff_actor(), journey().reports
    try:
        draft = _report_draft()
        made = reports.for_officer(actor, draft, now())
        return report_file(reports.rendered(made, draft.format), draft.format)
    except FormWrong as wrong:
        return _page(None, 422, wrong.sentences)
    except (ReportTooLong, DocumentTooLong):
        return _page(None, 422, {"format": _TOO_LONG})
    except Invalid:
        return _page(None, 422, {"since_month": _PERIOD})


def _page(
    query: AccountQuery | None,
    status: int,
    errors: dict[str, str],
    *,
    packet: UUID | None = None,
    cursor: str | None = None,
) -> Response:
    actor = staff_actor()
    found = journey().account.seen(actor, query, limit=PAGE, cursor=cursor) if query else None
    return page(
        "staff/accounting",
        status,
        errors=errors,
        found=found,
        packet=packet,
        cursor=cursor,
        searched={name: typed(name) for name in FIELDS},
        recipients=_recipients(),
        outcomes=OUTCOMES,
        languages=NAMES,
        may_report=actor.role in PRIVACY,
    )


def _recipients() -> list[Recipient]:
    found = journey().recipients.page(staff_actor(), MOST_RECIPIENTS, None).items
    return sorted(found, key=lambda each: each.name.casefold())


def _query() -> AccountQuery:
    readers: dict[str, Any] = {
        "record_number": lambda: optional(lambda: typed_line("record_number", 64, _RECORD), "record_number"),
        "packet_id": lambda: optional(lambda: _id("packet", _PACKET), "packet"),
        "recipient_id": lambda: optional(_recipient, "recipient"),
        "period": _period,
        "outcome": _outcome,
    }
    read = each_of(readers)
    (since, until), outcome = read.pop("period"), read.pop("outcome")
    return AccountQuery(**read, **outcome, since=since, until=until)


def _report_draft() -> ReportDraft:
    readers: dict[str, Any] = {"query": _query, "format": _format, "language": _language}
    return ReportDraft(**each_of(readers))


def _period() -> tuple[datetime | None, datetime | None]:
    """From the first instant of a day to the last of another, in UTC, as the log counts."""
    since, last = (optional(lambda name=name: _midnight(name), *_of(name)) for name in ("since", "until"))  # type: ignore[misc]  # bound now
    if since and last and last < since:
        raise FormWrong({"until_month": _BACKWARDS})
    return since, last + timedelta(days=1) if last else None


def _midnight(name: str) -> datetime:
    month, day, year = _of(name)
    try:
        return datetime.combine(min(typed_date(day, month, year), now().date()), time(), UTC)
    except OverflowError:
        raise FormWrong({month: _PERIOD}) from None


def _of(name: str) -> tuple[str, str, str]:
    return f"{name}_month", f"{name}_day", f"{name}_year"


def _outcome() -> dict[str, bool]:
    chosen = typed("outcome")
    if chosen not in OUTCOMES:
        raise FormWrong({"outcome": _OUTCOME})
    return OUTCOMES[chosen][1]


def _recipient() -> UUID:
    for each in _recipients():
        if str(each.id) == typed("recipient"):
            return each.id
    raise FormWrong({"recipient": _RECIPIENT})


def _format() -> ReportFormat:
    chosen = typed("format")
    if chosen not in {*ReportFormat}:
        raise FormWrong({"format": _FORMAT})
    return ReportFormat(chosen)


def _language() -> Language | None:
    chosen = typed("language")
    if chosen and chosen not in {*Language}:
        raise FormWrong({"language": _LANGUAGE})
    return Language(chosen) if chosen else None


def _id(name: str, sentence: str) -> UUID:
    found = _id_or_none(typed(name))
    if found is None:
        raise FormWrong({name: sentence})
    return found


def _id_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
