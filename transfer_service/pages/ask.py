"""/ask: a patient or physician asks a department for slides. Nothing is looked up, and everybody is answered alike.

GET  /ask                        the departments that take requests
GET  /ask/{department}           the form       POST  /ask/{department}    the request is taken
GET  /ask/{department}/received  it was taken
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.slide_request import Asked, Asker, AskerKind, Wanted
from transfer_service.edge.calls import journey, now, origin
from transfer_service.errors import TooMany
from transfer_service.pages.answers import page
from transfer_service.pages.fields import (
    FormWrong,
    each_of,
    form_id,
    optional,
    past_date,
    typed,
    typed_address,
    typed_line,
    typed_lines,
)
from transfer_service.pages.front import catch_the_lost
from transfer_service.pages.language import words
from transfer_service.pages.protection import guarded
from transfer_service.usecases.visits import Contact
from transfer_service.wording import N_

asking = guarded(Blueprint("ask_pages", __name__, url_prefix="/ask"))
catch_the_lost(asking)

_LONGEST_NAME = 200
_LONGEST_NUMBER = 64
_LONGEST_PHONE = 40
_LONGEST_TEXT = 2000

_WHO = N_("Choose who you are.")
_ASKER = N_("Type your full name.")
_PRACTICE = N_("Type the name of your practice or hospital.")
_PATIENT = N_("Type the full name of the patient.")
_RECORD = N_("A record number has at most 64 letters and digits. Leave it empty if you do not know it.")
_EMAIL = N_("Type one e-mail address, for example name@example.org.")
_PHONE = N_("A phone number has at most 40 digits and signs. You can leave it empty.")
_DONE = N_("Say what was done and when, in your own words, in at most 2,000 characters.")
_RECIPIENT = N_("Type the name of the doctor or service that the slides should go to.")
_PLACE = N_("Type the hospital or organization that the slides should go to.")
_QUESTION = N_("A question has at most 2,000 characters. You can leave it empty.")
_TOO_MANY = N_(
    "This department was asked for a great deal within the last hour, so your request was not taken. "
    "What you typed is still here. Send it again in an hour, or call the department."
)


@asking.get("")
def start() -> Response:
    """Which department?"""
    return page("ask_start", departments=journey().asking.departments())


@asking.get("/<uuid:department_id>")
def form(department_id: UUID) -> Response:
    """The whole form."""
    return _form(journey().asking.department(department_id), 200, {})


@asking.post("/<uuid:department_id>")
def take_request(department_id: UUID) -> AnyResponse:
    """Take it, once for each form that was filled in."""
    contact = journey().asking.department(department_id)
    try:
        journey().asking.receive(_asked(), department_id, origin(), now(), form=form_id())
    except FormWrong as wrong:
        return _form(contact, 422, wrong.sentences)
    except TooMany as refused:
        response = _form(contact, 429, {"send": _TOO_MANY})
        response.headers["Retry-After"] = str(refused.retry_after_s)
        return response
    return redirect(url_for(".received", department_id=department_id), 303)


@asking.get("/<uuid:department_id>/received")
def received(department_id: UUID) -> Response:
    """What happens next; the same for everybody."""
    return page("ask_received", contact=journey().asking.department(department_id))


def _form(contact: Contact, status: int, errors: dict[str, str]) -> Response:
    return page("ask", status, errors=errors, contact=contact, form_id=form_id())


def _asked() -> Asked:
    readers: dict[str, Any] = {
        "asker": _asker,
        "patient_name": lambda: typed_line("patient_name", _LONGEST_NAME, _PATIENT),
        "birth_date": lambda: past_date("birth_day", "birth_month", "birth_year", now()),
        "record_number": lambda: _line_or_none("record_number", _LONGEST_NUMBER, _RECORD),
        "email": lambda: typed_address("email", _EMAIL),
        "phone": lambda: _line_or_none("phone", _LONGEST_PHONE, _PHONE),
        "done": lambda: typed_lines("done", _LONGEST_TEXT, _DONE),
        "done_on": _done_on,
        "recipient": _wanted,
        "question": lambda: optional(lambda: typed_lines("question", _LONGEST_TEXT, _QUESTION), "question"),
    }
    return Asked(**each_of(readers), language=words().language)


def _asker() -> Asker:
    """Who asks; a patient says their name once."""
    match typed("asker"):
        case AskerKind.PATIENT:
            return Asker(AskerKind.PATIENT, typed_line("patient_name", _LONGEST_NAME, _PATIENT))
        case AskerKind.PHYSICIAN:
            readers = {
                "name": lambda: typed_line("asker_name", _LONGEST_NAME, _ASKER),
                "practice": lambda: typed_line("practice", _LONGEST_NAME, _PRACTICE),
            }
            return Asker(AskerKind.PHYSICIAN, **each_of(readers))
    raise FormWrong({"asker": _WHO})


def _wanted() -> Wanted:
    readers: dict[str, Any] = {
        "name": lambda: typed_line("recipient_name", _LONGEST_NAME, _RECIPIENT),
        "organization": lambda: typed_line("recipient_organization", _LONGEST_NAME, _PLACE),
        "email": lambda: optional(lambda: typed_address("recipient_email", _EMAIL), "recipient_email"),
    }
    return Wanted(**each_of(readers))


def _done_on() -> Any:  # noqa: ANN401 - a date, or None
    fields = ("done_day", "done_month", "done_year")
    return optional(lambda: past_date(*fields, now()), *fields)


def _line_or_none(name: str, longest: int, sentence: str) -> str | None:
    return optional(lambda: typed_line(name, longest, sentence), name)
