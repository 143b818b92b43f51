"""Links of a release that is live: issued, shown this once, revoked.

GET  /staff/releases/{id}/links   until when, how often, how proved    POST: issued, with the address
GET  /staff/links/{id}/revoke     sure?                                POST …
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.link import LONGEST_PASSCODE, MOST_REDEMPTIONS, SHORTEST_PASSCODE, Link, Verification
from transfer_service.domain.texts import hides_nothing
from transfer_service.edge.calls import journey, now
from transfer_service.errors import NotNow, RecipientChanged
from transfer_service.pages.answers import page
from transfer_service.pages.fields import FormWrong, each_of, form_id, typed
from transfer_service.pages.staff.desk import staff_actor, staff_pages
from transfer_service.pages.staff.filled_in import latest_day, typed_count, typed_end, typed_ids
from transfer_service.pages.staff.release_words import NAMES
from transfer_service.pages.staff.releases import release_pages, to_release
from transfer_service.usecases.issue import LinkDraft
from transfer_service.usecases.release_pages import ReleaseCard
from transfer_service.wording import N_

links = staff_pages("links")

USUALLY_FOR = timedelta(days=14)
USUALLY_OFTEN = 3
_RECIPIENT = N_("Choose whom the link is for.")
_CHANGED = N_("The directory has another name, organization or address for them now. That takes a new release.")
_DAY = N_("Enter the last day as year, month and day, for example 2026-12-31.")
_PAST = N_("That day is over. Choose one to come.")
_FAR = N_("The link would outlast its release, or what is permitted here. Choose an earlier day.")
_COUNT = N_("A number from 1 to 1,000, or nothing for as often as needed.")
_VERIFICATION = N_("Choose how the recipient proves who they are.")
_PASSCODE = N_("A passcode has 6 to 128 characters.")
_NO_PASSCODE = N_("Leave this empty with codes by e-mail. If you want a passcode, choose that above.")


@links.get("/releases/<uuid:release_id>/links")
def ask_link(release_id: UUID) -> AnyResponse:
    """The form."""
    return _form(release_id)


@links.post("/releases/<uuid:release_id>/links")
def issue(release_id: UUID) -> AnyResponse:
    """Issue it, once for each form that was filled in. The address is in this answer, and nowhere else."""
    packet, card = release_pages().card(staff_actor(), release_id, now())
    try:
        link, url = journey().issue.issue(staff_actor(), packet.id, _draft(card), now(), form=form_id())
    except FormWrong as wrong:
        return _form(release_id, 422, wrong.sentences)
    except RecipientChanged:
        return _form(release_id, 409, {"recipient": _CHANGED})
    except NotNow:
        return to_release(packet.id, release_id)
    return page("staff/link_issued", packet=packet, card=card, link=link, named=_named(card, link), url=url, **NAMES)


@links.get("/links/<uuid:link_id>/revoke")
def ask_revoke(link_id: UUID) -> AnyResponse:
    """Sure?"""
    packet, line = release_pages().link(staff_actor(), link_id, now())
    if line.link.revoked_at is not None:
        return to_release(packet.id, line.link.release_id)
    return page("staff/link_revoke", packet=packet, line=line, **NAMES)


@links.post("/links/<uuid:link_id>/revoke")
def revoke(link_id: UUID) -> AnyResponse:
    """Dead before the answer. Twice is once."""
    link = journey().issue.revoke(staff_actor(), link_id, now())
    return to_release(link.packet_id, link.release_id)


def _form(release_id: UUID, status: int = 200, errors: dict[str, str] | None = None) -> AnyResponse:
    packet, card = release_pages().card(staff_actor(), release_id, now())
    if not card.may.issue:
        return to_release(packet.id, release_id)
    latest = _latest(card)
    return page(
        "staff/link_new",
        status,
        errors=errors,
        packet=packet,
        card=card,
        usual_day=min((now() + USUALLY_FOR).date(), latest_day(latest)),
        latest_day=latest_day(latest),
        today=now().date(),
        usual_count=USUALLY_OFTEN,
        most=MOST_REDEMPTIONS,
        shortest=SHORTEST_PASSCODE,
        longest=LONGEST_PASSCODE,
        form_id=form_id(),
        **NAMES,
    )


def _latest(card: ReleaseCard) -> datetime:
    return min(now() + journey().issue.limits.link_for, card.release.expires_at)


def _draft(card: ReleaseCard) -> LinkDraft:
    read: dict[str, Any] = each_of({
        "recipient_id": lambda: _recipient(card),
        "expires_at": lambda: typed_end("expires_on", now(), _latest(card), _DAY, _PAST, _FAR),
        "max_redemptions": lambda: typed_count("count", MOST_REDEMPTIONS, _COUNT),
        "verification": _verification,
        "passcode": _passcode,
    })  # fmt: skip
    return LinkDraft(release_id=card.release.id, **read)


def _recipient(card: ReleaseCard) -> UUID:
    wanted = typed_ids("recipient")
    if len(wanted) != 1 or wanted[0] not in {named.recipient.id for named in card.named}:
        raise FormWrong({"recipient": _RECIPIENT})
    return wanted[0]


def _verification() -> Verification:
    if typed("verification") not in {Verification.EMAIL_CODE, Verification.PASSCODE}:
        raise FormWrong({"verification": _VERIFICATION})
    return Verification(typed("verification"))


def _passcode() -> str | None:
    passcode = typed("passcode")
    if typed("verification") != Verification.PASSCODE:
        if passcode:
            raise FormWrong({"passcode": _NO_PASSCODE})
        return None
    if not SHORTEST_PASSCODE <= len(passcode) <= LONGEST_PASSCODE or not hides_nothing(passcode):
        raise FormWrong({"passcode": _PASSCODE})
    return passcode


def _named(card: ReleaseCard, link: Link) -> object:
    return next(named for named in card.named if named.recipient.id == link.recipient_id)
