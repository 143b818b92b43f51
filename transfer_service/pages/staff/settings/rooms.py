"""What the pages of settings have in common: their tabs, and how a name is typed."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.people import Role
from transfer_service.errors import Invalid, NotAllowed
from transfer_service.pages.fields import FormWrong, typed_line
from transfer_service.pages.staff.desk import Entry, acting_as, staff_pages
from transfer_service.usecases.names import MAX_NAME_CHARACTERS, named
from transfer_service.wording import N_

_ADMIN = frozenset({Role.ADMIN})
_APPROVERS = frozenset({Role.ADMIN, Role.PRIVACY_OFFICER})
TABS = (
    Entry("members", "/staff/settings/members", N_("Members"), _ADMIN),
    Entry("tokens", "/staff/settings/tokens", N_("Tokens"), _ADMIN),
    Entry("departments", "/staff/settings/departments", N_("Departments"), _ADMIN),
    Entry("shown", "/staff/settings/shown", N_("What patients see"), _ADMIN),
    Entry("templates", "/staff/settings/templates", N_("Authorization forms"), _APPROVERS),
)
NAME_WANTED = N_("Type a name of at most 200 letters, digits and signs, in one line.")
SENT_BEFORE = N_("This form was sent before. Open the page anew and fill it in again.")

start_of_settings = staff_pages("settings", "/settings")


@start_of_settings.get("")
def start() -> AnyResponse:
    """The first room that somebody's role has. NotAllowed where it has none."""
    rooms = _rooms()
    if not rooms:
        raise NotAllowed
    return redirect(rooms[0].address, 303)


def room(name: str) -> Blueprint:
    """The blueprint of one room, whose templates know the tabs."""
    blueprint = staff_pages(f"settings_{name}", f"/settings/{name}")
    blueprint.context_processor(lambda: {"rooms": _rooms()})
    return blueprint


def typed_name(name: str) -> str:
    """A name as the use cases take it; FormWrong."""
    text = typed_line(name, MAX_NAME_CHARACTERS, NAME_WANTED)
    try:
        return named(text)
    except Invalid:
        raise FormWrong({name: NAME_WANTED}) from None


def _rooms() -> list[Entry]:
    return [each for each in TABS if acting_as() in each.roles]
