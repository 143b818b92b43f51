"""Tokens: what programs and review services call the API with.

GET  /staff/settings/tokens          all of them     POST /staff/settings/tokens    make one
GET  /staff/settings/tokens/new      the form
GET  /staff/settings/tokens/{id}     one, and its end      POST /staff/settings/tokens/{id}/revoke
"""

from typing import Any
from uuid import UUID

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.people import Credential, Recipient, Role
from transfer_service.edge.calls import journey, now
from transfer_service.errors import Invalid, SecondPersonNeeded
from transfer_service.pages.answers import page, to
from transfer_service.pages.fields import FormWrong, each_of, form_id, typed
from transfer_service.pages.staff.desk import staff_actor
from transfer_service.pages.staff.settings.members import ROLES, chosen_department
from transfer_service.pages.staff.settings.rooms import SENT_BEFORE, room, typed_name
from transfer_service.wording import N_

tokens = room("tokens")

_FOR = N_("Choose who the token is for.")
_ROLE = N_("Choose a role.")
_SERVICE = N_("Choose a review service of your directory.")
_PERSON = N_(
    "Somebody of this name signs in at the pages. Give the program a name of its own, so that the audit log tells the "
    "two apart."
)


@tokens.get("")
def start() -> Response:
    """Those that work, then those that are over."""
    views = journey().staff_tokens.all(staff_actor())
    views.sort(key=lambda view: (view.credential.revoked_at is not None, view.holder.casefold()))
    return page("staff/settings/tokens", views=views)


@tokens.get("/new")
def form() -> Response:
    """For whom?"""
    return _form(200, {})


@tokens.post("")
def create() -> AnyResponse:
    """Make it; it stands on the page that answers, this once."""
    try:
        made, word = _created()
    except FormWrong as wrong:
        return _form(422, wrong.sentences)
    except SecondPersonNeeded:
        return _form(422, {"name": _PERSON})
    except Invalid:
        return _form(409, {"kind": SENT_BEFORE})
    return page("staff/settings/token_made", view=journey().staff_tokens.one(staff_actor(), made.id), token=word)


@tokens.get("/<uuid:token_id>")
def one(token_id: UUID) -> Response:
    """Whose it is, and the question whether to end it."""
    return page("staff/settings/token", view=journey().staff_tokens.one(staff_actor(), token_id))


@tokens.post("/<uuid:token_id>/revoke")
def revoke(token_id: UUID) -> AnyResponse:
    """End it; again changes nothing."""
    journey().staff_tokens.revoke(staff_actor(), token_id, now())
    return to("start")


def _form(status: int, errors: dict[str, str]) -> Response:
    actor = staff_actor()
    return page(
        "staff/settings/token_new",
        status,
        errors=errors,
        departments=journey().departments.all(actor),
        services=journey().staff_tokens.services(actor),
        roles=ROLES,
        form_id=form_id(),
    )


def _created() -> tuple[Credential, str]:
    match typed("kind"):
        case "program":
            readers: dict[str, Any] = {
                "name": lambda: typed_name("name"),
                "department": chosen_department,
                "role": _role,
            }
            read = each_of(readers)
            return journey().staff_tokens.create(
                staff_actor(), read["department"].id, read["role"], read["name"], now(), form=form_id()
            )
        case "service":
            return journey().staff_tokens.create_for_service(staff_actor(), _service().id, now(), form=form_id())
    raise FormWrong({"kind": _FOR})


def _role() -> Role:
    chosen = typed("role")
    if chosen not in {*Role}:
        raise FormWrong({"role": _ROLE})
    return Role(chosen)


def _service() -> Recipient:
    for service in journey().staff_tokens.services(staff_actor()):
        if str(service.id) == typed("service"):
            return service
    raise FormWrong({"service": _SERVICE})
