"""What came back: opinions, their files, what the patient is to read of them, and the packet that answers one.

GET  /staff/opinions                          everything that came back, newest first
GET  /staff/packets/{id}/opinions             what came back on one packet
GET  /staff/opinions/{id}/files/{file}        a file of one
GET  /staff/opinions/{id}/share               what the patient will read     POST  the same: shared
POST /staff/opinions/{id}/successor           a packet with what it asked for
"""

from uuid import UUID

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.opinion import Conclusion
from transfer_service.domain.policy import COORDINATORS
from transfer_service.edge.calls import journey, now
from transfer_service.edge.opinion_answer import opinion_file
from transfer_service.pages.answers import page
from transfer_service.pages.fields import form_id
from transfer_service.pages.opinions import KINDS, MEANINGS
from transfer_service.pages.staff.desk import staff_actor, staff_pages
from transfer_service.usecases.answer import OpinionView
from transfer_service.usecases.successor import SuccessorDraft
from transfer_service.wording import N_

opinions = staff_pages("opinions", "/opinions")
packet_opinions = staff_pages("packet_opinions", "/packets/<uuid:packet_id>/opinions")

PAGE = 50
CONCLUSIONS = {
    Conclusion.CONCORDANT: N_("Agrees with the diagnosis"),
    Conclusion.DISCORDANT: N_("Does not agree with the diagnosis"),
    Conclusion.NEEDS_MORE_MATERIAL: N_("Needs more material"),
}


@opinions.get("")
def start() -> Response:
    """The list."""
    cursor = request.args.get("cursor")
    found = journey().opinions.of_department(staff_actor(), limit=PAGE, cursor=cursor)
    return page("staff/opinions", found=found, cursor=cursor, conclusions=CONCLUSIONS)


@packet_opinions.get("")
def of_packet(packet_id: UUID) -> Response:
    """The newest, which counts, first."""
    actor = staff_actor()
    views = journey().opinions.of_packet(actor, packet_id)[::-1]
    return page(
        "staff/packet_opinions",
        packet=journey().deposit.packet(actor, packet_id).packet,
        views=views,
        answered={view.opinion.id: journey().opinions.answered_by(actor, view.opinion.id) for view in views},
        may_receive=_may_receive(),
        conclusions=CONCLUSIONS,
        kinds=KINDS,
        form_id=form_id(),
    )


@opinions.get("/<uuid:opinion_id>/files/<uuid:file_id>")
def opinion_bytes(opinion_id: UUID, file_id: UUID) -> Response:
    """A file of one, or a range of it: for coordinators; the reading is in the audit log."""
    return opinion_file(journey().opinions.received, staff_actor(), opinion_id, file_id)


@opinions.get("/<uuid:opinion_id>/share")
def ask_share(opinion_id: UUID) -> Response:
    """What the patient will read, word for word, before it can't be taken back."""
    view = journey().opinions.opinion(staff_actor(), opinion_id)
    packet = journey().deposit.packet(staff_actor(), view.opinion.packet_id).packet
    return page(
        "staff/opinion_share", view=view, packet=packet, meanings=MEANINGS, kinds=KINDS, may_receive=_may_receive()
    )


@opinions.post("/<uuid:opinion_id>/share")
def share(opinion_id: UUID) -> AnyResponse:
    """Said once; again changes nothing."""
    return _back_to_packet(journey().opinions.share(staff_actor(), opinion_id, now()))


@opinions.post("/<uuid:opinion_id>/successor")
def succeed(opinion_id: UUID) -> AnyResponse:
    """Open it with all files of the packet, and go there: what is missing is put in there."""
    view = journey().opinions.opinion(staff_actor(), opinion_id)
    draft = SuccessorDraft(answers_opinion_id=opinion_id)
    made = journey().successors.open(staff_actor(), view.opinion.packet_id, draft, now(), form=form_id())
    return redirect(f"/staff/packets/{made.packet.id}", 303)


def _may_receive() -> bool:
    """Whether files, sharing and successors are offered; whoever asks all the same is refused by the use case."""
    return staff_actor().role in COORDINATORS


def _back_to_packet(view: OpinionView) -> AnyResponse:
    return redirect(url_for("staff_packet_opinions.of_packet", packet_id=view.opinion.packet_id), 303)
