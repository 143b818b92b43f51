"""The directory of recipients."""

from uuid import UUID

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, caller
from transfer_service.api.schemas import recipients as schemas
from transfer_service.api.schemas.pages import Page, PageSchema
from transfer_service.domain.people import Recipient
from transfer_service.edge.calls import journey, now
from transfer_service.ports import Slice
from transfer_service.usecases.recipients import RecipientDraft

blueprint = ApiBlueprint("recipients", "Whom releases can name. A release binds the version that the patient read.")


@blueprint.post("/recipients")
@blueprint.body(schemas.RecipientDraftSchema)
@blueprint.shows(201, schemas.RecipientSchema)
def add_recipient(draft: RecipientDraft) -> Recipient:
    """Add a recipient."""
    return journey().recipients.add(caller(), draft, now())


@blueprint.get("/recipients", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(PageSchema)
@blueprint.shows(200, schemas.RecipientListSchema)
def list_recipients(page: Page) -> Slice[Recipient]:
    """List the organization's recipients, newest first."""
    return journey().recipients.page(caller(), page.limit, page.cursor)


@blueprint.put("/recipients/<id:recipient_id>")
@blueprint.body(schemas.RecipientDraftSchema)
@blueprint.shows(200, schemas.RecipientSchema)
def change_recipient(draft: RecipientDraft, recipient_id: UUID) -> Recipient:
    """Change a recipient: a new version, where anything is new."""
    return journey().recipients.change(caller(), recipient_id, draft, now())
