"""The directory of recipients: whom releases can name.

GET /staff/recipients            all of them, by name
GET /staff/recipients/new        the form           POST /staff/recipients/new     ?packet= for whose release
GET /staff/recipients/{id}       as it stands       POST /staff/recipients/{id}    changed: a new version
"""

from uuid import UUID

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.people import MOST_CREDENTIALS, Recipient, RecipientKind
from transfer_service.domain.policy import check_may_keep_recipients, is_allowed
from transfer_service.edge.calls import journey, now
from transfer_service.pages.answers import page
from transfer_service.pages.fields import FormWrong, form_id, typed
from transfer_service.pages.language import NAMES
from transfer_service.pages.staff.desk import staff_actor, staff_pages
from transfer_service.pages.staff.recipient_form import Filled, filled_from, filled_in, read_recipient
from transfer_service.wording import N_

recipients = staff_pages("recipients", "/recipients")

KINDS = {RecipientKind.PERSON: N_("A person"), RecipientKind.SERVICE: N_("A review service")}


@recipients.get("")
def start() -> Response:
    """The directory."""
    found = journey().recipients.directory(staff_actor())
    return page("staff/recipients", recipients=found, may_keep=_may_keep())


@recipients.get("/new")
def new() -> Response:
    """The empty form."""
    check_may_keep_recipients(staff_actor())
    return _form(None, Filled(notify=True))


@recipients.post("/new")
def add() -> AnyResponse:
    """Add them, once for each form that was filled in."""
    check_may_keep_recipients(staff_actor())
    try:
        added = journey().recipients.add(staff_actor(), read_recipient(None, now()), now(), form=form_id())
    except FormWrong as wrong:
        return _form(None, filled_in(), 422, wrong.sentences)
    packet = _wanted_for()
    if packet is not None:
        return redirect(url_for("staff_releases.choose", packet_id=packet), 303)
    return redirect(url_for(".start", _anchor=f"recipient-{added.id}"), 303)


@recipients.get("/<uuid:recipient_id>")
def one(recipient_id: UUID) -> Response:
    """One recipient, to read or to change, and the versions before."""
    versions = journey().recipients.versions(staff_actor(), recipient_id)
    return _form(versions, filled_from(versions[0]))


@recipients.post("/<uuid:recipient_id>")
def change(recipient_id: UUID) -> AnyResponse:
    """Change them; where nothing is new, nothing happens."""
    check_may_keep_recipients(staff_actor())
    versions = journey().recipients.versions(staff_actor(), recipient_id)
    try:
        draft = read_recipient(versions[0], now())
    except FormWrong as wrong:
        return _form(versions, filled_in(), 422, wrong.sentences)
    journey().recipients.change(staff_actor(), recipient_id, draft, now())
    return redirect(url_for(".one", recipient_id=recipient_id), 303)


def _form(
    versions: list[Recipient] | None, filled: Filled, status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    return page(
        "staff/recipient",
        status,
        errors=errors,
        versions=versions,
        filled=filled,
        kinds=KINDS,
        languages=NAMES,
        most=MOST_CREDENTIALS,
        may_keep=_may_keep(),
        wanted_for=_wanted_for(),
        sent=bool(typed("form_id")),
        form_id=form_id(),
        today=now().date(),
    )


def _wanted_for() -> UUID | None:
    """The packet from whose release somebody came, because the recipient was missing."""
    return request.args.get("packet", type=UUID)


def _may_keep() -> bool:
    return is_allowed(lambda: check_may_keep_recipients(staff_actor()))
