"""What every page of staff has: somebody who is signed in, the role they act in, and the way to the other pages."""

from dataclasses import dataclass

from flask import Blueprint, Response, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.people import Role, StaffActor
from transfer_service.edge.calls import journey, service
from transfer_service.edge.page_session import STAFF
from transfer_service.errors import NotAuthenticated, NotFound
from transfer_service.pages.answers import page
from transfer_service.pages.protection import arrived_from_elsewhere, guarded
from transfer_service.pages.visit import Visit
from transfer_service.usecases.members import MemberView
from transfer_service.wording import N_

visit = Visit(STAFF)
START = "/staff"
_BACK_TO = "staff_back_to"

ROLE_NAMES = {
    Role.DEPOSITOR: N_("Depositor"),
    Role.COORDINATOR: N_("Coordinator"),
    Role.PRIVACY_OFFICER: N_("Privacy officer"),
    Role.ADMIN: N_("Admin"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation, and the roles that find something there."""

    here: str
    address: str
    name: str
    roles: frozenset[Role]


_DEPARTMENT = frozenset({Role.DEPOSITOR, Role.COORDINATOR})
_READERS = _DEPARTMENT | {Role.PRIVACY_OFFICER}
_OVERSEERS = frozenset({Role.COORDINATOR, Role.PRIVACY_OFFICER})
NAVIGATION = (
    Entry("overview", "/staff", N_("Overview"), frozenset(Role)),
    Entry("packets", "/staff/packets", N_("Packets"), _READERS),
    Entry("requests", "/staff/requests", N_("Requests"), _READERS),
    Entry("opinions", "/staff/opinions", N_("Opinions"), _OVERSEERS),
    Entry("recipients", "/staff/recipients", N_("Recipients"), _OVERSEERS),
    Entry("accounting", "/staff/accounting", N_("Accounting"), _OVERSEERS),
    Entry("audit", "/staff/audit", N_("Audit log"), frozenset({Role.PRIVACY_OFFICER})),
    Entry("settings", "/staff/settings", N_("Settings"), frozenset({Role.PRIVACY_OFFICER, Role.ADMIN})),
)


def staff_pages(name: str, prefix: str = "") -> Blueprint:
    """A guarded blueprint under ``/staff`` and ``prefix`` whose pages are for members who are signed in."""
    blueprint = guarded(Blueprint(f"staff_{name}", __name__, url_prefix=f"{START}{prefix}"), start=START)
    blueprint.before_request(_know_member)
    blueprint.register_error_handler(NotAuthenticated, ask_to_sign_in)
    blueprint.context_processor(_shown_everywhere)
    return blueprint


def staff_actor() -> StaffActor:
    """Who acts in this request, in the role that they have chosen; NotAuthenticated."""
    if "staff_actor" not in g:
        actor = visit.actor()
        if not isinstance(actor, StaffActor):
            raise NotAuthenticated
        g.staff_actor = actor
    found: StaffActor = g.staff_actor
    return found


def member() -> MemberView:
    """The member who is signed in; NotAuthenticated."""
    if "member" not in g:
        try:
            g.member = journey().members.itself(staff_actor())
        except NotFound:
            raise NotAuthenticated from None
    found: MemberView = g.member
    return found


def acting_as() -> Role | None:
    """In which role; None on the page of an error, where nobody is known to be signed in."""
    return staff_actor().role if "member" in g else None


def way_back() -> str:
    """The address where somebody was asked to sign in, once; else the overview. Only ever one of ours."""
    back: str | None = session.pop(_BACK_TO, None)
    return back or url_for("staff_home.overview")


def _know_member() -> None:
    member()


def ask_to_sign_in(_error: NotAuthenticated) -> AnyResponse:
    """The way to the door and back; where a form was sent, a page that says what to do, for it can't be sent on.

    A script that looks whether somebody is in again touches no cookie: it would take the token of the form away that
    they are about to send in another tab.
    """
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        return page("staff/signed_out", 401)
    if request.method == "GET" and arrived_from_elsewhere():
        return from_elsewhere()
    visit.leave()
    if request.method == "POST":
        return page("staff/signed_out", 401)
    if request.path.isprintable():  # no header can lead to what is not
        session[_BACK_TO] = request.path
    return redirect(url_for("staff_sign_in.start"), 303)


def from_elsewhere() -> Response:
    """One step more for who follows another site's link: from our own page the browser says who is signed in."""
    return page("staff/from_elsewhere", here=request.path)


def _shown_everywhere() -> dict[str, object]:
    role = acting_as()
    entries = [entry for entry in NAVIGATION if role in entry.roles]
    idle_after_s = int(service().bearers.idle_for.total_seconds())
    return {
        "member": g.get("member"),
        "acting_as": role,
        "navigation": entries,
        "role_names": ROLE_NAMES,
        "idle_after_s": idle_after_s,
    }
