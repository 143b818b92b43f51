"""A database with many packets, in equal parts of every kind of wait, written by the service's own transactions."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from transfer_service.adapters.database import SqlDatabase, migrate
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.audit.entry import Event
from transfer_service.domain.link import Link, Redemption, Verification
from transfer_service.domain.opinion import Conclusion, Opinion, OpinionState, Reply
from transfer_service.domain.packet import Case, FileKind, FileState, Packet, PacketFile, PacketState, Specimen
from transfer_service.domain.people import Patient, Recipient, RecipientKind, Role, StaffActor, SystemActor
from transfer_service.domain.release import Basis, Form, Grant, Release, ReleaseState
from transfer_service.domain.waiting import Awaited
from transfer_service.usecases.enrol import Enrol

AT_ONCE = 500
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ENDS = BEGAN + 900 * DAY
NOW = BEGAN + 366 * DAY

_STATES = {
    Awaited.REJECTED_FILE: PacketState.OPEN,
    Awaited.FILES: PacketState.OPEN,
    Awaited.CARRYING: PacketState.OPEN,
    Awaited.VERIFICATION: PacketState.CLOSING,
    Awaited.CLOSE: PacketState.OPEN,
    Awaited.ENDED: PacketState.RETIRED,
}
_FILES = {
    Awaited.REJECTED_FILE: FileState.REJECTED,
    Awaited.CARRYING: FileState.RECEIVING,
    Awaited.VERIFICATION: FileState.VERIFYING,
}
_LINKED = (Awaited.REDEMPTION, Awaited.OPINION, Awaited.SHARING, Awaited.NOTHING)
_RELEASES = {
    Awaited.CONFIRMATION: ReleaseState.AWAITING_CONFIRMATION,
    Awaited.SIGNATURE: ReleaseState.REQUESTED,
    **dict.fromkeys((Awaited.LINK, *_LINKED), ReleaseState.SIGNED),
}


@dataclass(frozen=True)
class Filled:
    """The database, who asks it, and when which packets were opened that the coordinator lists, the oldest first."""

    database: SqlDatabase
    coordinator: StaffActor
    officer: StaffActor
    listed: list[tuple[datetime, UUID]]


@dataclass(frozen=True)
class Hospital:
    """One organization, the department of most packets, another one, and the recipient of all releases."""

    id: UUID
    pathology: UUID
    radiology: UUID
    recipient: Recipient

    def acting(self, role: Role) -> StaffActor:
        """Somebody of pathology."""
        return StaffActor(self.id, self.pathology, uuid4(), uuid4(), role)


def filled(url: str, folder: Path, packets: int) -> Filled:
    """So many packets, spread over a year, in an empty database. A tenth are radiology's."""
    keyring = LocalKeyring.create(folder / f"keyring-{uuid4()}.json")
    migrate(url)
    database = SqlDatabase(url, keyring)
    hospital = _hospital(database, Enrol(database, keyring))
    listed: list[tuple[datetime, UUID]] = []
    for start in range(0, packets, AT_ONCE):
        things: dict[type, list[Any]] = {}
        for number in range(start, min(packets, start + AT_ONCE)):
            for thing in _things(hospital, number, BEGAN + number * 365 * DAY / packets):
                things.setdefault(type(thing), []).append(thing)
        with database.changing() as tx:
            event = Event("packet.opened", SystemActor(hospital.id, "worker"), BEGAN, {})
            tx.save(event, *(thing for alike in things.values() for thing in alike))
        listed += [(it.created_at, it.id) for it in things[Packet] if it.department_id == hospital.pathology]
    return Filled(database, hospital.acting(Role.COORDINATOR), hospital.acting(Role.PRIVACY_OFFICER), listed)


def _hospital(database: SqlDatabase, enrol: Enrol) -> Hospital:
    organization = enrol.create_organization("St. Agatha", BEGAN)
    pathology, radiology = (
        enrol.create_department(organization.id, name, "+1 555 0111", BEGAN).id for name in ("Pathology", "Radiology")
    )
    recipient = Recipient(
        id=uuid4(),
        organization_id=organization.id,
        version=1,
        name="Dr. R. Viewer",
        email="viewer@review.test",
        organization="Breast Review Service",
        specialty="breast pathology",
        kind=RecipientKind.PERSON,
        credentials=("MD",),
        accreditations=(),
        created_at=BEGAN,
    )
    with database.changing() as tx:
        tx.save(Event("recipient.added", SystemActor(organization.id, "worker"), BEGAN, {}), recipient)
    return Hospital(organization.id, pathology, radiology, recipient)


def _things(hospital: Hospital, number: int, at: datetime) -> Iterator[Any]:
    """A packet, and all that makes it wait for what its number says."""
    awaited = [*Awaited][number % len(Awaited)]
    packet = _packet(hospital, number, _STATES.get(awaited, PacketState.CLOSED), at)
    yield packet
    if packet.state is not PacketState.RETIRED and awaited is not Awaited.FILES:
        yield _file(packet, awaited, at)
    if awaited in _RELEASES:
        release = _release(hospital, packet, _RELEASES[awaited], at)
        yield release
        if awaited in _LINKED:
            yield from _linked(release, awaited, at)


def _packet(hospital: Hospital, number: int, state: PacketState, at: datetime) -> Packet:
    patient = Patient("Ada Example", date(1961, 2, 3), f"MRN-{number // 3}", "ada@patient.test", "+1 555 0100", "en")
    case = Case(f"S26-{number}", patient, "Is there invasion?", specimens=(Specimen("A1"), Specimen("A2")))
    return Packet(
        id=uuid4(),
        organization_id=hospital.id,
        department_id=hospital.pathology if number % 10 else hospital.radiology,
        contributing_department_ids=(),
        state=state,
        case=case,
        note=None,
        created_at=at,
        created_by=uuid4(),
        written_at=at,
        wrapped_key=secrets.token_bytes(60),
        closed_at=at if state is PacketState.CLOSED else None,
        retired_at=at if state is PacketState.RETIRED else None,
    )


def _file(packet: Packet, awaited: Awaited, at: datetime) -> PacketFile:
    return PacketFile(
        id=uuid4(),
        organization_id=packet.organization_id,
        packet_id=packet.id,
        path="slides/A1.svs",
        kind=FileKind.SLIDE,
        media_type=None,
        size_bytes=1,
        part_bytes=1,
        part_count=1,
        state=_FILES.get(awaited, FileState.VERIFIED),
        created_at=at,
        completed_at=at,
        carried_from=packet.id if awaited is Awaited.CARRYING else None,
    )


def _release(hospital: Hospital, packet: Packet, state: ReleaseState, at: datetime) -> Release:
    return Release(
        id=uuid4(),
        organization_id=packet.organization_id,
        packet_id=packet.id,
        state=state,
        basis=Basis.AUTHORIZATION,
        grants=(Grant(hospital.recipient.id, 1, (uuid4(),)),),
        purpose="Second opinion",
        expires_at=ENDS,
        manifest_sha256="12" * 32,
        form=Form("authorization/2", "en", "I, Ada Example, authorize …", "ef" * 32),
        email="ada@patient.test",
        secret_hash=secrets.token_bytes(32),
        requested_at=at,
        requested_by=uuid4(),
        signed_at=at if state is ReleaseState.SIGNED else None,
    )


def _linked(release: Release, awaited: Awaited, at: datetime) -> Iterator[Any]:
    is_redeemed = awaited is not Awaited.REDEMPTION
    link = Link(
        id=uuid4(),
        organization_id=release.organization_id,
        packet_id=release.packet_id,
        release_id=release.id,
        recipient_id=release.grants[0].recipient_id,
        secret_hash=secrets.token_bytes(32),
        verification=Verification.EMAIL_CODE,
        passcode=None,
        issued_at=at,
        issued_by=uuid4(),
        expires_at=ENDS - DAY,
        max_redemptions=None,
        redemptions=int(is_redeemed),
    )
    yield link
    if is_redeemed:
        yield Redemption(uuid4(), link.organization_id, link.id, uuid4(), at)
    if awaited in {Awaited.SHARING, Awaited.NOTHING}:
        yield _opinion(link, at, shared_at=at if awaited is Awaited.NOTHING else None)


def _opinion(link: Link, at: datetime, shared_at: datetime | None) -> Opinion:
    return Opinion(
        id=link.packet_id,  # any packet's, for its files are not asked for
        organization_id=link.organization_id,
        packet_id=link.packet_id,
        release_id=link.release_id,
        recipient_id=link.recipient_id,
        recipient_version=1,
        state=OpinionState.SENT,
        begun_at=at,
        reply=Reply(Conclusion.CONCORDANT),
        sent_at=at,
        shared_at=shared_at,
    )
