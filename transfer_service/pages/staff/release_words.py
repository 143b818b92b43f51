"""What the states of releases and links are called, and what is said where one can't be asked for or issued."""

from typing import Any

from transfer_service.domain.link import LinkState, Verification
from transfer_service.domain.mail import MailState
from transfer_service.domain.release import EXPIRED, Medium, ReleaseState
from transfer_service.wording import N_

RELEASE_STATES = {
    ReleaseState.REQUESTED: N_("Waits for the patient"),
    ReleaseState.AWAITING_CONFIRMATION: N_("Waits for confirmation"),
    ReleaseState.SIGNED: N_("Signed"),
    ReleaseState.ATTESTED: N_("For treatment"),
    ReleaseState.WITHDRAWN: N_("Withdrawn"),
    EXPIRED: N_("Expired"),
}
RELEASE_BADGES = {
    ReleaseState.REQUESTED: "wait",
    ReleaseState.AWAITING_CONFIRMATION: "wait",
    ReleaseState.SIGNED: "good",
    ReleaseState.ATTESTED: "good",
    ReleaseState.WITHDRAWN: "over",
    EXPIRED: "quiet",
}
LINK_STATES = {
    LinkState.LIVE: N_("Works"),
    LinkState.REVOKED: N_("Revoked"),
    LinkState.WITHDRAWN: N_("Release withdrawn"),
    LinkState.RETIRED: N_("Packet retired"),
    LinkState.EXPIRED: N_("Expired"),
    LinkState.LOCKED: N_("Locked after wrong answers"),
    LinkState.USED_UP: N_("Used up"),
    LinkState.RECIPIENT_CHANGED: N_("Recipient changed since"),
}
LINK_BADGES = {LinkState.LIVE: "good", LinkState.LOCKED: "over", LinkState.RECIPIENT_CHANGED: "over"}
VERIFICATIONS = {
    Verification.EMAIL_CODE: N_("Code by e-mail"),
    Verification.PASSCODE: N_("Passcode"),
    Verification.SERVICE_TOKEN: N_("The service's own token"),
}
LETTERS = {
    MailState.WAITING: N_("Waits to be sent since %(when)s"),
    MailState.SENT: N_("Sent on %(when)s"),
    MailState.REFUSED: N_("Refused by the mail server on %(when)s"),
}
TOLD_BY = {Medium.PHONE: N_("By phone"), Medium.PAPER: N_("In writing"), Medium.IN_PERSON: N_("In person")}
WITHDRAWN_HOW = {Medium.PAGE: N_("on the patient's page"), **TOLD_BY}

#: What a template needs to call things by their names.
NAMES: dict[str, Any] = {
    "release_states": RELEASE_STATES,
    "release_badges": RELEASE_BADGES,
    "link_states": LINK_STATES,
    "link_badges": LINK_BADGES,
    "verifications": VERIFICATIONS,
    "letters": LETTERS,
    "told_by": TOLD_BY,
    "withdrawn_how": WITHDRAWN_HOW,
}
