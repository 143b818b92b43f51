"""What members of staff see of releases, links, recipients and a packet's timeline."""

from datetime import UTC, datetime, timedelta

from tests.browser.guest import Guest
from tests.browser.place import Place
from tests.stages import Stage
from transfer_service.domain.people import Role

_RELEASE = "/staff/packets/<uuid:packet_id>/release"
_LINKS = "/staff/releases/<uuid:release_id>/links"
_WITHDRAW = "/staff/releases/<uuid:release_id>/withdraw"
_PAPER = "/staff/releases/<uuid:release_id>/paper"
_TIMELINE = "/staff/packets/<uuid:packet_id>/timeline"
_ONE = "/staff/recipients/<uuid:recipient_id>"


def see(guest: Guest, stage: Stage, rest: str = "/release", role: Role = Role.COORDINATOR) -> None:
    guest.as_staff(role, f"/staff/packets/{stage.packet.id}{rest}")


def see_release(guest: Guest, stage: Stage, rest: str) -> str:
    assert stage.release is not None
    path = f"/staff/releases/{stage.release.id}{rest}"
    guest.as_staff(Role.COORDINATOR, path)
    return path


def chosen(guest: Guest) -> str:
    """The second half of the form that asks."""
    stage = guest.gallery.now().closed()
    path = f"/staff/packets/{stage.packet.id}/release"
    guest.as_staff(Role.COORDINATOR, f"{path}/new")
    guest.page.locator('[name="recipient"]').first.check()
    guest.send(f"{path}/new")
    return path


def chose_nobody(guest: Guest) -> None:
    stage = guest.gallery.now().closed()
    path = f"/staff/packets/{stage.packet.id}/release/new"
    guest.as_staff(Role.COORDINATOR, path)
    guest.send(path)


def asked_wrongly(guest: Guest) -> None:
    path = chosen(guest)
    guest.page.locator('[name^="files-"][value="some"]').first.check()
    guest.send(path, purpose="x" * 1001, expires_on="2020-01-01")


def withdrew_wrongly(guest: Guest) -> None:
    guest.send(see_release(guest, guest.gallery.signed, "/withdraw"), note="Called.")


def issued_wrongly(guest: Guest) -> None:
    guest.send(see_release(guest, guest.gallery.signed, "/links"), expires_on="2020-01-01", count="0", passcode="x")


def issued(guest: Guest) -> None:
    day = datetime.now(UTC) + timedelta(days=7)
    guest.send(see_release(guest, guest.gallery.now().signed(), "/links"), expires_on=f"{day:%Y-%m-%d}")


def revoking(guest: Guest) -> None:
    link = guest.gallery.linked().link
    assert link is not None
    guest.as_staff(Role.COORDINATOR, f"/staff/links/{link.id}/revoke")


def confirmed_wrongly(guest: Guest) -> None:
    guest.send(see_release(guest, guest.gallery.scanned, "/paper"), authority="Mother")


def added_wrongly(guest: Guest) -> None:
    guest.as_staff(Role.COORDINATOR, "/staff/recipients/new")
    guest.send("/staff/recipients/new", name="Dr. S. Other", source_1="https://registry.test")


def one_recipient(guest: Guest, role: Role) -> None:
    guest.as_staff(role, f"/staff/recipients/{guest.gallery.stages.recipient.id}")


RELEASES = (
    Place("staff-releases-none", _RELEASE, lambda guest: see(guest, guest.gallery.now().closed())),
    Place("staff-releases-open", _RELEASE, lambda guest: see(guest, guest.gallery.now().opened())),
    Place("staff-releases-requested", _RELEASE, lambda guest: see(guest, guest.gallery.requested)),
    Place("staff-releases-scanned", _RELEASE, lambda guest: see(guest, guest.gallery.scanned)),
    Place("staff-releases-links", _RELEASE, lambda guest: see(guest, guest.gallery.redeemed)),
    Place("staff-releases-treatment", _RELEASE, lambda guest: see(guest, guest.gallery.attested)),
    Place("staff-releases-withdrawn", _RELEASE, lambda guest: see(guest, guest.gallery.withdrawn_with_a_link)),
    Place("staff-releases-expired", _RELEASE, lambda guest: see(guest, guest.gallery.release_expired)),
    Place("staff-releases-changed", _RELEASE, lambda guest: see(guest, guest.gallery.recipient_changed)),
    Place("staff-releases-retired", _RELEASE, lambda guest: see(guest, guest.gallery.retired)),
    Place(
        "staff-releases-of-privacy-officers",
        _RELEASE,
        lambda guest: see(guest, guest.gallery.redeemed, role=Role.PRIVACY_OFFICER),
    ),
    Place("staff-release-new", f"{_RELEASE}/new", lambda guest: see(guest, guest.gallery.signed, "/release/new")),
    Place("staff-release-new-wrong", f"{_RELEASE}/new", chose_nobody, 422),
    Place("staff-release-terms", f"{_RELEASE}/new", chosen),
    Place("staff-release-terms-wrong", _RELEASE, asked_wrongly, 422),
    Place("staff-release-withdraw", _WITHDRAW, lambda guest: see_release(guest, guest.gallery.signed, "/withdraw")),
    Place("staff-release-withdraw-wrong", _WITHDRAW, withdrew_wrongly, 422),
    Place("staff-link-new", _LINKS, lambda guest: see_release(guest, guest.gallery.signed, "/links")),
    Place("staff-link-new-wrong", _LINKS, issued_wrongly, 422),
    Place("staff-link-issued", _LINKS, issued),
    Place("staff-link-revoke", "/staff/links/<uuid:link_id>/revoke", revoking),
    Place("staff-paper", _PAPER, lambda guest: see_release(guest, guest.gallery.requested, "/paper")),
    Place("staff-paper-confirm", _PAPER, lambda guest: see_release(guest, guest.gallery.scanned, "/paper")),
    Place("staff-paper-confirm-wrong", _PAPER, confirmed_wrongly, 422),
    Place("staff-timeline", _TIMELINE, lambda guest: see(guest, guest.gallery.answered, "/timeline")),
    Place(
        "staff-timeline-oldest", _TIMELINE, lambda guest: see(guest, guest.gallery.answered, "/timeline?order=oldest")
    ),
    Place(
        "staff-timeline-of-depositors",
        _TIMELINE,
        lambda guest: see(guest, guest.gallery.answered, "/timeline", Role.DEPOSITOR),
    ),
    Place("staff-recipients", "/staff/recipients", lambda guest: guest.as_staff(Role.COORDINATOR, "/staff/recipients")),
    Place(
        "staff-recipient-new",
        "/staff/recipients/new",
        lambda guest: guest.as_staff(Role.COORDINATOR, "/staff/recipients/new"),
    ),
    Place("staff-recipient-new-wrong", "/staff/recipients/new", added_wrongly, 422),
    Place("staff-recipient", _ONE, lambda guest: one_recipient(guest, Role.COORDINATOR)),
    Place("staff-recipient-of-privacy-officers", _ONE, lambda guest: one_recipient(guest, Role.PRIVACY_OFFICER)),
)
