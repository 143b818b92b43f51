"""The templates of the patient's form, and who approved them."""

from flask import Response

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.schemas import form_templates as schemas
from transfer_service.domain.language import Language
from transfer_service.edge.calls import journey, now
from transfer_service.errors import NotFound
from transfer_service.usecases.form_templates import TemplateStanding

blueprint = ApiBlueprint("form templates", "The words of the patient's form, and who approved them for a department.")


@blueprint.get("/form-templates")
@blueprint.shows(200, schemas.TemplateListSchema)
def list_templates() -> dict[str, list[TemplateStanding]]:
    """List the template of each language, its whole text, and whether your department asks its patients in it."""
    return {"items": journey().templates.standings(caller())}


@blueprint.put("/form-templates/<string:language>/approval", refuses=(errors.TemplateChanged, errors.NotFound))
@blueprint.body(schemas.ApprovalDraftSchema)
@blueprint.shows(200, schemas.TemplateSchema)
def approve_template(body: dict[str, str], language: str) -> TemplateStanding:
    """Approve a language's template for your department, by the digest of the text that you have read."""
    return journey().templates.approve(caller(), _known(language), body["template_sha256"], now())


@blueprint.delete("/form-templates/<string:language>/approval", refuses=(errors.NotFound,))
@blueprint.shows(204)
def end_approval(language: str) -> Response:
    """Take the approval back. Forms that were asked or signed stay as they are."""
    journey().templates.end_approval(caller(), _known(language), now())
    return Response(status=204)


def _known(language: str) -> Language:
    if language not in {*Language}:
        raise NotFound
    return Language(language)
