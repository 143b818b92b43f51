"""/q: whoever asked for slides sees how the request stands, by the secret from their mail, and may take it back.

GET  /q           paste the code     POST /q
GET  /q/standing  how it stands      POST /q/withdraw     POST /q/sign-out
"""

from flask import Blueprint, Response
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.slide_request import DeclineReason
from transfer_service.edge.calls import journey, now, origin
from transfer_service.errors import NotAuthenticated, NotFound, SlideRequestDecided
from transfer_service.pages.answers import page, to
from transfer_service.pages.fields import FormWrong, pasted_secret
from transfer_service.pages.front import catch_the_lost
from transfer_service.pages.leaving import let_leave
from transfer_service.pages.protection import guarded
from transfer_service.pages.visit import Visit
from transfer_service.wording import N_

slide_requests = guarded(Blueprint("request_pages", __name__, url_prefix="/q"))
catch_the_lost(slide_requests)
_visit = Visit("request")
let_leave(slide_requests, _visit)

_UNKNOWN = N_("This code is not known here. Check that you pasted all of it. Requests are kept for some months only.")
REASONS = {
    DeclineReason.UNCLEAR: N_("What was written is not enough to go by. Please call, or ask again and say more."),
    DeclineReason.ELSEWHERE: N_("What was asked for is not kept here. Another hospital or laboratory may have it."),
    DeclineReason.UNPROVED: N_("The department could not make sure that it may do this for you. Please call."),
    DeclineReason.DUPLICATE: N_("The department has the same request already and is working on that."),
    DeclineReason.OTHER: N_("The department can not do what was asked."),
}


@slide_requests.get("")
def start() -> Response:
    """The field for the code; the same for everybody."""
    return page("request_start")


@slide_requests.post("")
def take_secret() -> AnyResponse:
    """Keep the code, where it is one."""
    try:
        secret = pasted_secret("secret")
        journey().asking.status(secret)
    except FormWrong as wrong:
        return page("request_start", 422, errors=wrong.sentences)
    except NotFound:
        return page("request_start", 404, errors={"secret": _UNKNOWN})
    _visit.hold(secret)
    return to("standing")


@slide_requests.get("/standing")
def standing() -> AnyResponse:
    """How the request stands."""
    if _visit.held is None:
        return to("start")
    found = journey().asking.status(_visit.held)
    reason = REASONS[found.decline_reason] if found.decline_reason else None
    return page("request_standing", standing=found, reason=reason)


@slide_requests.post("/withdraw")
def withdraw() -> AnyResponse:
    """Take it back; where the department was faster, its answer is shown."""
    if _visit.held is None:
        raise NotAuthenticated
    try:
        journey().asking.withdraw(_visit.held, origin(), now())
    except SlideRequestDecided:
        return to("standing")
    return to("standing")
