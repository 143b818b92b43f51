"""The patient: from the secret in the letter to a session, and the accounting of what was released."""

from flask import Response

from transfer_service import errors
from transfer_service.api.blueprint import ApiBlueprint, Repeats, caller
from transfer_service.api.pages_of_lists import sliced
from transfer_service.api.reported import AS_FILES, REFUSES, answered
from transfer_service.api.schemas import releases as schemas
from transfer_service.api.schemas.accounting import DisclosureListSchema
from transfer_service.api.schemas.pages import Page, PageSchema
from transfer_service.api.schemas.reports import PatientReportSchema, ReportSchema
from transfer_service.domain.accounting import AccountLine
from transfer_service.edge.calls import journey, now, origin
from transfer_service.ports import Slice
from transfer_service.usecases.patient import PatientAnswer, PatientChallenge, PatientSession
from transfer_service.usecases.report import ReportDraft

blueprint = ApiBlueprint("patient", "What the patient may do with the letter's secret.")


@blueprint.post("/patient/challenge", public=True, refuses=(errors.ReleaseLocked, errors.TooMany))
@blueprint.body(schemas.LetterSchema)
@blueprint.shows(200, schemas.PatientChallengeSchema)
def challenge_patient(letter: schemas.Letter) -> PatientChallenge:
    """Send a code to the patient's address as it stood when the release was asked for.

    `secret` is what stands behind the # of the letter's address, or the letter's code of twelve characters. `way` is
    one of the `ways` that an earlier answer named; without it the code goes by mail.
    """
    return journey().patients.challenge(letter.secret, origin(), now(), letter.way)


@blueprint.post(
    "/patient/session",
    public=True,
    refuses=(
        errors.AnswerWrong,
        errors.ChallengeUsed,
        errors.ChallengeOver,
        errors.ReleaseLocked,
        errors.TooMany,
    ),
)
@blueprint.body(schemas.PatientAnswerSchema)
@blueprint.shows(200, schemas.PatientSessionSchema)
def begin_session(answer: PatientAnswer) -> PatientSession:
    """Begin a session by the code and the date of birth."""
    return journey().patients.begin(answer, origin(), now())


@blueprint.get("/patient/accounting", refuses=(errors.CursorInvalid, errors.Invalid))
@blueprint.query(PageSchema)
@blueprint.shows(200, DisclosureListSchema)
def account_to_patient(page: Page) -> Slice[AccountLine]:
    """List who got what, when, under which release: oldest first."""
    return sliced(journey().account.of_patient(caller()), page)


@blueprint.post("/patient/accounting/report", repeats=Repeats.READ_ANEW, refuses=REFUSES)
@blueprint.documents(**AS_FILES)
@blueprint.body(PatientReportSchema, required=False)
@blueprint.shows(200, ReportSchema)
def report_to_patient(draft: ReportDraft) -> Response:
    """Report who got what, when and why, as 45 CFR 164.528 asks. Files are in the patient's language.

    A POST, for it is recorded in the audit log. Refusals are no disclosures, and left out. At most six years.
    """
    return answered(journey().reports.for_patient(caller(), draft, now()), draft.format)
