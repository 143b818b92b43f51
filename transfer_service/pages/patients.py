"""/r: the patient proves that the letter is theirs, reads what would be released, signs or withdraws.

GET  /r              paste the code        POST /r              a code is mailed
GET  /r/code         code, date of birth   POST /r/code         signed in      POST /r/code/again
GET  /r/release      who asks for what, and how it stands
GET  /r/form         the form              POST /r/sign
GET  /r/withdraw     are you sure          POST /r/withdraw
GET  /r/accounting   who got what          POST /r/accounting/report
GET  /r/copy         the form to keep      POST /r/mail         POST /r/sign-out
GET  /r/opinions     what came back        GET  /r/opinions/{id}/{file}
"""

from typing import Any

from flask import Blueprint, Response
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.accounting import ReportFormat
from transfer_service.domain.mail import Way
from transfer_service.domain.people import PatientActor
from transfer_service.edge.calls import journey, now, origin, service
from transfer_service.edge.file_answer import printed_form
from transfer_service.edge.report_file import report_file
from transfer_service.errors import (
    AnswerWrong,
    ChallengeOver,
    ChallengeUsed,
    NotAuthenticated,
    NotFound,
)
from transfer_service.pages.answers import page, to
from transfer_service.pages.error_pages import remember_actor, remember_secret
from transfer_service.pages.explanations import wrong_answer
from transfer_service.pages.fields import (
    FormWrong,
    both,
    letter_secret,
    typed,
    typed_code,
    typed_date,
)
from transfer_service.pages.front import catch_the_lost
from transfer_service.pages.language import _, words
from transfer_service.pages.leaving import let_leave
from transfer_service.pages.opinions import let_read
from transfer_service.pages.protection import guarded
from transfer_service.pages.signing import let_sign, standing
from transfer_service.pages.story import somebody_received
from transfer_service.pages.visit import Asked, Visit
from transfer_service.usecases.patient import PatientAnswer
from transfer_service.usecases.report import ReportDraft
from transfer_service.usecases.visits import Visits
from transfer_service.wording import N_

patients = guarded(Blueprint("patient_pages", __name__, url_prefix="/r"))
catch_the_lost(patients)
_visit = Visit("patient")
let_leave(patients, _visit)

_CODE = N_("Enter the six digits of the code that we sent you.")
_UNKNOWN = N_("This code is not known here. Check that you entered all of it, or ask the department for a new letter.")
_CODE_IS_OVER = N_("That code does not count any more. Ask for a new one below.")


@patients.get("")
def start() -> Response:
    """The field for the code; the same for everybody."""
    return page("patient_start")


@patients.post("")
def take_secret() -> AnyResponse:
    """Send a code to the address that the letter went to."""
    try:
        return _challenge(letter_secret("secret"))
    except FormWrong as wrong:
        return page("patient_start", 422, errors=wrong.sentences)
    except NotFound:
        return page("patient_start", 404, errors={"secret": _UNKNOWN})


@patients.get("/code")
def code() -> AnyResponse:
    """The fields for the mailed code and the date of birth."""
    asked = _visit.asked
    return to("start") if asked is None else page("patient_code", asked=asked)


@patients.post("/code")
def take_code() -> AnyResponse:
    """Sign the patient in."""
    asked = _visit.asked
    if asked is None:
        raise NotAuthenticated
    remember_secret(asked.secret)
    try:
        return _sign_in(asked)
    except FormWrong as wrong:
        return page("patient_code", 422, errors=wrong.sentences, asked=asked)
    except AnswerWrong as wrong:
        sentence = wrong_answer(_("The code or the date of birth is not right."), wrong)
        return page("patient_code", 403, errors={"code": sentence}, asked=asked)
    except (ChallengeOver, ChallengeUsed):
        return page("patient_code", 409, errors={"code": _CODE_IS_OVER}, asked=asked)


@patients.post("/code/again")
def another_code() -> AnyResponse:
    """Send another code; the ones before count no more."""
    asked = _visit.asked
    if asked is None:
        raise NotAuthenticated
    return _challenge(asked.secret, Way.SMS if typed("way") == Way.SMS and Way.SMS in asked.ways else Way.EMAIL)


@patients.get("/release")
def release() -> Response:
    """Who asks for what, how it stands, and what the patient can do."""
    actor = _actor()
    shown = journey().patients.release(actor)
    facts: dict[str, Any] = {
        "release": shown,
        "standing": standing(shown, now()),
        "contact": _contact(actor),
        "grants": journey().patients.grants(actor),
        "opinions": journey().opinions.of_patient(actor),
        "copy_bytes": journey().copies.size_bytes(shown),
    }
    return page("patient_release", **facts)


@patients.get("/withdraw")
def ask_withdraw() -> Response:
    """What withdrawing does and what it can't do."""
    actor = _actor()
    shown = journey().patients.release(actor)
    return page("patient_withdraw", release=shown, contact=_contact(actor))


@patients.post("/withdraw")
def withdraw() -> AnyResponse:
    """Withdraw: every link is dead before the answer."""
    actor = _actor()
    journey().releases.withdraw(actor, actor.release_id, now())
    return to("release")


@patients.get("/accounting")
def accounting() -> Response:
    """All that happened, as a story: who got what, when, under which permission, and what was refused."""
    actor = _actor()
    happenings = journey().tell.story(actor, now())
    received = somebody_received(happenings)
    return page("patient_accounting", happenings=happenings, received=received, contact=_contact(actor))


@patients.post("/accounting/report")
def report() -> Response:
    """The report of the same as a file. A POST, for it is recorded that it was handed out."""
    form = ReportFormat.CSV if typed("format") == ReportFormat.CSV else ReportFormat.PDF
    draft = ReportDraft(format=form, language=words().language)
    reports = journey().reports
    return report_file(reports.rendered(reports.for_patient(_actor(), draft, now()), form), form)


@patients.post("/mail")
def choose_mail() -> AnyResponse:
    """Whether an e-mail says that somebody has received files: a box that is not ticked is not sent."""
    journey().patients.choose(_actor(), now(), tells_of_fetching=typed("fetched") == "yes")
    return to("release")


@patients.get("/copy")
def copy() -> Response:
    """The form as a PDF: signed, the copy to keep (45 CFR 164.508(c)(4)); not signed, to sign by hand."""
    actor = _actor()
    return printed_form(actor, actor.release_id)


def _actor() -> PatientActor:
    actor = _visit.actor()
    if not isinstance(actor, PatientActor):
        raise NotAuthenticated
    remember_actor(actor)
    return actor


def _challenge(secret: str, way: Way = Way.EMAIL) -> AnyResponse:
    remember_secret(secret)
    challenge = journey().patients.challenge(secret, origin(), now(), way)
    _visit.ask(Asked(secret, challenge.id, way.value, challenge.ways))
    return to("code")


def _sign_in(asked: Asked) -> AnyResponse:
    birth_date, given = both(
        lambda: typed_date("birth_day", "birth_month", "birth_year"), lambda: typed_code("code", _CODE)
    )
    answer = PatientAnswer(asked.secret, asked.challenge_id, birth_date, given)
    begun = journey().patients.begin(answer, origin(), now())
    _visit.enter(asked.secret, begun.token)
    return to("release")


def _contact(actor: PatientActor) -> object:
    return Visits(service().database).contact_for(actor)


let_sign(patients, _actor)
let_read(patients, _actor)
