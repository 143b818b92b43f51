"""A packet's releases and links: asked for, seen signed, withdrawn.

GET  /staff/packets/{id}/release      how each stands
GET  /staff/packets/{id}/release/new  whom    POST: which files, why, until when    POST …/release  asked
GET  /staff/releases/{id}/form.pdf            POST /staff/releases/{id}/resend
GET  /staff/releases/{id}/withdraw    sure?   POST …
"""

from uuid import UUID

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.people import Recipient
from transfer_service.domain.release import Medium
from transfer_service.edge.calls import journey, now, service
from transfer_service.edge.file_answer import printed_form
from transfer_service.errors import (
    Invalid,
    NotNow,
    PacketNotClosed,
    PacketRetired,
    PatientUnreachable,
    ReleaseExpired,
)
from transfer_service.pages.answers import page
from transfer_service.pages.fields import FormWrong, both, form_id, optional, typed
from transfer_service.pages.language import NAMES as LANGUAGES
from transfer_service.pages.staff.desk import staff_actor, staff_pages
from transfer_service.pages.staff.filled_in import latest_day, typed_all, typed_ids, typed_one_line
from transfer_service.pages.staff.release_form import (
    choices_of,
    chosen_recipients,
    read_draft,
    sentence_of,
    usual_day,
)
from transfer_service.pages.staff.release_words import NAMES, TOLD_BY
from transfer_service.usecases.release_pages import AskPage, ReleasePages
from transfer_service.usecases.withdrawal import WithdrawalDraft
from transfer_service.wording import N_

releases = staff_pages("releases")

_LONGEST_NOTE = 1000
_TOLD_BY = N_("Choose how the patient told you.")
_NOTE = N_("A note is one line of at most 1,000 characters.")
_LETTER_OVER = N_("No letter was sent: this release has been over for too long.")


def release_pages() -> ReleasePages:
    """What the pages of releases look things up by."""
    return ReleasePages(service().database, journey().issue)


def to_release(packet_id: UUID, release_id: UUID | None = None) -> AnyResponse:
    """The way back to the packet's releases, and to one of them there."""
    anchor = f"release-{release_id}" if release_id else None
    return redirect(url_for("staff_releases.packet_releases", packet_id=packet_id, _anchor=anchor), 303)


@releases.get("/packets/<uuid:packet_id>/release")
def packet_releases(packet_id: UUID) -> Response:
    """Every release, newest first, with its links."""
    return _page(packet_id)


@releases.get("/packets/<uuid:packet_id>/release/new")
def choose(packet_id: UUID) -> AnyResponse:
    """The directory, to choose from."""
    try:
        return _directory(release_pages().before_asking(staff_actor(), packet_id, now()))
    except (PacketNotClosed, PacketRetired):
        return to_release(packet_id)


@releases.post("/packets/<uuid:packet_id>/release/new")
def take_choice(packet_id: UUID) -> AnyResponse:
    """The second half of the form, for those who were chosen. Nothing is asked yet."""
    try:
        asked = release_pages().before_asking(staff_actor(), packet_id, now())
    except (PacketNotClosed, PacketRetired):
        return to_release(packet_id)
    try:
        return _terms(asked, chosen_recipients(asked))
    except FormWrong as wrong:
        return _directory(asked, 422, wrong.sentences)


@releases.post("/packets/<uuid:packet_id>/release")
def ask(packet_id: UUID) -> AnyResponse:
    """Ask, once for each form that was filled in."""
    try:
        asked = release_pages().before_asking(staff_actor(), packet_id, now())
        recipients = chosen_recipients(asked)
    except (PacketNotClosed, PacketRetired):
        return to_release(packet_id)
    except FormWrong as wrong:
        return _directory(asked, 422, wrong.sentences)
    try:
        draft = read_draft(asked, recipients, now())
        release = journey().releases.ask(staff_actor(), packet_id, draft, now(), form=form_id())
    except FormWrong as wrong:
        return _terms(asked, recipients, 422, wrong.sentences)
    except (NotNow, Invalid) as refusal:
        return _terms(asked, recipients, 409, sentence_of(refusal))
    return to_release(packet_id, release.id)


@releases.get("/releases/<uuid:release_id>/form.pdf")
def form(release_id: UUID) -> Response:
    """The form as a PDF: signed, the copy that is kept; not signed, to sign by hand."""
    return printed_form(staff_actor(), release_id)


@releases.post("/releases/<uuid:release_id>/resend")
def resend(release_id: UUID) -> AnyResponse:
    """A fresh letter in the place of the one that was on the page; clicked twice, it is one."""
    newest = next(iter(typed_ids("letter")), None)
    try:
        release = journey().releases.resend(staff_actor(), release_id, now(), after=newest)
    except (ReleaseExpired, PatientUnreachable):
        packet, _ = release_pages().card(staff_actor(), release_id, now())
        return _page(packet.id, 409, {f"release-{release_id}": _LETTER_OVER})
    return to_release(release.packet_id, release.id)


@releases.get("/releases/<uuid:release_id>/withdraw")
def ask_withdraw(release_id: UUID) -> AnyResponse:
    """What withdrawing does, and what it can't do."""
    return _withdrawal(release_id)


@releases.post("/releases/<uuid:release_id>/withdraw")
def withdraw(release_id: UUID) -> AnyResponse:
    """Withdraw on the patient's word: every link is dead before the answer. Twice is once."""
    try:
        draft = _told()
    except FormWrong as wrong:
        return _withdrawal(release_id, 422, wrong.sentences)
    release = journey().releases.withdraw(staff_actor(), release_id, now(), draft)
    return to_release(release.packet_id, release.id)


def _page(packet_id: UUID, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    shown = release_pages().of_packet(staff_actor(), packet_id, now())
    return page("staff/releases", status, errors=errors, shown=shown, packet=shown.packet, **NAMES)


def _directory(asked: AskPage, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    return page("staff/release_new", status, errors=errors, asked=asked, packet=asked.packet, ticked=typed_all)


def _terms(
    asked: AskPage, recipients: list[Recipient], status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    return page(
        "staff/release_terms",
        status,
        errors=errors,
        asked=asked,
        packet=asked.packet,
        recipients=recipients,
        choices=choices_of(asked.files),
        ticked=typed_all,
        usual_day=usual_day(asked, now()),
        latest_day=latest_day(asked.latest),
        today=now().date(),
        languages=LANGUAGES,
        form_id=form_id(),
    )


def _withdrawal(release_id: UUID, status: int = 200, errors: dict[str, str] | None = None) -> AnyResponse:
    packet, card = release_pages().card(staff_actor(), release_id, now())
    if not card.may.withdraw:
        return to_release(packet.id, release_id)
    return page("staff/release_withdraw", status, errors=errors, packet=packet, card=card, **NAMES)


def _told() -> WithdrawalDraft:
    told_by, note = both(
        _told_by, lambda: optional(lambda: typed_one_line("note", _LONGEST_NOTE, _NOTE, legible=False), "note")
    )
    return WithdrawalDraft(told_by, note)


def _told_by() -> Medium:
    if typed("told_by") not in TOLD_BY:
        raise FormWrong({"told_by": _TOLD_BY})
    return Medium(typed("told_by"))
