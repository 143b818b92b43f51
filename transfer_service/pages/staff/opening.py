"""/staff/packets/new: open a packet by hand.

GET   /staff/packets/new   the form
POST  /staff/packets/new   the packet, or the form again: with another row, or with what was wrong
"""

from uuid import UUID

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.language import Language
from transfer_service.domain.people import StaffActor
from transfer_service.edge.calls import journey, now
from transfer_service.pages.answers import page
from transfer_service.pages.fields import FormWrong, each_of
from transfer_service.pages.language import NAMES
from transfer_service.pages.staff.case_form import note, row_counts, typed_case, wants_more_rows
from transfer_service.pages.staff.desk import staff_actor
from transfer_service.usecases.deposit import PacketDraft
from transfer_service.wording import N_

MOST_CONTRIBUTORS = 20
_CONTRIBUTORS = N_("Choose at most 20 departments of your organization.")


def let_open(blueprint: Blueprint) -> None:
    """Give the list its way to new packets."""

    @blueprint.get("/new")
    def new_packet() -> Response:
        """The empty form."""
        return _form(staff_actor())

    @blueprint.post("/new")
    def open_packet() -> AnyResponse:
        """Open it. What is typed is checked only when the packet is to be opened."""
        actor = staff_actor()
        if wants_more_rows():
            return _form(actor)
        try:
            draft = _draft(actor)
        except FormWrong as wrong:
            return _form(actor, 422, wrong.sentences)
        packet = journey().deposit.open_packet(actor, draft, now())
        return redirect(f"/staff/packets/{packet.id}", 303)


def _form(actor: StaffActor, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    return page(
        "staff/packet_new",
        status,
        errors=errors,
        others=journey().overview.other_departments(actor),
        chosen=request.form.getlist("contributors"),
        languages={tag: NAMES[tag] for tag in Language},
        rows=row_counts(),
    )


def _draft(actor: StaffActor) -> PacketDraft:
    found = each_of({"case": typed_case, "contributors": lambda: _contributors(actor), "note": note})
    return PacketDraft(found["case"], found["contributors"], found["note"])  # type: ignore[arg-type]  # as read


def _contributors(actor: StaffActor) -> tuple[UUID, ...]:
    """Those ticked; FormWrong for any that is not there to be ticked."""
    known = {str(department.id): department.id for department in journey().overview.other_departments(actor)}
    ticked = dict.fromkeys(request.form.getlist("contributors"))
    if not ticked.keys() <= known.keys() or len(ticked) > MOST_CONTRIBUTORS:
        raise FormWrong({"contributors": _CONTRIBUTORS})
    return tuple(known[word] for word in ticked)
