"""Requests for slides, as patients and physicians have sent them: read, declined, or made a packet.

GET  /staff/requests                   the list, by state
GET  /staff/requests/{id}              one in full
GET  /staff/requests/{id}/decline      why, and sure?     POST  the same
GET  /staff/requests/{id}/accept       the case           POST  the same: a packet is opened
"""

from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.policy import DEPOSITORS
from transfer_service.domain.slide_request import AskerKind, DeclineReason, SlideRequest, SlideRequestState
from transfer_service.edge.calls import journey, now
from transfer_service.errors import SlideRequestDecided
from transfer_service.pages.answers import page
from transfer_service.pages.fields import FormWrong, both, each_of, optional, typed, typed_line
from transfer_service.pages.language import NAMES
from transfer_service.pages.slide_requests import REASONS
from transfer_service.pages.staff.case_form import note, row_counts, typed_case, wants_more_rows
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
_REASON = N_("Choose a reason.")
_NOTE = N_("A note has at most 500 characters, in one line.")
_NOT_THEIRS = N_("A physician asked: the address in the request is not the patient's.")


@requests.get("")
def start() -> Response:
    """Those that wait, unless another state is asked for."""
    state, cursor = _state(), request.args.get("cursor")
    found = journey().slide_requests.of_department(staff_actor(), limit=PAGE, cursor=cursor, state=state)
    return page("staff/requests", found=found, state=state, states=STATES, cursor=cursor)


@requests.get("/<uuid:request_id>")
def one(request_id: UUID) -> Response:
    """All that was asked."""
    found = journey().slide_requests.one(staff_actor(), request_id)
    return page("staff/request", found=found, states=STATES, reasons=REASONS, may_decide=_may_decide(found))


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
        reason, note = both(_reason, lambda: optional(lambda: typed_line("note", 500, _NOTE), "note"))
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
    if wants_more_rows():
        return _accept_form(found, 200, {})
    try:
        packet_id: UUID | None = journey().slide_requests.accept(actor, request_id, _given(found), now()).id
    except FormWrong as wrong:
        return _accept_form(found, 422, wrong.sentences)
    except SlideRequestDecided:
        packet_id = journey().slide_requests.one(actor, request_id).packet_id
    return redirect(f"/staff/packets/{packet_id}", 303) if packet_id else _to(request_id)


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
    return page(
        "staff/request_accept", status, errors=errors, found=found, is_own=is_own, languages=NAMES, rows=row_counts()
    )


def _given(found: SlideRequest) -> Acceptance:
    readers: dict[str, Any] = {"case": typed_case, "contact_confirmed": lambda: _confirmed(found), "note": note}
    read = each_of(readers)
    case = read["case"]
    patient = case.patient
    return Acceptance(
        case.accession_number,
        patient.record_number,
        name=patient.name,
        birth_date=patient.birth_date,
        email=patient.email,
        phone=patient.phone,
        language=patient.language,
        question=case.question,
        diagnosis=case.diagnosis,
        laterality=case.laterality,
        specimens=case.specimens,
        not_included=case.not_included,
        note=read["note"],
        contact_confirmed=read["contact_confirmed"],
    )


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
