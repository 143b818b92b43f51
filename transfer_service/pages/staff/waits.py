"""How pages say what a packet waits for, on whom, and for how long."""

from datetime import datetime, timedelta

from flask import Blueprint

from transfer_service.domain.packet import PacketState
from transfer_service.domain.waiting import Awaited, Party
from transfer_service.edge.calls import now
from transfer_service.pages.language import words
from transfer_service.wording import N_

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

_AWAITED = {
    Awaited.REJECTED_FILE: N_("A rejected file to be sent again"),
    Awaited.FILES: N_("Files to be sent"),
    Awaited.CARRYING: N_("Files to be carried over"),
    Awaited.VERIFICATION: N_("Files to be verified"),
    Awaited.CLOSE: N_("To be closed"),
    Awaited.CONFIRMATION: N_("A paper form to be confirmed"),
    Awaited.SHARING: N_("An opinion to be shared with the patient"),
    Awaited.LINK: N_("A link to be issued"),
    Awaited.RELEASE: N_("A release to be asked for"),
    Awaited.SIGNATURE: N_("The patient's signature"),
    Awaited.REDEMPTION: N_("The recipient to fetch the files"),
    Awaited.OPINION: N_("The recipient's opinion"),
    Awaited.NOTHING: N_("Nothing more"),
    Awaited.ENDED: N_("Nothing, it is retired"),
}
_PARTIES = {
    Party.DEPARTMENT: N_("Department"),
    Party.PATIENT: N_("Patient"),
    Party.RECIPIENT: N_("Recipient"),
    Party.SERVICE: N_("This service"),
    Party.NOBODY: N_("Nobody"),
}
_STATES = {
    PacketState.OPEN: N_("Open"),
    PacketState.CLOSING: N_("Closing"),
    PacketState.CLOSED: N_("Closed"),
    PacketState.RETIRED: N_("Retired"),
}


def say_waits(blueprint: Blueprint) -> None:
    """Give every template the filters ``awaited``, ``party``, ``packet_state`` and ``age``."""
    for filter_ in (awaited, party, packet_state, age):
        blueprint.add_app_template_filter(filter_)


def awaited(awaited: Awaited) -> str:
    """What is waited for."""
    return words().gettext(_AWAITED[awaited])


def party(party: Party) -> str:
    """On whom."""
    return words().gettext(_PARTIES[party])


def packet_state(state: PacketState) -> str:
    """Where the packet is in its life."""
    return words().gettext(_STATES[state])


def age(since: datetime) -> str:
    """How long it has been, in the largest unit that is not nothing."""
    passed = now() - since
    if passed < HOUR:
        return words().gettext(N_("under an hour"))
    if passed < DAY:
        return words().plural("%(count)s hour", "%(count)s hours", passed // HOUR)
    return words().plural("%(count)s day", "%(count)s days", passed // DAY)
