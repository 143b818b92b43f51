"""What members of staff see of requests, opinions, the accounting, the audit log and the settings."""

from collections.abc import Callable

from tests.browser.gallery import Gallery
from tests.browser.guest import Guest
from tests.browser.place import Place
from transfer_service.domain.people import Role

REQUESTS, ONE = "/staff/requests", "/staff/requests/<uuid:request_id>"
ACCOUNTING, AUDIT = "/staff/accounting", "/staff/audit"
MEMBERS, TOKENS = "/staff/settings/members", "/staff/settings/tokens"


def see(path: str, role: Role = Role.COORDINATOR) -> Callable[[Guest], str]:
    """That page, where something has happened."""

    def reach(guest: Guest) -> str:
        guest.gallery.everything()
        return guest.as_staff(role, path)

    return reach


def see_nothing(path: str) -> Callable[[Guest], object]:
    return lambda guest: guest.as_newcomer(Role.COORDINATOR, path)


def request(
    below: str = "", which: Callable[[Gallery], str] = lambda gallery: gallery.request_id
) -> Callable[[Guest], str]:
    return lambda guest: guest.as_staff(Role.COORDINATOR, f"{REQUESTS}/{which(guest.gallery)}{below}")


def opinions(guest: Guest) -> None:
    guest.as_staff(Role.COORDINATOR, f"/staff/packets/{guest.gallery.answered.packet.id}/opinions")


def share(guest: Guest) -> None:
    guest.as_staff(Role.COORDINATOR, f"/staff/opinions/{guest.gallery.opinion_id}/share")


def then(reach: Callable[[Guest], object], action: str, **fields: str) -> Callable[[Guest], None]:
    """Go there, and send that form."""

    def reach_and_send(guest: Guest) -> None:
        reach(guest)
        guest.send(action, **fields)

    return reach_and_send


def of_admins(path: str) -> Callable[[Guest], str]:
    return lambda guest: guest.as_staff(Role.ADMIN, path)


def member(guest: Guest) -> None:
    guest.as_staff(Role.ADMIN, MEMBERS)
    guest.page.locator(f'main a[href^="{MEMBERS}/"]:not([href$="/new"])').first.click()


def token(guest: Guest) -> None:
    guest.as_staff(Role.ADMIN, TOKENS)
    guest.page.locator(f'main a[href^="{TOKENS}/"]:not([href$="/new"])').first.click()


def lost(path: str, role: Role = Role.COORDINATOR) -> Callable[[Guest], str]:
    return lambda guest: guest.as_staff(role, f"{path}/nowhere")


def lost_in_opinions(guest: Guest) -> None:
    guest.as_staff(Role.COORDINATOR, f"/staff/packets/{guest.gallery.answered.packet.id}/opinions/nowhere")


OVERSIGHT = (
    Place("staff-requests", REQUESTS, lambda guest: (guest.gallery.request_id, see(REQUESTS)(guest))),
    Place("staff-requests-none", REQUESTS, see_nothing(REQUESTS)),
    Place("staff-requests-nowhere", f"{REQUESTS}/<path:_nowhere>", lost(REQUESTS), 404),
    Place("staff-request", ONE, request()),
    Place("staff-request-declined", ONE, request(which=lambda gallery: gallery.declined_id)),
    Place("staff-request-decline", f"{ONE}/decline", request("/decline")),
    Place("staff-request-decline-wrong", f"{ONE}/decline", then(request("/decline"), "/decline"), 422),
    Place("staff-request-accept", f"{ONE}/accept", request("/accept")),
    Place("staff-request-accept-wrong", f"{ONE}/accept", then(request("/accept"), "/accept"), 422),
    Place("staff-opinions", "/staff/opinions", see("/staff/opinions")),
    Place("staff-opinions-none", "/staff/opinions", see_nothing("/staff/opinions")),
    Place("staff-opinions-nowhere", "/staff/opinions/<path:_nowhere>", lost("/staff/opinions"), 404),
    Place("staff-packet-opinions", "/staff/packets/<uuid:packet_id>/opinions", opinions),
    Place(
        "staff-packet-opinions-nowhere",
        "/staff/packets/<uuid:packet_id>/opinions/<path:_nowhere>",
        lost_in_opinions,
        404,
    ),
    Place("staff-opinion-share", "/staff/opinions/<uuid:opinion_id>/share", share),
    Place("staff-accounting", ACCOUNTING, see(ACCOUNTING, Role.PRIVACY_OFFICER)),
    Place(
        "staff-accounting-wrong",
        f"{ACCOUNTING}/search",
        then(see(ACCOUNTING, Role.PRIVACY_OFFICER), "/search", record_number="x" * 99),
        422,
    ),
    Place("staff-accounting-nowhere", f"{ACCOUNTING}/<path:_nowhere>", lost(ACCOUNTING, Role.PRIVACY_OFFICER), 404),
    Place("staff-audit", AUDIT, see(AUDIT, Role.PRIVACY_OFFICER)),
    Place("staff-audit-none", AUDIT, see(f"{AUDIT}?action=packet.nothing", Role.PRIVACY_OFFICER)),
    Place("staff-audit-verified", f"{AUDIT}/verify", then(see(AUDIT, Role.PRIVACY_OFFICER), "/verify")),
    Place("staff-audit-nowhere", f"{AUDIT}/<path:_nowhere>", lost(AUDIT, Role.PRIVACY_OFFICER), 404),
    Place("staff-settings-none", "/staff/settings", see("/staff/settings")),
    Place("staff-settings-nowhere", "/staff/settings/<path:_nowhere>", lost("/staff/settings"), 404),
    Place("staff-members", MEMBERS, of_admins(MEMBERS)),
    Place("staff-members-nowhere", f"{MEMBERS}/<path:_nowhere>", lost(MEMBERS, Role.ADMIN), 404),
    Place("staff-member-new", f"{MEMBERS}/new", of_admins(f"{MEMBERS}/new")),
    Place("staff-member-new-wrong", MEMBERS, then(of_admins(f"{MEMBERS}/new"), MEMBERS), 422),
    Place("staff-member", f"{MEMBERS}/<uuid:member_id>", member),
    Place("staff-tokens", TOKENS, of_admins(TOKENS)),
    Place("staff-tokens-nowhere", f"{TOKENS}/<path:_nowhere>", lost(TOKENS, Role.ADMIN), 404),
    Place("staff-token-new", f"{TOKENS}/new", of_admins(f"{TOKENS}/new")),
    Place("staff-token-new-wrong", TOKENS, then(of_admins(f"{TOKENS}/new"), TOKENS), 422),
    Place("staff-token", f"{TOKENS}/<uuid:token_id>", token),
)
