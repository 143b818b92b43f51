"""The front door, and what patients and physicians see who ask for slides, under /ask and /q."""

from tests.browser.guest import Guest
from tests.browser.place import Place
from transfer_service.domain.slide_request import DeclineReason
from transfer_service.usecases.slide_requests import Acceptance

NEVER_SENT = "x" * 43


def with_request(guest: Guest, secret: str) -> None:
    guest.goto("/q")
    guest.send("/q", secret=secret)


def received(guest: Guest) -> None:
    with_request(guest, guest.gallery.now().requested()[1])


def declined(guest: Guest) -> None:
    stages = guest.gallery.now()
    request, secret = stages.requested()
    decline = stages.journey.slide_requests.decline
    decline(
        stages.coordinator, request.id, DeclineReason.ELSEWHERE, "Please ask the laboratory at Elm Street.", stages.now
    )
    with_request(guest, secret)


def accepted(guest: Guest) -> None:
    stages = guest.gallery.now()
    request, secret = stages.requested()
    stages.journey.slide_requests.accept(stages.coordinator, request.id, Acceptance("S26-1", "MRN-1"), stages.now)
    with_request(guest, secret)


def taken_back(guest: Guest) -> None:
    received(guest)
    guest.send("/q/withdraw")


def sign_out(guest: Guest) -> None:
    received(guest)
    guest.send("/q/sign-out")


def the_form(guest: Guest) -> None:
    guest.goto(f"/ask/{guest.gallery.now().open_to_requests().id}")


def for_physicians(guest: Guest) -> None:
    the_form(guest)
    guest.choose("asker", "physician")


def nothing_filled_in(guest: Guest) -> None:
    the_form(guest)
    guest.send(f"/ask/{guest.gallery.stages.hospital.pathology.id}")


ASKERS = (
    Place("asker-door", "/", lambda guest: guest.goto("/")),
    Place("asker-departments", "/ask", lambda guest: (guest.gallery.now().open_to_requests(), guest.goto("/ask"))),
    Place("asker-form", "/ask/<uuid:department_id>", the_form),
    Place("asker-form-of-physicians", "/ask/<uuid:department_id>", for_physicians),
    Place("asker-form-wrong", "/ask/<uuid:department_id>", nothing_filled_in, 422),
    Place("asker-sent", "/ask/<uuid:department_id>/received", lambda guest: guest.ask_for_slides()),
    Place("asker-nowhere", "/ask/<path:_nowhere>", lambda guest: guest.goto("/ask/nowhere"), 404),
    Place("asker-start", "/q", lambda guest: guest.goto("/q")),
    Place("asker-start-unknown", "/q", lambda guest: with_request(guest, NEVER_SENT), 404),
    Place("asker-standing-received", "/q/standing", received),
    Place("asker-standing-declined", "/q/standing", declined),
    Place("asker-standing-accepted", "/q/standing", accepted),
    Place("asker-standing-taken-back", "/q/standing", taken_back),
    Place("asker-signed-out", "/q/signed-out", sign_out),
    Place("asker-request-nowhere", "/q/<path:_nowhere>", lambda guest: guest.goto("/q/nowhere"), 404),
)
