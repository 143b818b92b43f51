"""One's own account.

GET  /staff/account           who I am, and what I can change
POST /staff/account/password  another password       POST /staff/account/codes    fresh recovery codes
"""

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.edge.calls import accounts, now
from transfer_service.errors import AnswerWrong, Invalid
from transfer_service.pages.answers import page
from transfer_service.pages.fields import typed, typed_as_it_is
from transfer_service.pages.staff.desk import staff_actor, staff_pages, visit
from transfer_service.pages.staff.enrol import PASSWORD_WANTED
from transfer_service.wording import N_

account = staff_pages("account", "/account")

_WRONG = N_("The password or the code is not right. A code works once: wait for the next one.")


@account.get("")
def start() -> Response:
    """Name, address, roles, and the two forms."""
    return page("staff/account")


@account.post("/password")
def change_password() -> AnyResponse:
    """Change it, and sign out everywhere: whoever else knows the old one is out too."""
    try:
        accounts().change_password(
            staff_actor(), typed_as_it_is("password"), typed_as_it_is("new_password"), typed("code"), now()
        )
    except Invalid:
        return page("staff/account", 422, errors={"new_password": PASSWORD_WANTED})
    except AnswerWrong:
        return page("staff/account", 403, errors={"password": _WRONG})
    visit.leave()
    return redirect(url_for("staff_sign_in.signed_out"), 303)


@account.post("/codes")
def renew_codes() -> AnyResponse:
    """Fresh ones; those that are left count no more."""
    try:
        codes = accounts().renew_codes(staff_actor(), typed_as_it_is("codes_password"), typed("codes_code"), now())
    except AnswerWrong:
        return page("staff/account", 403, errors={"codes_password": _WRONG})
    return page("staff/recovery_codes", codes=codes, first=False)
