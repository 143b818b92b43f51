"""Requests for slides, as patients and physicians have sent them: read, declined, or made a packet.

GET  /staff/requests                   the list, by state
GET  /staff/requests/{id}              one in full
GET  /staff/requests/{id}/decline      why, and sure?     POST  the same
GET  /staff/requests/{id}/accept       the case           POST  the same: a packet is opened
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.language import Language
from transfer_service.domain.policy import DEPOSITORS
from transfer_service.domain.slide_request import AskerKind, DeclineReason, SlideRequest, SlideRequestState
from transfer_service.edge.calls import journey, now
from transfer_service.errors import SlideRequestDecided
from transfer_service.pages.answers import page
from transfer_service.pages.fields import (
    FormWrong,
    both,
    each_of,
    optional,
    past_date,
    typed,
    typed_address,
    typed_line,
    typed_lines,
)
from transfer_service.pages.language import NAMES, words
from transfer_service.pages.slide_requests import REASONS
from transfer_service.pages.staff.desk import staff_actor, staff_pages
from transfer_service.usecases.slide_requests import Acceptance
from transfer_service.wording import N_

requests = staff_pages("requests", "/requests")

PAGE = 50
STATES = {
    SlideRequestState.RECEIVED: N_("Waiting"),
    SlideRequestState.ACCEPTED: N_("Packet opened"),
    SlideRequestState.DECLINED: N_("Declined"),
    SlideRequestState.WITHDRAWN: N_("Taken back"),
}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_REASON = N_("Choose a reason.")
_NOTE = N_("A note has at most 500 characters, in one line.")
_ACCESSION = N_("Type the accession number, at most 64 letters, digits and signs.")
_RECORD = N_("Type the record number, at most 64 letters, digits and signs.")
_NAME = N_("Type the patient's full name.")
_EMAIL = N_("Type one e-mail address, for example name@example.org, or leave it empty.")
_PHONE = N_("A phone number has at most 40 digits and signs. You can leave it empty.")
_LANGUAGE = N_("Choose one of the languages.")
_TEXT = N_("At most 4,000 characters.")
_SIDE = N_("At most 40 characters.")
_NOT_THEIRS = N_("A physician asked: the address in the request is not the patient's.")


@requests.get("")
def start() -> Response:
    """Those that wait, unless another state is asked for."""
    state, cursor = _state(), request.args.get("cursor")
    found = journey().slide_requests.of_department(staff_actor(), limit=PAGE, cursor=cursor, state=state)
    return page("staff/requests", found=found, state=state, states=STATES, cursor=cursor, age=age)


@requests.get("/<uuid:request_id>")
def one(request_id: UUID) -> Response:
    """All that was asked."""
    found = journey().slide_requests.one(staff_actor(), request_id)
    return page("staff/request", found=found, states=STATES, reasons=REASONS, age=age, may_decide=_may_decide(found))


@requests.get("/<uuid:request_id>/decline")
def ask_decline(request_id: UUID) -> AnyResponse:
    """Why? What the asker reads stands beside each reason."""
    found = journey().slide_requests.one(staff_actor(), request_id)
    return _decline_form(found, 200, {}) if _may_decide(found) else _to(request_id)


@requests.post("/<uuid:request_id>/decline")
def decline(request_id: UUID) -> AnyResponse:
    """Declined; where somebody was faster, their answer is shown."""
    actor = staff_actor()
    try:
        reason, note = both(_reason, lambda: _line_or_none("note", 500, _NOTE))
        journey().slide_requests.decline(actor, request_id, reason, note, now())
    except FormWrong as wrong:
        return _decline_form(journey().slide_requests.one(actor, request_id), 422, wrong.sentences)
    except SlideRequestDecided:
        return _to(request_id)
    return _to(request_id)


@requests.get("/<uuid:request_id>/accept")
def ask_accept(request_id: UUID) -> AnyResponse:
    """The case, with what the asker wrote filled in."""
    found = journey().slide_requests.one(staff_actor(), request_id)
    return _accept_form(found, 200, {}) if _may_decide(found) else _to(request_id)


@requests.post("/<uuid:request_id>/accept")
def accept(request_id: UUID) -> AnyResponse:
    """A packet is opened, once; who sends the form again is led to the same one."""
    actor = staff_actor()
    found = journey().slide_requests.one(actor, request_id)
    try:
        packet_id: UUID | None = journey().slide_requests.accept(actor, request_id, _given(found), now()).id
    except FormWrong as wrong:
        return _accept_form(found, 422, wrong.sentences)
    except SlideRequestDecided:
        packet_id = journey().slide_requests.one(actor, request_id).packet_id
    return redirect(f"/staff/packets/{packet_id}", 303) if packet_id else _to(request_id)


def age(since: datetime) -> str:
    """How long it has been, in hours and then in days."""
    passed = now() - since
    if passed < _HOUR:
        return words().gettext(N_("under an hour"))
    if passed < _DAY:
        return words().plural("%(count)s hour", "%(count)s hours", passed // _HOUR)
    return words().plural("%(count)s day", "%(count)s days", passed // _DAY)


def _may_decide(found: SlideRequest) -> bool:
    """Whether the two answers are offered; whoever sends one all the same is refused by the use case."""
    return staff_actor().role in DEPOSITORS and found.state is SlideRequestState.RECEIVED


def _state() -> SlideRequestState:
    asked = request.args.get("state", "")
    return SlideRequestState(asked) if asked in {*SlideRequestState} else SlideRequestState.RECEIVED


def _to(request_id: UUID) -> AnyResponse:
    return redirect(url_for(".one", request_id=request_id), 303)


def _decline_form(found: SlideRequest, status: int, errors: dict[str, str]) -> Response:
    return page("staff/request_decline", status, errors=errors, found=found, reasons=REASONS)


def _accept_form(found: SlideRequest, status: int, errors: dict[str, str]) -> Response:
    is_own = found.asked.asker.kind is AskerKind.PATIENT
    return page("staff/request_accept", status, errors=errors, found=found, is_own=is_own, languages=NAMES)


def _given(found: SlideRequest) -> Acceptance:
    readers: dict[str, Any] = {
        "accession_number": lambda: typed_line("accession_number", 64, _ACCESSION),
        "record_number": lambda: typed_line("record_number", 64, _RECORD),
        "name": lambda: typed_line("name", 200, _NAME),
        "birth_date": lambda: past_date("birth_day", "birth_month", "birth_year", now()),
        "contact_confirmed": lambda: _confirmed(found),
        "email": lambda: optional(lambda: typed_address("email", _EMAIL), "email"),
        "phone": lambda: _line_or_none("phone", 40, _PHONE),
        "language": _language,
        "question": lambda: _lines_or_none("question"),
        "diagnosis": lambda: _lines_or_none("diagnosis"),
        "laterality": lambda: _line_or_none("laterality", 40, _SIDE),
        "note": lambda: _lines_or_none("note"),
    }
    return Acceptance(**each_of(readers))


def _confirmed(found: SlideRequest) -> bool:
    said = typed("contact_confirmed") == "yes"
    if said and found.asked.asker.kind is not AskerKind.PATIENT:
        raise FormWrong({"email": _NOT_THEIRS})
    return said


def _reason() -> DeclineReason:
    chosen = typed("reason")
    if chosen not in {*DeclineReason}:
        raise FormWrong({"reason": _REASON})
    return DeclineReason(chosen)


def _language() -> str | None:
    chosen = typed("language")
    if chosen and chosen not in {*Language}:
        raise FormWrong({"language": _LANGUAGE})
    return chosen or None


def _line_or_none(name: str, longest: int, sentence: str) -> str | None:
    return optional(lambda: typed_line(name, longest, sentence), name)


def _lines_or_none(name: str) -> str | None:
    return optional(lambda: typed_lines(name, 4000, _TEXT), name)
