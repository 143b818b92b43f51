"""The authorization's words in each language, and who approved them for one's department.

GET  /staff/settings/templates               each language and how it stands
GET  /staff/settings/templates/{language}    the whole text      POST …/approve    POST …/end
"""

from contextlib import suppress

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.language import Language
from transfer_service.domain.policy import APPROVERS
from transfer_service.edge.calls import journey, now
from transfer_service.errors import NotAllowed, NotFound, TemplateChanged
from transfer_service.pages.answers import page, to
from transfer_service.pages.fields import typed
from transfer_service.pages.language import NAMES
from transfer_service.pages.staff.desk import staff_actor
from transfer_service.pages.staff.settings.rooms import room
from transfer_service.usecases.form_templates import TemplateStanding
from transfer_service.wording import N_

form_templates = room("templates")

_READ = N_("Tick the box to say that you have read the text.")
_CHANGED = N_("The text is another one now than the one that you saw. Read it again.")


@form_templates.get("")
def start() -> Response:
    """Every language."""
    return page("staff/settings/templates", standings=_standings(), names=NAMES)


@form_templates.get("/<language>")
def one(language: str) -> Response:
    """The text, as it is approved."""
    return _one(language, 200, {})


@form_templates.post("/<language>/approve")
def approve(language: str) -> AnyResponse:
    """The very text that was read, for one's own department."""
    standing = _standing(language)
    if typed("read") != "yes":
        return _one(language, 422, {"read": _READ})
    try:
        journey().templates.approve(staff_actor(), standing.template.language, typed("sha256"), now())
    except TemplateChanged:
        return _one(language, 409, {"read": _CHANGED})
    return redirect(url_for(".one", language=language), 303)


@form_templates.post("/<language>/end")
def end(language: str) -> AnyResponse:
    """Taken back: nobody is asked in it any more. Again changes nothing."""
    standing = _standing(language)
    with suppress(NotFound):
        journey().templates.end_approval(staff_actor(), standing.template.language, now())
    return to("start")


def _standings() -> list[TemplateStanding]:
    if staff_actor().role not in APPROVERS:
        raise NotAllowed
    return journey().templates.standings(staff_actor())


def _standing(language: str) -> TemplateStanding:
    for standing in _standings():
        if standing.template.language == language:
            return standing
    raise NotFound


def _one(language: str, status: int, errors: dict[str, str]) -> Response:
    is_english = language == Language.ENGLISH
    standing = _standing(language)
    return page("staff/settings/template", status, errors=errors, standing=standing, names=NAMES, is_english=is_english)
