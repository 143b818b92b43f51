"""What members of staff see of requests, opinions, the accounting, the audit log and the settings."""

from collections.abc import Callable

from tests.browser.gallery import Gallery
from tests.browser.guest import Guest
from tests.browser.place import Place
from transfer_service.domain.people import Role

REQUESTS, ONE = "/staff/requests", "/staff/requests/<uuid:request_id>"
ACCOUNTING, AUDIT = "/staff/accounting", "/staff/audit"
DEPARTMENTS, TEMPLATES = "/staff/settings/departments", "/staff/settings/templates"
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


def below(rooms: str) -> Callable[[Guest], None]:
    """The first of a list."""

    def reach(guest: Guest) -> None:
        guest.as_staff(Role.ADMIN, rooms)
        with guest.page.expect_navigation():
            guest.page.locator(f'main a[href^="{rooms}/"]:not([href$="/new"])').first.click()

    return reach


OVERSIGHT = (
    Place("staff-requests", REQUESTS, lambda guest: (guest.gallery.request_id, see(REQUESTS)(guest))),
    Place("staff-requests-none", REQUESTS, see_nothing(REQUESTS)),
    Place("staff-request", ONE, request()),
    Place("staff-request-declined", ONE, request(which=lambda gallery: gallery.declined_id)),
    Place("staff-request-decline", f"{ONE}/decline", request("/decline")),
    Place("staff-request-decline-wrong", f"{ONE}/decline", then(request("/decline"), "/decline"), 422),
    Place("staff-request-accept", f"{ONE}/accept", request("/accept")),
    Place("staff-request-accept-wrong", f"{ONE}/accept", then(request("/accept"), "/accept"), 422),
    Place("staff-opinions", "/staff/opinions", see("/staff/opinions")),
    Place("staff-opinions-none", "/staff/opinions", see_nothing("/staff/opinions")),
    Place("staff-packet-opinions", "/staff/packets/<uuid:packet_id>/opinions", opinions),
    Place("staff-opinion-share", "/staff/opinions/<uuid:opinion_id>/share", share),
    Place("staff-accounting", ACCOUNTING, see(ACCOUNTING, Role.PRIVACY_OFFICER)),
    Place(
        "staff-accounting-wrong",
        f"{ACCOUNTING}/search",
        then(see(ACCOUNTING, Role.PRIVACY_OFFICER), "/search", since_month="31", since_day="12", since_year="2026"),
        422,
    ),
    Place("staff-audit", AUDIT, see(AUDIT, Role.PRIVACY_OFFICER)),
    Place("staff-audit-wrong", AUDIT, see(f"{AUDIT}?action=packet.nothing", Role.PRIVACY_OFFICER), 422),
    Place("staff-audit-verified", f"{AUDIT}/verify", then(see(AUDIT, Role.PRIVACY_OFFICER), "/verify")),
    Place("staff-settings-refused", "/staff/settings", see("/staff/settings"), 403),
    Place("staff-members", MEMBERS, of_admins(MEMBERS)),
    Place("staff-member-new", f"{MEMBERS}/new", of_admins(f"{MEMBERS}/new")),
    Place("staff-member-new-wrong", MEMBERS, then(of_admins(f"{MEMBERS}/new"), MEMBERS), 422),
    Place("staff-member", f"{MEMBERS}/<uuid:member_id>", below(MEMBERS)),
    Place("staff-tokens", TOKENS, of_admins(TOKENS)),
    Place("staff-token-new", f"{TOKENS}/new", of_admins(f"{TOKENS}/new")),
    Place("staff-token-new-wrong", TOKENS, then(of_admins(f"{TOKENS}/new"), TOKENS), 422),
    Place("staff-token", f"{TOKENS}/<uuid:token_id>", below(TOKENS)),
    Place("staff-departments", DEPARTMENTS, of_admins(DEPARTMENTS)),
    Place("staff-department", f"{DEPARTMENTS}/<uuid:department_id>", below(DEPARTMENTS)),
    Place("staff-department-new", f"{DEPARTMENTS}/new", of_admins(f"{DEPARTMENTS}/new")),
    Place("staff-department-new-wrong", DEPARTMENTS, then(of_admins(f"{DEPARTMENTS}/new"), DEPARTMENTS), 422),
    Place("staff-shown", "/staff/settings/shown", of_admins("/staff/settings/shown")),
    Place("staff-templates", TEMPLATES, see(TEMPLATES, Role.PRIVACY_OFFICER)),
    Place("staff-template", f"{TEMPLATES}/<language>", below(TEMPLATES)),
)
