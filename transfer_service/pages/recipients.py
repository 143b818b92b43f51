"""/l: the recipient proves who they are, sees what was released to them, and downloads it.

GET  /l                   paste the code       POST /l          a code is mailed, or a passcode asked for
GET  /l/code              the answer           POST /l/code     redeemed: counted once
                                               POST /l/code/again
GET  /l/files             what was released    POST /l/files/{id}   one file, by a ticket
GET  /l/received          how far it came      POST /l/archive      all of them as one ZIP, by a ticket
GET  /l/manifest                               POST /l/address      a ticket to look at, for another program
                                               POST /l/sign-out
GET  /l/opinion           the answer to it     POST /l/opinion      sent
"""

from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, jsonify, redirect
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.link import Verification
from transfer_service.domain.manifest import signed_text
from transfer_service.domain.people import RecipientActor
from transfer_service.edge.calls import journey, now, origin, service
from transfer_service.edge.metrics import redemptions
from transfer_service.errors import (
    AnswerWrong,
    ChallengeOver,
    ChallengeUsed,
    IdempotencyKeyReused,
    NotAuthenticated,
    NotFound,
    TransferError,
)
from transfer_service.pages.answers import page, text_file, to
from transfer_service.pages.error_pages import remember_actor, remember_secret
from transfer_service.pages.explanations import wrong_answer
from transfer_service.pages.fields import FormWrong, asked_page, pasted_secret, typed_code, typed_id, typed_passcode
from transfer_service.pages.files_page import command, files_shown, name_of, progress_shown
from transfer_service.pages.front import catch_the_lost
from transfer_service.pages.language import _
from transfer_service.pages.leaving import let_leave
from transfer_service.pages.opinion_files import let_send_files
from transfer_service.pages.opinions import let_answer
from transfer_service.pages.protection import guarded
from transfer_service.pages.visit import Asked, Visit
from transfer_service.usecases.admit import Released
from transfer_service.usecases.received import Received
from transfer_service.usecases.redeem import Answer
from transfer_service.wording import N_

recipients = guarded(Blueprint("recipient_pages", __name__, url_prefix="/l"))
catch_the_lost(recipients)
_visit = Visit("recipient")
let_leave(recipients, _visit)

_CODE = N_("Enter the six digits of the code from the e-mail.")
_PASSCODE = N_("Enter the passcode that the department gave you.")
_UNKNOWN = N_("This code is not known here. Check that you pasted all of it, or ask the department for a new link.")
_OVER = N_("That code does not count any more. Ask for a new one below.")
_OVER_FOR_PASSCODE = N_("That took too long or too many tries. Try again from the start below.")


@recipients.get("")
def start() -> Response:
    """The field for the code; the same for everybody. Looking at it counts nothing."""
    return page("recipient_start")


@recipients.post("")
def take_secret() -> AnyResponse:
    """Ask who they are; somebody who is in already with that very link goes on."""
    try:
        secret = pasted_secret("secret")
        return to("files") if _is_in(secret) else _challenge(secret)
    except FormWrong as wrong:
        return page("recipient_start", 422, errors=wrong.sentences)
    except NotFound:
        return page("recipient_start", 404, errors={"secret": _UNKNOWN})


@recipients.get("/code")
def code() -> AnyResponse:
    """The field for the mailed code or the passcode."""
    asked = _visit.asked
    if asked is None:
        return to("start")
    return page("recipient_code", needs=asked.needs)


@recipients.post("/code")
def take_code() -> AnyResponse:
    """Redeem: the one step that counts."""
    asked = _visit.asked
    if asked is None:
        raise NotAuthenticated
    remember_secret(asked.secret)
    try:
        return _redeem(asked)
    except FormWrong as wrong:
        return page("recipient_code", 422, errors=wrong.sentences, needs=asked.needs)
    except AnswerWrong as wrong:
        said = _("The code is not right.") if asked.needs == "code" else _("The passcode is not right.")
        sentence = wrong_answer(said, wrong)
        return page("recipient_code", 403, errors={"code": sentence}, needs=asked.needs)
    except (ChallengeOver, ChallengeUsed, IdempotencyKeyReused):
        sentence = _OVER if asked.needs == "code" else _OVER_FOR_PASSCODE
        return page("recipient_code", 409, errors={"code": sentence}, needs=asked.needs)


@recipients.post("/code/again")
def another_code() -> AnyResponse:
    """Ask anew; the codes before count no more."""
    asked = _visit.asked
    if asked is None:
        raise NotAuthenticated
    return _challenge(asked.secret)


@recipients.get("/files")
def files() -> Response:
    """What was released, to whom, until when, and its files."""
    return page("recipient_files", **files_shown(_released(), _received(), asked_page(), now()))


@recipients.get("/received")
def received() -> Response:
    """How far each file came, for a script that looks again and again."""
    return jsonify(progress_shown(_received()))


@recipients.post("/files/<uuid:file_id>")
def file(file_id: UUID) -> AnyResponse:
    """One file, by the way of a ticket."""
    return _to_ticket(file_id)


@recipients.post("/archive")
def archive() -> AnyResponse:
    """Everything as one ZIP, by the way of a ticket."""
    return _to_ticket(None)


@recipients.post("/address")
def address() -> Response:
    """A ticket to look at, and the command that takes it. Shown in this answer alone: there is no page to go on to."""
    released, file_id = _released(), typed_id("file")
    url, until = journey().tickets.make(_actor(), file_id, now())
    name = name_of(released, file_id)
    return page("recipient_address", url=url, until=until, name=name, command=command(url, name), contact=released)


@recipients.get("/manifest")
def manifest() -> Response:
    """The signed list of the files with their digests, to check a download against."""
    return text_file(signed_text(_released().manifest), "manifest.json", "application/json")


def _actor() -> RecipientActor:
    actor = _visit.actor()
    if not isinstance(actor, RecipientActor):
        raise NotAuthenticated
    remember_actor(actor)
    return actor


def _to_ticket(file_id: UUID | None) -> AnyResponse:
    """See Other to an address of its own.

    What a POST answers can't be gone on with where it broke off, and the address goes on working in the browser's
    download manager, which brings no cookie of ours along where it is another program.
    """
    url, _ = journey().tickets.make(_actor(), file_id, now())
    return redirect(urlsplit(url).path, 303)  # on the host that the browser is at, and our form-action allows


def _received() -> dict[UUID, Disclosure]:
    return Received(service().database).by_file(_actor(), now())


def _released() -> Released:
    return journey().redeem.released(_actor(), now())


def _is_in(secret: str) -> bool:
    """Whether this browser has redeemed that very link, and may still see it."""
    if not _visit.opened_with(secret):
        return False
    try:
        _released()
    except TransferError:
        return False
    return True


def _challenge(secret: str) -> AnyResponse:
    remember_secret(secret)
    challenge, verification = journey().redeem.challenge(secret, origin(), now())
    needs = "code" if verification is Verification.EMAIL_CODE else "passcode"
    _visit.ask(Asked(secret, challenge.id, needs))
    return to("code")


def _redeem(asked: Asked) -> AnyResponse:
    given = typed_code("code", _CODE) if asked.needs == "code" else typed_passcode("code", _PASSCODE)
    # A form sent twice is one redemption: its challenge stands for the Idempotency-Key.
    answer = Answer(asked.secret, asked.challenge_id, given, replay=f"page:{asked.challenge_id}")
    redeemed = journey().redeem.redeem(answer, origin(), now())
    redemptions.inc()
    _visit.enter(asked.secret, redeemed.token)
    return to("files")


let_answer(recipients, _actor)
let_send_files(recipients, _actor)
