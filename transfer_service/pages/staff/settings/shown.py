"""What patients see of the organization: its name, whom they can call, in which languages; and how it looks.

GET  /staff/settings/shown    all of it, with the letter and the page as examples
POST /staff/settings/shown    its name
"""

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.language import Language
from transfer_service.edge.calls import journey, now
from transfer_service.pages.answers import page, to
from transfer_service.pages.fields import FormWrong
from transfer_service.pages.language import NAMES
from transfer_service.pages.staff.desk import staff_actor
from transfer_service.pages.staff.settings.rooms import room, typed_name
from transfer_service.usecases.shown import ShownDepartment

shown = room("shown")


@shown.get("")
def start() -> Response:
    """As a patient of the first department would see it, or of the one that is chosen."""
    return _page(200, {})


@shown.post("")
def rename() -> AnyResponse:
    """Another name of the organization, from the next letter on."""
    try:
        journey().departments.rename_organization(staff_actor(), typed_name("name"), now())
    except FormWrong as wrong:
        return _page(422, wrong.sentences)
    return to("start")


def _page(status: int, errors: dict[str, str]) -> Response:
    actor = staff_actor()
    found = journey().shown.departments(actor)
    chosen, language = _chosen(found), _language()
    return page(
        "staff/settings/shown",
        status,
        errors=errors,
        organization=journey().departments.organization(actor),
        departments=found,
        names=NAMES,
        chosen=chosen,
        shown_in=language,
        letter=journey().shown.letter(actor, chosen.department.id, language, now()) if chosen else None,
    )


def _chosen(found: list[ShownDepartment]) -> ShownDepartment | None:
    asked = request.args.get("department")
    return next((each for each in found if str(each.department.id) == asked), found[0] if found else None)


def _language() -> Language:
    asked = request.args.get("in", "")
    return Language(asked) if asked in {*Language} else Language.ENGLISH
