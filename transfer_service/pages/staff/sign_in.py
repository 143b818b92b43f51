"""Signing in and out.

GET  /staff/sign-in     address, password and code      POST /staff/sign-in
POST /staff/role        act in another role             POST /staff/sign-out      POST /staff/sign-out-everywhere
"""

from contextlib import suppress

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.people import Role
from transfer_service.edge.calls import now, origin, service
from transfer_service.errors import AnswerWrong, NotAllowed, NotAuthenticated
from transfer_service.identity.sign_in import Proof
from transfer_service.pages.answers import page
from transfer_service.pages.fields import typed, typed_as_it_is
from transfer_service.pages.protection import arrived_from_elsewhere, guarded
from transfer_service.pages.staff.desk import (
    ask_to_sign_in,
    from_elsewhere,
    member,
    staff_actor,
    visit,
    way_back,
)
from transfer_service.wording import N_

sign_in = guarded(Blueprint("staff_sign_in", __name__, url_prefix="/staff"))

sign_in.register_error_handler(NotAuthenticated, ask_to_sign_in)

_WRONG = N_(
    "The e-mail address, the password or the code is not right. A code works once: wait for the next one. After ten "
    "wrong answers nobody gets in for fifteen minutes."
)


@sign_in.get("/sign-in")
def start() -> AnyResponse:
    """The three fields; who is in already goes on."""
    with suppress(NotAuthenticated):
        member()
        return redirect(url_for("staff_home.overview"), 303)
    return from_elsewhere() if arrived_from_elsewhere() else page("staff/sign_in")


@sign_in.post("/sign-in")
def enter() -> AnyResponse:
    """In, by all three; back to where somebody was asked to sign in."""
    try:
        proof = Proof(typed("email"), typed_as_it_is("password"), typed("code"))
        token = service().sign_in.enter(proof, origin(), now())
    except AnswerWrong:
        return page("staff/sign_in", 403, errors={"email": _WRONG})
    back = way_back()
    visit.enter(token, token)
    return redirect(back, 303)


@sign_in.post("/role")
def choose_role() -> AnyResponse:
    """Act in another of one's roles."""
    actor = staff_actor()
    try:
        role = Role(typed("role"))
    except ValueError:
        raise NotAllowed from None
    service().sign_in.act_as(actor, role, now())
    return redirect(url_for("staff_home.overview"), 303)


@sign_in.post("/sign-out")
def sign_out() -> AnyResponse:
    """Out, here and on the server."""
    with suppress(NotAuthenticated):  # it may have ended by itself
        service().sign_in.leave(staff_actor(), now())
    return _left()


@sign_in.post("/sign-out-everywhere")
def sign_out_everywhere() -> AnyResponse:
    """Out on every device."""
    with suppress(NotAuthenticated):
        service().sign_in.leave_everywhere(staff_actor(), now())
    return _left()


@sign_in.get("/signed-out")
def signed_out() -> Response:
    """Say so."""
    return page("staff/signed_out")


def _left() -> AnyResponse:
    visit.leave()
    return redirect(url_for(".signed_out"), 303)
