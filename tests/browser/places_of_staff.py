"""What members of staff see under /staff: the door, and their own account."""

from tests.browser.guest import Guest
from tests.browser.place import Place
from tests.members import PASSWORD, authenticator_of
from transfer_service.domain.people import Role

NEVER_SENT = "x" * 43


def wrong_proof(guest: Guest) -> None:
    guest.goto("/staff/sign-in")
    guest.send("/staff/sign-in", email="weaver@hospital.test", password="guessed", code="000000")


def with_invitation(guest: Guest) -> None:
    guest.goto("/staff/enrol")
    guest.send("/staff/enrol", secret=guest.gallery.invitation())


def from_elsewhere(guest: Guest) -> None:
    guest.page.goto(f"data:text/html,<a href='{guest.gallery.url}/staff/sign-in'>Sign in</a>")
    guest.page.get_by_role("link").click()


def weak_password(guest: Guest) -> None:
    with_invitation(guest)
    guest.send("/staff/enrol/account", password="short", code="000000")


def recovery_codes(guest: Guest) -> None:
    with_invitation(guest)
    key = guest.page.locator(".mono").first.text_content() or ""
    code = authenticator_of(key.strip()).at(guest.gallery.now().now)
    guest.send("/staff/enrol/account", password=PASSWORD, code=code)


def sign_out(guest: Guest) -> None:
    guest.as_staff(Role.DEPOSITOR, again=True)
    guest.send("/staff/sign-out", at_once=True)


def session_ended(guest: Guest) -> None:
    guest.gallery.end_staff_session(guest.as_staff(Role.DEPOSITOR, "/staff/account", again=True))
    guest.send("/staff/account/password", password=PASSWORD, new_password=PASSWORD, code="000000")


def wrong_password(guest: Guest) -> None:
    guest.as_staff(Role.COORDINATOR, "/staff/account", again=True)
    guest.send("/staff/account/password", password="guessed", new_password="another long password", code="000000")


STAFF = (
    Place("staff-sign-in", "/staff/sign-in", lambda guest: guest.goto("/staff/sign-in")),
    Place("staff-sign-in-wrong", "/staff/sign-in", wrong_proof, 403),
    Place("staff-from-elsewhere", "/staff/sign-in", from_elsewhere),
    Place("staff-signed-out", "/staff/signed-out", sign_out),
    Place("staff-session-ended", "/staff/account/password", session_ended, 401),
    Place("staff-enrol", "/staff/enrol", lambda guest: guest.goto(f"/staff/enrol#{NEVER_SENT}")),
    Place(
        "staff-enrol-unknown",
        "/staff/enrol",
        lambda guest: (guest.goto("/staff/enrol"), guest.send("/staff/enrol", secret=NEVER_SENT)),
        404,
    ),
    Place("staff-enrol-account", "/staff/enrol/account", with_invitation),
    Place("staff-enrol-account-wrong", "/staff/enrol/account", weak_password, 422),
    Place("staff-recovery-codes", "/staff/enrol/account", recovery_codes),
    Place("staff-enrol-nowhere", "/staff/enrol/<path:_nowhere>", lambda guest: guest.goto("/staff/enrol/nowhere"), 404),
    Place("staff-account", "/staff/account", lambda guest: guest.as_staff(Role.COORDINATOR, "/staff/account")),
    Place("staff-account-wrong", "/staff/account/password", wrong_password, 403),
    Place(
        "staff-nowhere",
        "/staff/<path:nowhere>",
        lambda guest: guest.as_staff(Role.COORDINATOR, f"/staff/packets/{guest.gallery.closed.packet.id}/nowhere"),
        404,
    ),
)
