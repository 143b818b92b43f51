"""One packet: its case, its files and how they are sent, its closing, its receipt and its end.

GET  /staff/packets/{id}            the page            POST …/files/{file}/delete
                                                        POST …/close        closed, or closing by itself
GET  …/receipt                      the signed list     POST …/contact      POST …/contact/confirm
GET  …/retire                       sure?               POST …/retire       POST …/successor
"""

from datetime import timedelta
from uuid import UUID

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.language import Language
from transfer_service.domain.manifest import signed_text
from transfer_service.domain.packet import PacketState
from transfer_service.edge.calls import journey, now, service
from transfer_service.errors import (
    ContactChanged,
    FilesUnverified,
    NotFound,
    NothingToConfirm,
    PacketEmpty,
    PacketNotClosed,
    PacketNotOpen,
    PacketRetired,
    SecondPersonNeeded,
)
from transfer_service.pages.answers import page, text_file
from transfer_service.pages.fields import FormWrong, each_of, optional, ticked, typed, typed_address, typed_line
from transfer_service.pages.language import NAMES
from transfer_service.pages.staff.desk import staff_actor, staff_pages
from transfer_service.pages.staff.packet_files import REASONS, page_of, standing_of
from transfer_service.usecases.case_pages import CasePage, CasePages
from transfer_service.usecases.contact import ContactDraft
from transfer_service.usecases.successor import SuccessorDraft
from transfer_service.wording import N_

packet_pages = staff_pages("packet", "/packets/<uuid:packet_id>")

_LONGEST_PHONE = 40
_EMAIL = N_("Type one e-mail address, for example name@example.org.")
_PHONE = N_("A phone number has at most 40 digits and signs. You can leave it empty.")
_LANGUAGE = N_("Choose one of the languages.")
_SURE = N_("Tick the box to say that you understand.")
_UNVERIFIED = N_("The packet was not closed: not every file is complete and verified.")
_EMPTY = N_("The packet was not closed: there is no file in it.")
_SECOND = N_("You asked for this address yourself. Another member of staff has to confirm it.")
_OTHER = N_("Another address waits now than the one that you saw. Look at it again.")
_NOT_OPEN = N_("The packet is not open any more, so nothing in it can change.")
_RETIRED = N_("The packet is retired, so nothing of it can change.")


@packet_pages.get("")
def packet(packet_id: UUID) -> Response:
    """All of it."""
    return _page(packet_id)


@packet_pages.post("/files/<uuid:file_id>/delete")
def delete_file(packet_id: UUID, file_id: UUID) -> AnyResponse:
    """Take a file out; clicked twice, it is gone all the same."""
    try:
        journey().deposit.delete_file(staff_actor(), packet_id, file_id, now())
    except PacketNotOpen:
        return _page(packet_id, 409, {"files": _NOT_OPEN})
    except NotFound:
        journey().deposit.packet(staff_actor(), packet_id)
    return _to_packet(packet_id)


@packet_pages.post("/close")
def close(packet_id: UUID) -> AnyResponse:
    """Close it, now or once every file is verified."""
    try:
        journey().close.close(staff_actor(), packet_id, now(), when_verified=True)
    except FilesUnverified:
        return _page(packet_id, 409, {"closing": _UNVERIFIED})
    except PacketEmpty:
        return _page(packet_id, 409, {"closing": _EMPTY})
    except PacketRetired:
        return _page(packet_id, 409, {"closing": _RETIRED})
    return _to_packet(packet_id)


@packet_pages.get("/receipt")
def receipt(packet_id: UUID) -> Response:
    """The signed manifest as a text to keep."""
    signed = journey().close.manifest(staff_actor(), packet_id)
    return text_file(signed_text(signed), f"receipt-{str(packet_id)[:8]}.json", "application/json")


@packet_pages.post("/contact")
def change_contact(packet_id: UUID) -> AnyResponse:
    """What is to be otherwise; what was left as it is, is left."""
    try:
        draft = _contact(CasePages(service().database).of(staff_actor(), packet_id))
        if draft != ContactDraft():
            journey().contacts.change(staff_actor(), packet_id, draft, now())
    except FormWrong as wrong:
        return _page(packet_id, 422, wrong.sentences)
    except PacketRetired:
        return _page(packet_id, 409, {"contact": _RETIRED})
    return _to_packet(packet_id, "contact")


@packet_pages.post("/contact/confirm")
def confirm_contact(packet_id: UUID) -> AnyResponse:
    """The second member of staff says that the address is the patient's."""
    try:
        journey().contacts.confirm(staff_actor(), packet_id, typed("email"), now())
    except SecondPersonNeeded:
        return _page(packet_id, 403, {"contact": _SECOND})
    except ContactChanged:
        return _page(packet_id, 409, {"contact": _OTHER})
    except PacketRetired:
        return _page(packet_id, 409, {"contact": _RETIRED})
    except NothingToConfirm:
        pass  # clicked twice, or taken back: the page shows which address counts
    return _to_packet(packet_id, "contact")


@packet_pages.post("/successor")
def open_successor(packet_id: UUID) -> AnyResponse:
    """Open one that starts with every file of this; one that is open already is gone on with."""
    shown = CasePages(service().database).of(staff_actor(), packet_id)
    begun = next((each for each in shown.successors if each.state is PacketState.OPEN), None)
    if begun is not None:
        return _to_packet(begun.id)
    try:
        opened = journey().successors.open(staff_actor(), packet_id, SuccessorDraft(), now())
    except (PacketNotClosed, PacketRetired):
        return _to_packet(packet_id)
    return _to_packet(opened.packet.id)


@packet_pages.get("/retire")
def retire(packet_id: UUID) -> AnyResponse:
    """What it destroys, and when."""
    return _retire_page(packet_id)


@packet_pages.post("/retire")
def take_retire(packet_id: UUID) -> AnyResponse:
    """Retire it, with grace or at once."""
    try:
        ticked("sure", _SURE)
    except FormWrong as wrong:
        return _retire_page(packet_id, 422, wrong.sentences)
    journey().retire.retire(staff_actor(), packet_id, now(), at_once=typed("when") == "now")
    return _to_packet(packet_id)


def _page(packet_id: UUID, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    shown = CasePages(service().database).of(staff_actor(), packet_id)
    return page(
        "staff/packet",
        status,
        errors=errors,
        case_page=shown,
        standing=standing_of(shown),
        listed=page_of(shown.files, request.args.get("page", "")),
        reasons=REASONS,
        languages=NAMES,
        me=staff_actor().staff_id,
    )


def _retire_page(packet_id: UUID, status: int = 200, errors: dict[str, str] | None = None) -> AnyResponse:
    shown = CasePages(service().database).of(staff_actor(), packet_id)
    if not (shown.may.retire or shown.may.retire_now):
        return _to_packet(packet_id)
    grace_days = journey().retire.limits.grace_for // timedelta(days=1)
    return page("staff/packet_retire", status, errors=errors, case_page=shown, grace_days=grace_days)


def _to_packet(packet_id: UUID, part: str | None = None) -> AnyResponse:
    return redirect(url_for(".packet", packet_id=packet_id, _anchor=part), 303)


def _contact(shown: CasePage) -> ContactDraft:
    """What differs; the address too where it takes back another that waits."""
    patient, waits = shown.packet.case.patient, shown.packet.pending_contact is not None
    read = each_of({
        "email": lambda: optional(lambda: typed_address("email", _EMAIL), "email"),
        "phone": lambda: optional(lambda: typed_line("phone", _LONGEST_PHONE, _PHONE), "phone"),
        "language": lambda: optional(_language, "language"),
    })  # fmt: skip
    is_taking_back = waits and read["phone"] is None and read["language"] is None
    return ContactDraft(
        email=read["email"] if read["email"] != patient.email or is_taking_back else None,
        phone=read["phone"] if read["phone"] != patient.phone else None,
        language=read["language"] if read["language"] != patient.language else None,
    )


def _language() -> str:
    if typed("language") not in {*Language}:
        raise FormWrong({"language": _LANGUAGE})
    return typed("language")
