"""An invitation accepted: a password, an authenticator, and recovery codes to keep.

GET  /staff/enrol            paste the code     POST /staff/enrol
GET  /staff/enrol/account    the two fields     POST /staff/enrol/account
"""

from flask import Blueprint, Response
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.edge.calls import accounts, now, origin
from transfer_service.errors import AnswerWrong, Invalid, NotAuthenticated, NotFound
from transfer_service.identity.account import Invitation
from transfer_service.pages.answers import page, to
from transfer_service.pages.fields import FormWrong, pasted_secret, typed, typed_as_it_is
from transfer_service.pages.front import catch_the_lost
from transfer_service.pages.protection import guarded
from transfer_service.pages.staff.desk import visit
from transfer_service.pages.staff.qr import qr_code
from transfer_service.pages.visit import Visit
from transfer_service.wording import N_

enrol = guarded(Blueprint("staff_enrol", __name__, url_prefix="/staff/enrol"))
catch_the_lost(enrol)
_invited = Visit("invited")

_OVER = N_(
    "This invitation is not known here, was used already, or has lapsed. If you have set your password, sign in; else "
    "ask for a new invitation."
)
PASSWORD_WANTED = N_(
    "Take a password of 12 to 256 characters that is not your address, your name or your hospital's. Three or four "
    "words that nobody would guess are good."
)
_CODE = N_(
    "The code is not right. Enter the six digits that the app shows now; where the invitation was opened again since, "
    "scan the new code first."
)


@enrol.get("")
def start() -> Response:
    """The field for the code; the same for everybody."""
    return page("staff/enrol")


@enrol.post("")
def take_secret() -> AnyResponse:
    """Keep it, where it opens an invitation."""
    try:
        secret = pasted_secret("secret")
        accounts().open_invitation(secret, origin(), now())
    except FormWrong as wrong:
        return page("staff/enrol", 422, errors=wrong.sentences)
    except NotFound:
        return page("staff/enrol", 404, errors={"secret": _OVER})
    _invited.hold(secret)
    return to("account")


@enrol.get("/account")
def account() -> AnyResponse:
    """The QR code, and the fields for password and code."""
    try:
        return _account_page(_invitation(), 200, {})
    except NotFound:
        return to("start")


@enrol.post("/account")
def accept() -> AnyResponse:
    """In for the first time; the recovery codes are shown once, here."""
    try:
        invitation = _invitation()
    except NotFound:
        return page("staff/enrol", 404, errors={"secret": _OVER})
    try:
        accepted = accounts().accept(_secret(), typed_as_it_is("password"), typed("code"), origin(), now())
    except Invalid:
        return _account_page(invitation, 422, {"password": PASSWORD_WANTED})
    except AnswerWrong:
        return _account_page(invitation, 403, {"code": _CODE})
    _invited.leave()
    visit.enter(accepted.token, accepted.token)
    return page("staff/recovery_codes", codes=accepted.recovery_codes, first=True)


def _secret() -> str:
    if _invited.held is None:
        raise NotAuthenticated
    return _invited.held


def _invitation() -> Invitation:
    """The one that this browser holds; NotFound."""
    if _invited.held is None:
        raise NotFound
    return accounts().invitation(_invited.held, now())


def _account_page(invitation: Invitation, status: int, errors: dict[str, str]) -> Response:
    code: Markup = qr_code(invitation.totp_address)
    return page("staff/enrol_account", status, errors=errors, invitation=invitation, qr=code)
