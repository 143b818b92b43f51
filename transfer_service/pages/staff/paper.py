"""A form signed on paper: printed, scanned by one member of staff, confirmed by another.

GET  /staff/releases/{id}/paper        the three steps    POST: what stands on the scan, confirmed
GET  /staff/releases/{id}/paper/scan   the scan itself, which is recorded
"""

from datetime import date
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.document import SCAN_MEDIA_TYPES
from transfer_service.domain.moments import has_come
from transfer_service.domain.release import Signer
from transfer_service.edge.calls import journey, now
from transfer_service.edge.file_answer import scan_of_form
from transfer_service.errors import (
    DocumentChanged,
    Invalid,
    NothingToConfirm,
    PacketRetired,
    ReleaseExpired,
    ReleaseNotRequested,
    ReleaseWithdrawn,
    SecondPersonNeeded,
)
from transfer_service.pages.answers import page
from transfer_service.pages.fields import FormWrong, each_of, typed, typed_line
from transfer_service.pages.staff.desk import staff_actor, staff_pages
from transfer_service.pages.staff.filled_in import typed_day
from transfer_service.pages.staff.release_words import NAMES
from transfer_service.pages.staff.releases import release_pages, to_release
from transfer_service.usecases.paper import PaperDraft
from transfer_service.wording import N_

paper = staff_pages("paper")

_LONGEST_NAME = 200
_LONGEST_AUTHORITY = 500
_OVER = (NothingToConfirm, ReleaseNotRequested, ReleaseWithdrawn, ReleaseExpired, PacketRetired)
_NAME = N_("Type the name that stands below the signature.")
_SIGNER = N_("Choose who signed.")
_AUTHORITY = N_("Type by what authority they sign, as it stands on the form.")
_NO_AUTHORITY = N_("Leave this empty if the patient signed. If somebody signed for the patient, choose that above.")
_SIGNED_ON = N_("Enter the day that stands on the form.")
_NOT_THEN = N_("That day is before the release was asked for, or still to come. Look at the scan again.")
_SECOND = N_("You brought this scan yourself. Another member of staff has to confirm it.")
_CHANGED = N_("The scan was replaced since you looked at it. Look at it again.")


@paper.get("/releases/<uuid:release_id>/paper")
def steps(release_id: UUID) -> AnyResponse:
    """Print, scan, confirm."""
    return _page(release_id)


@paper.get("/releases/<uuid:release_id>/paper/scan")
def scan(release_id: UUID) -> Response:
    """The scan."""
    return scan_of_form(staff_actor(), release_id)


@paper.post("/releases/<uuid:release_id>/paper")
def confirm(release_id: UUID) -> AnyResponse:
    """Signed, from now on. Twice is once."""
    packet, card = release_pages().card(staff_actor(), release_id, now())
    try:
        release = journey().papers.confirm(staff_actor(), release_id, _draft(), now())
    except FormWrong as wrong:
        return _page(release_id, 422, wrong.sentences)
    except SecondPersonNeeded:
        return _page(release_id, 403, {"name": _SECOND})
    except DocumentChanged:
        return _page(release_id, 409, {"name": _CHANGED})
    except Invalid:
        return _page(release_id, 422, {"signed_on": _NOT_THEN})
    except _OVER:
        return to_release(packet.id, card.release.id)
    journey().copies.try_making(release, now())
    return to_release(packet.id, release.id)


def _page(release_id: UUID, status: int = 200, errors: dict[str, str] | None = None) -> AnyResponse:
    packet, card = release_pages().card(staff_actor(), release_id, now())
    if not (card.may.bring_scan or card.may.confirm or card.scan):
        return to_release(packet.id, release_id)
    return page(
        "staff/release_paper",
        status,
        errors=errors,
        packet=packet,
        card=card,
        media_types=SCAN_MEDIA_TYPES,
        scan_bytes=journey().papers.documents.limits.scan_bytes,
        seen_sha256=typed("document_sha256") if status == HTTPStatus.UNPROCESSABLE_ENTITY else None,
        **NAMES,
    )


def _draft() -> PaperDraft:
    readers: dict[str, Any] = {
        "name": lambda: typed_line("name", _LONGEST_NAME, _NAME),
        "signer": _signer,
        "authority": _authority,
        "signed_on": _signed_on,
    }
    return PaperDraft(document_sha256=typed("document_sha256"), **each_of(readers))


def _signed_on() -> date:
    day = typed_day("signed_on", _SIGNED_ON)
    if not has_come(day, now()):
        raise FormWrong({"signed_on": _NOT_THEN})
    return day


def _signer() -> Signer:
    if typed("signer") not in {*Signer}:
        raise FormWrong({"signer": _SIGNER})
    return Signer(typed("signer"))


def _authority() -> str | None:
    if typed("signer") == Signer.REPRESENTATIVE:
        return typed_line("authority", _LONGEST_AUTHORITY, _AUTHORITY)
    if typed("authority"):
        raise FormWrong({"authority": _NO_AUTHORITY})
    return None
