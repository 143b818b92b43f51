"""What is said when something did not work, to whomever."""

from tests.browser.gallery_app import RAISED
from tests.browser.guest import Guest
from tests.browser.place import Place

_STATUS = {
    "busy": 503,
    "unavailable": 503,
    "too_many": 429,
    "not_allowed": 403,
    "ticket_over": 404,
    "form_changed": 409,
    "release_not_signed": 409,
    "copy_not_ready": 409,
    "document_too_long": 409,
    "not_typeset": 503,
    "internal": 500,
}


def stale(guest: Guest) -> None:
    """A form of a page that was open for too long, or whose session another tab has ended."""
    guest.as_patient(guest.gallery.requested, "/r/form")
    guest.spoil("csrf_token")
    guest.send("/r/sign")


def raised(code: str) -> Place:
    path = f"{RAISED}/{code}"
    return Place(f"error-{code.replace('_', '-')}", f"{RAISED}/<code>", lambda guest: guest.goto(path), _STATUS[code])


ERRORS = (
    *(raised(code) for code in _STATUS),
    Place("error-stale-form", "/r/sign", stale, 400),
    Place("error-ticket", "/t/<ticket>", lambda guest: guest.goto(f"/t/{'x' * 43}"), 404),
)
