"""What patients see under /r."""

from tests.browser.guest import Guest
from tests.browser.place import Place
from tests.pages.visitor import BIRTH
from tests.stages import ORIGIN

NEVER_SENT = "x" * 43


def wrong_code(guest: Guest) -> None:
    guest.with_letter(guest.gallery.now().released())
    guest.send("/r/code", code="000000", **BIRTH)


def unsent_code(guest: Guest) -> None:
    guest.with_letter(guest.gallery.now().released())
    guest.send("/r/code", code="12", birth_month="13")


def over_code(guest: Guest) -> None:
    """It was asked for again meanwhile."""
    stage = guest.gallery.now().released()
    guest.with_letter(stage)
    former = guest.gallery.code()
    guest.gallery.now().journey.patients.challenge(stage.letter_secret, ORIGIN, guest.gallery.stages.now)
    guest.send("/r/code", code=former, **BIRTH)


def unsigned(guest: Guest) -> None:
    guest.as_patient(guest.gallery.requested, "/r/form")
    guest.send("/r/sign", name="")


def sign_out(guest: Guest) -> None:
    guest.as_patient(guest.gallery.now().released())
    guest.send("/r/sign-out")


def locked(guest: Guest) -> None:
    guest.goto("/r")
    guest.send("/r", secret=guest.gallery.letter_locked.letter_secret)


PATIENTS = (
    Place("patient-start", "/r", lambda guest: guest.goto("/r")),
    Place("patient-start-came-by-link", "/r", lambda guest: guest.goto(f"/r#{NEVER_SENT}")),
    Place("patient-start-no-code", "/r", lambda guest: (guest.goto("/r"), guest.send("/r", secret="what?")), 422),
    Place("patient-start-unknown", "/r", lambda guest: (guest.goto("/r"), guest.send("/r", secret=NEVER_SENT)), 404),
    Place("patient-letter-locked", "/r", locked, 409),
    Place("patient-code", "/r/code", lambda guest: guest.with_letter(guest.gallery.now().released())),
    Place("patient-code-wrong", "/r/code", wrong_code, 403),
    Place("patient-code-not-whole", "/r/code", unsent_code, 422),
    Place("patient-code-over", "/r/code", over_code, 409),
    Place("patient-release-requested", "/r/release", lambda guest: guest.as_patient(guest.gallery.requested)),
    Place("patient-release-news", "/r/release", lambda guest: guest.as_patient(guest.gallery.news)),
    Place("patient-form", "/r/form", lambda guest: guest.as_patient(guest.gallery.requested, "/r/form")),
    Place("patient-form-not-signed", "/r/sign", unsigned, 422),
    Place("patient-form-news", "/r/form", lambda guest: guest.as_patient(guest.gallery.news, "/r/form")),
    Place("patient-form-on-paper", "/r/form", lambda guest: guest.as_patient(guest.gallery.scanned, "/r/form")),
    Place("patient-form-signed", "/r/form", lambda guest: guest.as_patient(guest.gallery.signed, "/r/form")),
    Place("patient-form-attested", "/r/form", lambda guest: guest.as_patient(guest.gallery.attested, "/r/form")),
    Place("patient-form-withdrawn", "/r/form", lambda guest: guest.as_patient(guest.gallery.withdrawn, "/r/form")),
    Place("patient-release-on-paper", "/r/release", lambda guest: guest.as_patient(guest.gallery.scanned)),
    Place("patient-release-paper-confirmed", "/r/release", lambda guest: guest.as_patient(guest.gallery.confirmed)),
    Place("patient-release-signed", "/r/release", lambda guest: guest.as_patient(guest.gallery.signed)),
    Place("patient-release-attested", "/r/release", lambda guest: guest.as_patient(guest.gallery.attested)),
    Place("patient-release-withdrawn", "/r/release", lambda guest: guest.as_patient(guest.gallery.withdrawn)),
    Place("patient-release-expired", "/r/release", lambda guest: guest.as_patient(guest.gallery.release_expired)),
    Place("patient-release-answered", "/r/release", lambda guest: guest.as_patient(guest.gallery.answered)),
    Place("patient-withdraw", "/r/withdraw", lambda guest: guest.as_patient(guest.gallery.signed, "/r/withdraw")),
    Place("patient-refuse", "/r/withdraw", lambda guest: guest.as_patient(guest.gallery.requested, "/r/withdraw")),
    Place("patient-object", "/r/withdraw", lambda guest: guest.as_patient(guest.gallery.attested, "/r/withdraw")),
    Place(
        "patient-accounting-empty",
        "/r/accounting",
        lambda guest: guest.as_patient(guest.gallery.requested, "/r/accounting"),
    ),
    Place(
        "patient-accounting",
        "/r/accounting",
        lambda guest: guest.as_patient(guest.gallery.answered, "/r/accounting"),
    ),
    Place(
        "patient-opinions-none",
        "/r/opinions",
        lambda guest: guest.as_patient(guest.gallery.signed, "/r/opinions"),
    ),
    Place(
        "patient-opinions",
        "/r/opinions",
        lambda guest: guest.as_patient(guest.gallery.answered, "/r/opinions"),
    ),
    Place("patient-signed-out", "/r/signed-out", sign_out),
    Place("patient-not-signed-in", "/r/release", lambda guest: guest.goto("/r/release"), 401),
    Place("patient-nowhere", "/r/<path:_nowhere>", lambda guest: guest.goto("/r/nowhere"), 404),
)
