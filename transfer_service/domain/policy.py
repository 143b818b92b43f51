"""Every "may this actor do this": one function a question, each raising where the answer is no.

A foreign packet is NotFound, the same as an unknown one. NotAllowed is for what the role never may.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from transfer_service.domain.link import Link
from transfer_service.domain.opinion import Opinion
from transfer_service.domain.packet import Packet, PacketKind
from transfer_service.domain.people import (
    OPERATOR,
    Actor,
    PatientActor,
    Recipient,
    RecipientActor,
    Role,
    ServiceActor,
    StaffActor,
    SystemActor,
)
from transfer_service.domain.release import Release
from transfer_service.errors import NotAllowed, NotFound, RecipientChanged

DEPOSITORS = frozenset({Role.DEPOSITOR, Role.COORDINATOR})
COORDINATORS = frozenset({Role.COORDINATOR})
OVERSEERS = frozenset({Role.COORDINATOR, Role.PRIVACY_OFFICER})
READERS = frozenset({Role.DEPOSITOR, Role.COORDINATOR, Role.PRIVACY_OFFICER})
PRIVACY = frozenset({Role.PRIVACY_OFFICER})
APPROVERS = frozenset({Role.PRIVACY_OFFICER, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})


def _staff(actor: Actor, roles: frozenset[Role]) -> StaffActor:
    if not isinstance(actor, StaffActor) or actor.role not in roles:
        raise NotAllowed
    return actor


def _sees(actor: StaffActor, packet: Packet, *, as_contributor: bool) -> bool:
    if actor.organization_id != packet.organization_id:
        return False
    if actor.role is Role.PRIVACY_OFFICER or actor.department_id == packet.department_id:
        return True
    return as_contributor and actor.department_id in packet.contributing_department_ids


def _rule(roles: frozenset[Role]) -> Callable[[Actor], StaffActor]:
    def check(actor: Actor) -> StaffActor:
        return _staff(actor, roles)

    return check


check_may_open_packets = _rule(DEPOSITORS)
check_may_read_packets = _rule(READERS)
check_may_keep_contacts = _rule(DEPOSITORS)
check_may_read_slide_requests = _rule(READERS)
check_may_decide_slide_requests = _rule(DEPOSITORS)
check_may_keep_recipients = _rule(COORDINATORS)
check_may_read_recipients = _rule(OVERSEERS)
check_may_ask_releases = _rule(COORDINATORS)
check_may_oversee_releases = _rule(OVERSEERS)
check_may_read_templates = _rule(frozenset(Role))
check_may_approve_templates = _rule(APPROVERS)
check_may_account = _rule(OVERSEERS)
check_may_account_for_all = _rule(PRIVACY)
check_may_read_audit = _rule(PRIVACY)
check_may_retire = _rule(OVERSEERS)
check_may_retire_now = _rule(PRIVACY)
check_may_read_opinions = _rule(OVERSEERS)
check_may_receive_opinions = _rule(COORDINATORS)


def is_allowed(check: Callable[[], object]) -> bool:
    """Whether a check lets pass: for pages, which offer nobody what would be refused."""
    try:
        check()
    except (NotAllowed, NotFound):
        return False
    return True


def check_may_administer(actor: Actor) -> None:
    """NotAllowed for everyone but admins, and operators at their command line."""
    if not (isinstance(actor, SystemActor) and actor.name == OPERATOR):
        _staff(actor, ADMINS)


def check_sees(actor: StaffActor, packet: Packet) -> None:
    """NotFound unless the packet is a case of the actor's department, or it contributes, or they oversee all."""
    if packet.kind is not PacketKind.CASE or not _sees(actor, packet, as_contributor=True):
        raise NotFound


def check_owns(actor: StaffActor, packet: Packet) -> None:
    """NotFound unless the packet is a case of the actor's own department, or they oversee all."""
    if packet.kind is not PacketKind.CASE:
        raise NotFound
    check_keeps(actor, packet)


def check_keeps(actor: StaffActor, packet: Packet) -> None:
    """The same of a packet of any kind: what may end one, and what came back."""
    if not _sees(actor, packet, as_contributor=False):
        raise NotFound


def hears_of_releases(actor: StaffActor, packet: Packet) -> bool:
    """Whether, of a packet that they see, they may know too whom it went to: those who oversee its releases."""
    return actor.role in OVERSEERS and _sees(actor, packet, as_contributor=False)


def check_serves(actor: StaffActor, department_id: UUID) -> None:
    """NotFound unless it is the actor's own department, or they oversee all."""
    if sees_departments(actor) not in {None, department_id}:
        raise NotFound


def sees_departments(actor: StaffActor) -> UUID | None:
    """The one department whose packets the actor lists, or None for the whole organization."""
    return None if actor.role is Role.PRIVACY_OFFICER else actor.department_id


def check_is_patient(actor: Actor) -> PatientActor:
    """NotAllowed for everyone but patients."""
    if not isinstance(actor, PatientActor):
        raise NotAllowed
    return actor


def check_is_patient_of(actor: Actor, release_id: UUID) -> PatientActor:
    """NotAllowed for everyone but patients; NotFound for another patient's release."""
    patient = check_is_patient(actor)
    if patient.release_id != release_id:
        raise NotFound
    return patient


def check_is_recipient(actor: Actor) -> RecipientActor:
    """NotAllowed for everyone but a recipient inside a redemption: no staff role downloads what it released."""
    if not isinstance(actor, RecipientActor):
        raise NotAllowed
    return actor


def check_is_service(actor: Actor) -> ServiceActor:
    """NotAllowed for everyone but a review service with its own token."""
    if not isinstance(actor, ServiceActor):
        raise NotAllowed
    return actor


def check_is_still(recipient: Recipient, read: Recipient) -> None:
    """RecipientChanged where the directory has another name, organization or address than the patient read."""
    if not recipient.is_still(read):
        raise RecipientChanged


def check_answers(actor: RecipientActor, opinion: Opinion, link: Link) -> None:
    """NotFound unless the opinion is the recipient's own, under the release of the link that they came by."""
    if (opinion.recipient_id, opinion.release_id) != (actor.recipient_id, link.release_id):
        raise NotFound


def check_live(link: Link, release: Release, packet: Packet, now: datetime) -> None:
    """Whether a link still lets anything leave: it, its release and its packet have not ended.

    LinkRevoked, LinkExpired, ReleaseWithdrawn, ReleaseNotSigned, ReleaseExpired, PacketRetired.
    """
    link.check_live(now)
    release.check_live(now)
    packet.check_closed()
