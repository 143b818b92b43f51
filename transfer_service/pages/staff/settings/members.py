"""Members: who signs in for the organization, and in which roles.

GET  /staff/settings/members               everybody          POST /staff/settings/members    invite somebody
GET  /staff/settings/members/new           the form
GET  /staff/settings/members/{id}          one of them        POST …/roles  …/disable  …/invite-again
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.member import Member
from transfer_service.domain.people import Department, Role
from transfer_service.edge.calls import journey, now
from transfer_service.errors import Invalid, NotFound
from transfer_service.pages.answers import page
from transfer_service.pages.fields import FormWrong, each_of, typed, typed_address
from transfer_service.pages.staff.desk import staff_actor
from transfer_service.pages.staff.settings.rooms import room, typed_name
from transfer_service.usecases.members import MemberDraft, MemberView
from transfer_service.wording import N_

members = room("members")

ROLES = {
    Role.DEPOSITOR: N_("opens packets and puts files in"),
    Role.COORDINATOR: N_("also asks patients to sign, issues links, and has what comes back"),
    Role.PRIVACY_OFFICER: N_("sees every packet of the organization, its accounting and its audit log"),
    Role.ADMIN: N_("invites members and sets up departments; sees no packet"),
}
_EMAIL = N_("Type one e-mail address, for example name@example.org.")
_ROLES = N_("Choose one role at least.")
_DEPARTMENT = N_("Choose a department.")
_TAKEN = N_(
    "Somebody with this e-mail address, or with this name in this department, was invited already. "
    "You find them in the list of members, and can invite them again there."
)


@members.get("")
def start() -> Response:
    """Everybody of the organization."""
    views = sorted(journey().members.all(staff_actor()), key=lambda view: view.staff.name.casefold())
    return page("staff/settings/members", views=views, standing=_standing, at=now())


@members.get("/new")
def form() -> Response:
    """Whom?"""
    return _form(200, {})


@members.post("")
def invite() -> AnyResponse:
    """Invite them; the address stands on the page that answers, this once."""
    try:
        draft = _draft()
        made, address = journey().members.invite(staff_actor(), draft, now())
    except FormWrong as wrong:
        return _form(422, wrong.sentences)
    except Invalid:
        return _form(422, {"email": _TAKEN})
    return _invited(made, address)


@members.get("/<uuid:member_id>")
def one(member_id: UUID) -> Response:
    """What they may do, and what can be changed about it."""
    return _one(member_id, 200, {})


@members.post("/<uuid:member_id>/roles")
def give_roles(member_id: UUID) -> AnyResponse:
    """Other roles, from now on."""
    try:
        journey().members.give_roles(staff_actor(), member_id, _roles(), now())
    except FormWrong as wrong:
        return _one(member_id, 422, wrong.sentences)
    return redirect(url_for(".one", member_id=member_id), 303)


@members.post("/<uuid:member_id>/disable")
def disable(member_id: UUID) -> AnyResponse:
    """Signed out everywhere, and let in no more."""
    journey().members.disable(staff_actor(), member_id, now())
    return redirect(url_for(".one", member_id=member_id), 303)


@members.post("/<uuid:member_id>/invite-again")
def invite_again(member_id: UUID) -> AnyResponse:
    """A fresh address, once; what they had before opens nothing."""
    made, address = journey().members.invite_again(staff_actor(), member_id, now())
    return _invited(made, address)


def _standing(member: Member, at: datetime) -> str:
    """Which of the badges a member has."""
    if member.disabled_at is not None:
        return "disabled"
    if member.password_hash is not None:
        return "active"
    return "invited" if member.is_invited(at) else "lapsed"


def _invited(made: Member, address: str) -> Response:
    return page("staff/settings/member_invited", view=_view(made.id), address=address)


def _form(status: int, errors: dict[str, str]) -> Response:
    departments = journey().departments.all(staff_actor())
    chosen = request.form.getlist("role")
    return page("staff/settings/member_new", status, errors=errors, departments=departments, roles=ROLES, chosen=chosen)


def _one(member_id: UUID, status: int, errors: dict[str, str]) -> Response:
    view = _view(member_id)
    is_self = staff_actor().staff_id == member_id
    stands = _standing(view.member, now())
    return page("staff/settings/member", status, errors=errors, view=view, is_self=is_self, stands=stands, roles=ROLES)


def _view(member_id: UUID) -> MemberView:
    for view in journey().members.all(staff_actor()):
        if view.member.id == member_id:
            return view
    raise NotFound


def _draft() -> MemberDraft:
    readers: dict[str, Any] = {
        "name": lambda: typed_name("name"),
        "email": lambda: typed_address("email", _EMAIL),
        "department": lambda: chosen_department().id,
        "roles": _roles,
    }
    read = each_of(readers)
    return MemberDraft(read["department"], read["name"], read["email"], read["roles"])


def chosen_department() -> Department:
    """The one that was chosen, of the organization's own."""
    for department in journey().departments.all(staff_actor()):
        if str(department.id) == typed("department"):
            return department
    raise FormWrong({"department": _DEPARTMENT})


def _roles() -> tuple[Role, ...]:
    chosen = [role for role in Role if role.value in request.form.getlist("role")]
    if not chosen:
        raise FormWrong({"role": _ROLES})
    return tuple(chosen)
