"""Accounting: who got what, when, under which release; and the audit log."""

from uuid import UUID

from flask import Response

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, Repeats, caller
from transfer_service.api.pages_of_lists import sliced
from transfer_service.api.reported import AS_FILES, REFUSES, answered
from transfer_service.api.schemas import accounting as schemas
from transfer_service.api.schemas.pages import Page, PageSchema
from transfer_service.api.schemas.reports import ReportDraftSchema, ReportSchema
from transfer_service.audit.entry import Entry
from transfer_service.domain.accounting import AccountLine, AccountQuery
from transfer_service.edge.calls import journey, now
from transfer_service.ports import Slice
from transfer_service.usecases.report import ReportDraft

blueprint = ApiBlueprint("accounting", "Disclosures (45 CFR 164.528), and the organization's audit log.")


@blueprint.get("/packets/<id:packet_id>/disclosures", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(PageSchema)
@blueprint.shows(200, schemas.DisclosureListSchema)
def list_disclosures(page: Page, packet_id: UUID) -> Slice[AccountLine]:
    """List a packet's disclosures and refusals, oldest first."""
    return sliced(journey().account.of_packet(caller(), packet_id), page)


@blueprint.post("/accounting/search", refuses=(errors.CursorInvalid,))
@blueprint.body(schemas.AccountQuerySchema, required=False)
@blueprint.query(PageSchema)
@blueprint.shows(200, schemas.DisclosureListSchema)
def search_disclosures(query: AccountQuery, page: Page) -> Slice[AccountLine]:
    """Search the organization's disclosures, newest first."""
    return journey().account.search(caller(), query, limit=page.limit, cursor=page.cursor)


@blueprint.post("/accounting/report", repeats=Repeats.READ_ANEW, refuses=REFUSES)
@blueprint.documents(**AS_FILES)
@blueprint.body(ReportDraftSchema, required=False)
@blueprint.shows(200, ReportSchema)
def report_disclosures(draft: ReportDraft) -> Response:
    """Report disclosures as 45 CFR 164.528 asks: of one patient by their record number, or of all.

    Recorded in the audit log. Refusals are no disclosures, and left out. At most six years, and 10,000 disclosures.
    """
    return answered(journey().reports.for_officer(caller(), draft, now()), draft.format)


@blueprint.get("/audit", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(schemas.AuditQuerySchema)
@blueprint.shows(200, schemas.EntryListSchema)
def list_audit(query: schemas.AuditPage) -> Slice[Entry]:
    """List the organization's audit log, newest first."""
    page = query.page
    return journey().account.audit(
        caller(), limit=page.limit, cursor=page.cursor, action=query.action, packet=query.packet
    )
