"""Departments: which there are, whom to call, and what each may do.

GET  /staff/settings/departments         all of them      POST /staff/settings/departments    set one up
GET  /staff/settings/departments/new     the form
GET  /staff/settings/departments/{id}    one of them      POST …/describe  …/requests  …/treatment
"""

from uuid import UUID

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.edge.calls import journey, now
from transfer_service.errors import Invalid
from transfer_service.pages.answers import page
from transfer_service.pages.fields import FormWrong, both, form_id, optional, typed, typed_line
from transfer_service.pages.staff.desk import staff_actor
from transfer_service.pages.staff.settings.rooms import room, typed_name
from transfer_service.usecases.names import MAX_NAME_CHARACTERS, one_line
from transfer_service.wording import N_

departments = room("departments")

_CONTACT = N_("Type in one line whom patients and recipients can call, in at most 200 characters.")


@departments.get("")
def start() -> Response:
    """All of the organization."""
    return page("staff/settings/departments", departments=journey().departments.all(staff_actor()))


@departments.get("/new")
def form() -> Response:
    """What is it called?"""
    return _form(200, {})


@departments.post("")
def create() -> AnyResponse:
    """Set it up, once for each form."""
    try:
        name, contact = _described()
    except FormWrong as wrong:
        return _form(422, wrong.sentences)
    made = journey().departments.create(staff_actor(), name, contact, now(), form=form_id())
    return _to(made.id)


@departments.get("/<uuid:department_id>")
def one(department_id: UUID) -> Response:
    """What it is called, whom to call, and what is on."""
    return _one(department_id, 200, {})


@departments.post("/<uuid:department_id>/describe")
def describe(department_id: UUID) -> AnyResponse:
    """Another name or contact, from the next letter on."""
    try:
        name, contact = _described()
    except FormWrong as wrong:
        return _one(department_id, 422, wrong.sentences)
    journey().departments.describe(staff_actor(), department_id, name, contact, now())
    return _to(department_id)


@departments.post("/<uuid:department_id>/requests")
def take_requests(department_id: UUID) -> AnyResponse:
    """On or off."""
    journey().departments.take_requests(staff_actor(), department_id, now(), taken=typed("on") == "yes")
    return _to(department_id)


@departments.post("/<uuid:department_id>/treatment")
def allow_treatment(department_id: UUID) -> AnyResponse:
    """On or off."""
    journey().departments.allow_treatment(staff_actor(), department_id, now(), allowed=typed("on") == "yes")
    return _to(department_id)


def _described() -> tuple[str, str]:
    return both(lambda: typed_name("name"), _contact)


def _contact() -> str:
    text = optional(lambda: typed_line("contact", MAX_NAME_CHARACTERS, _CONTACT), "contact") or ""
    try:
        return one_line(text)
    except Invalid:
        raise FormWrong({"contact": _CONTACT}) from None


def _form(status: int, errors: dict[str, str]) -> Response:
    journey().departments.organization(staff_actor())  # who may not set one up sees no form
    return page("staff/settings/department_new", status, errors=errors, form_id=form_id())


def _one(department_id: UUID, status: int, errors: dict[str, str]) -> Response:
    found = journey().departments.one(staff_actor(), department_id)
    return page("staff/settings/department", status, errors=errors, department=found)


def _to(department_id: UUID) -> AnyResponse:
    return redirect(url_for(".one", department_id=department_id), 303)
