"""What members of staff see of their packets: the overview, the list, and one packet in each of its states."""

from collections.abc import Callable

from tests.browser.gallery import Gallery
from tests.browser.guest import Guest
from tests.browser.place import Place
from tests.stages import Stage
from transfer_service.domain.people import Role

LIST, NEW, SEARCH, PACKET = (
    "/staff/packets",
    "/staff/packets/new",
    "/staff/packets/search",
    "/staff/packets/<uuid:packet_id>",
)


def see(path: str, role: Role = Role.COORDINATOR) -> Callable[[Guest], None]:
    """That page, where there is something in every state."""

    def reach(guest: Guest) -> None:
        guest.gallery.everything()
        guest.as_staff(role, path)

    return reach


def see_nothing(path: str) -> Callable[[Guest], str]:
    """The same in a department that has just been made."""
    return lambda guest: guest.as_newcomer(Role.COORDINATOR, path)


def look_for(number: str) -> Callable[[Guest], None]:
    def reach(guest: Guest) -> None:
        see(LIST)(guest)
        guest.send("/search", number=number)

    return reach


def packet(stage: Callable[[Gallery], Stage], below: str = "", role: Role = Role.COORDINATOR) -> Callable[[Guest], str]:
    return lambda guest: guest.as_staff(role, f"/staff/packets/{stage(guest.gallery).packet.id}{below}")


def open_nothing(guest: Guest) -> None:
    guest.as_staff(Role.COORDINATOR, NEW)
    guest.send(NEW, at_once=True)


def close_too_late(guest: Guest) -> None:
    """Somebody else has retired it meanwhile."""
    stages = guest.gallery.now()
    stage = stages.verified()
    packet(lambda _: stage)(guest)
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    guest.send("/close")


def retire_unsure(guest: Guest) -> None:
    packet(lambda gallery: gallery.closed, "/retire")(guest)
    guest.send("")


PACKETS = (
    Place("staff-overview", "/staff", see("/staff")),
    Place("staff-overview-of-privacy-officers", "/staff", see("/staff", Role.PRIVACY_OFFICER)),
    Place("staff-overview-of-admins", "/staff", see("/staff", Role.ADMIN)),
    Place("staff-overview-empty", "/staff", see_nothing("/staff")),
    Place("staff-packets", LIST, see(LIST)),
    Place("staff-packets-of-privacy-officers", LIST, see(LIST, Role.PRIVACY_OFFICER)),
    Place("staff-packets-longest-first", LIST, see(f"{LIST}?order=longest&waits_for=signature")),
    Place("staff-packets-empty", LIST, see_nothing(LIST)),
    Place("staff-packets-found", SEARCH, look_for("S26-1234")),
    Place("staff-packets-not-found", SEARCH, look_for("S99-0000")),
    Place("staff-packets-looked-for-nothing", SEARCH, look_for(""), 422),
    Place("staff-packet-new", NEW, lambda guest: guest.as_staff(Role.COORDINATOR, NEW)),
    Place("staff-packet-new-wrong", NEW, open_nothing, 422),
    Place("staff-packet-open", PACKET, packet(lambda gallery: gallery.opened)),
    Place("staff-packet-uploading", PACKET, packet(lambda gallery: gallery.uploading)),
    Place("staff-packet-verified", PACKET, packet(lambda gallery: gallery.verified)),
    Place("staff-packet-of-depositors", PACKET, packet(lambda gallery: gallery.verified, role=Role.DEPOSITOR)),
    Place("staff-packet-closed", PACKET, packet(lambda gallery: gallery.closed)),
    Place("staff-packet-retired", PACKET, packet(lambda gallery: gallery.retired)),
    Place(
        "staff-packet-of-privacy-officers", PACKET, packet(lambda gallery: gallery.signed, role=Role.PRIVACY_OFFICER)
    ),
    Place("staff-packet-retire", f"{PACKET}/retire", packet(lambda gallery: gallery.closed, "/retire")),
    Place("staff-packet-retire-unsure", f"{PACKET}/retire", retire_unsure, 422),
    Place("staff-packet-not-closed", f"{PACKET}/close", close_too_late, 409),
    Place(
        "staff-packet-unknown",
        PACKET,
        lambda guest: guest.as_staff(Role.COORDINATOR, "/staff/packets/00000000-0000-4000-8000-000000000000"),
        404,
    ),
)
