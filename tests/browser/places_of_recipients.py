"""What reviewers see under /l."""

from collections.abc import Callable

from tests.browser.gallery import Gallery
from tests.browser.guest import Guest
from tests.browser.place import Place
from tests.stages import Stage
from transfer_service.domain.link import Verification

NEVER_SENT = "x" * 43
PASSCODE = "orange zebra 7"


def refused(stage: Callable[[Gallery], Stage]) -> Callable[[Guest], None]:
    """Whoever comes with that link is told why it does not open."""
    return lambda guest: guest.with_link(stage(guest.gallery))


def with_passcode(guest: Guest) -> None:
    guest.with_link(guest.gallery.linked(verification=Verification.PASSCODE, passcode=PASSCODE))


def wrong_code(guest: Guest) -> None:
    guest.with_link(guest.gallery.linked())
    guest.send("/l/code", code="000000")


def wrong_passcode(guest: Guest) -> None:
    with_passcode(guest)
    guest.send("/l/code", code="blue horse 9")


def no_code(guest: Guest) -> None:
    guest.with_link(guest.gallery.linked())
    guest.send("/l/code", code="")


def withdrawn_while_open(guest: Guest) -> None:
    stage = guest.gallery.now().redeemed()
    guest.as_recipient(stage)
    guest.gallery.withdraw(stage)
    guest.goto("/l/files")


def address(guest: Guest) -> None:
    guest.as_recipient(guest.gallery.redeemed)
    guest.send("/l/address", at_once=True)


def opinion_wrong(guest: Guest) -> None:
    guest.as_recipient(guest.gallery.redeemed, "/l/opinion")
    guest.choose("conclusion", "needs_more_material")
    guest.send("/l/opinion", summary="")


def sign_out(guest: Guest) -> None:
    guest.as_recipient(guest.gallery.now().redeemed())
    guest.send("/l/sign-out")


RECIPIENTS = (
    Place("recipient-start", "/l", lambda guest: guest.goto("/l")),
    Place("recipient-start-came-by-link", "/l", lambda guest: guest.goto(f"/l#{NEVER_SENT}")),
    Place("recipient-start-no-code", "/l", lambda guest: (guest.goto("/l"), guest.send("/l", secret="what?")), 422),
    Place("recipient-start-unknown", "/l", lambda guest: (guest.goto("/l"), guest.send("/l", secret=NEVER_SENT)), 404),
    Place("recipient-code", "/l/code", lambda guest: guest.with_link(guest.gallery.linked())),
    Place("recipient-code-wrong", "/l/code", wrong_code, 403),
    Place("recipient-code-missing", "/l/code", no_code, 422),
    Place("recipient-passcode", "/l/code", with_passcode),
    Place("recipient-passcode-wrong", "/l/code", wrong_passcode, 403),
    Place("recipient-files", "/l/files", lambda guest: guest.as_recipient(guest.gallery.redeemed)),
    Place("recipient-address", "/l/address", address),
    Place("recipient-opinion", "/l/opinion", lambda guest: guest.as_recipient(guest.gallery.redeemed, "/l/opinion")),
    Place("recipient-opinion-wrong", "/l/opinion", opinion_wrong, 422),
    Place(
        "recipient-opinion-sent",
        "/l/opinion",
        lambda guest: guest.as_recipient(guest.gallery.answered, "/l/opinion"),
    ),
    Place("recipient-link-expired", "/l", refused(lambda gallery: gallery.link_expired), 409),
    Place("recipient-link-revoked", "/l", refused(lambda gallery: gallery.link_revoked), 409),
    Place("recipient-link-used-up", "/l", refused(lambda gallery: gallery.link_used_up), 409),
    Place("recipient-link-locked", "/l", refused(lambda gallery: gallery.link_locked), 409),
    Place("recipient-someone-else-now", "/l", refused(lambda gallery: gallery.recipient_changed), 409),
    Place("recipient-release-withdrawn", "/l", refused(lambda gallery: gallery.withdrawn_with_a_link), 409),
    Place("recipient-release-expired", "/l", refused(lambda gallery: gallery.release_expired), 409),
    Place("recipient-packet-retired", "/l", refused(lambda gallery: gallery.retired), 409),
    Place("recipient-withdrawn-while-open", "/l/files", withdrawn_while_open, 409),
    Place("recipient-signed-out", "/l/signed-out", sign_out),
    Place("recipient-not-signed-in", "/l/files", lambda guest: guest.goto("/l/files"), 401),
    Place("recipient-nowhere", "/l/<path:_nowhere>", lambda guest: guest.goto("/l/nowhere"), 404),
)
