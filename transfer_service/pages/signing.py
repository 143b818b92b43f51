"""/r/form: the patient reads the whole form, and signs it there or says no."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.people import PatientActor
from transfer_service.domain.release import Release, ReleaseState, Signer
from transfer_service.edge.calls import journey, now, service
from transfer_service.errors import ReleaseNotRequested
from transfer_service.pages.answers import page, to
from transfer_service.pages.fields import FormWrong, both, ticked, typed, typed_line
from transfer_service.usecases.release import SignatureDraft
from transfer_service.usecases.visits import Visits
from transfer_service.wording import N_

_LONGEST_NAME = 200
_NAME = N_("Type your full name.")
_READ = N_("Tick the box to say that you have read the form.")
_WHO = N_("Choose whether you are the patient or sign for the patient.")
_AUTHORITY = N_("Say by what authority you sign for the patient, for example: parent, legal guardian.")
_NO_AUTHORITY = N_("Leave this empty if you are the patient. If you sign for the patient, choose that above.")


def let_sign(blueprint: Blueprint, actor: Callable[[], PatientActor]) -> None:
    """Give the patients' pages the form."""

    @blueprint.get("/form")
    def form() -> Response:
        """The form's whole text; below it, where it can be signed, the place to sign."""
        return _form(actor(), 200, {})

    @blueprint.post("/sign")
    def sign() -> AnyResponse:
        """Sign; doing it twice is doing it once."""
        patient = actor()
        try:
            signed = journey().releases.sign(patient, patient.release_id, _signature(), now())
            journey().copies.try_making(signed, now())
        except FormWrong as wrong:
            return _form(patient, 422, wrong.sentences)
        except ReleaseNotRequested:
            return to("release")
        return to("release")


def standing(release: Release, at: datetime) -> str:
    """How the release stands for a reader: its state, or that its time is over."""
    if release.state is not ReleaseState.WITHDRAWN and at >= release.expires_at:
        return "expired"
    return release.state.value


def _form(patient: PatientActor, status: int, errors: dict[str, str]) -> Response:
    shown = journey().patients.release(patient)
    facts: dict[str, Any] = {
        "release": shown,
        "standing": standing(shown, now()),
        "contact": Visits(service().database).contact_for(patient),
        "news": journey().patients.news(patient),
    }
    return page("patient_form", status, errors=errors, **facts)


def _signature() -> SignatureDraft:
    (name, _), (signer, authority) = both(
        lambda: both(lambda: typed_line("name", _LONGEST_NAME, _NAME), lambda: ticked("read", _READ)),
        _capacity,
    )
    return SignatureDraft(typed("form_sha256"), name, signer, authority)


def _capacity() -> tuple[Signer, str | None]:
    """Who signs: the patient, or somebody who says by what authority."""
    match typed("signer"):
        case Signer.PATIENT if typed("authority"):
            raise FormWrong({"authority": _NO_AUTHORITY})
        case Signer.PATIENT:
            return Signer.PATIENT, None
        case Signer.REPRESENTATIVE:
            return Signer.REPRESENTATIVE, typed_line("authority", _LONGEST_NAME, _AUTHORITY)
    raise FormWrong({"signer": _WHO})
