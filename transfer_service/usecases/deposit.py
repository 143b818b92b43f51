"""Deposit: a department opens a packet for one case, plans its files, and says when each has been sent."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.packet import (
    AssemblyIntent,
    Case,
    FileKind,
    FileState,
    Leftover,
    Packet,
    PacketFile,
    PacketKind,
    PacketState,
    Part,
    kind_by_name,
)
from transfer_service.domain.paths import normal_path
from transfer_service.domain.people import Actor, Department
from transfer_service.domain.policy import check_may_open_packets, check_may_read_packets, sees_departments
from transfer_service.errors import (
    DigestMismatch,
    DigestMissing,
    FileTooLarge,
    Invalid,
    NotFound,
    NotNow,
    PartsMissing,
    PathTaken,
)
from transfer_service.ports import Database, Keyring, Slice, Transaction
from transfer_service.sealing.layout import Layout
from transfer_service.usecases.doors import DEPARTMENT, Door
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.reach import file_of, packet_key_context, seen_packet

PARTS_NAMED = 1000


@dataclass(frozen=True, slots=True, repr=False)
class PacketDraft:
    """A packet as the department describes it."""

    case: Case
    contributing_department_ids: tuple[UUID, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class FileDraft:
    """A file that is about to come: its relative path, its size in bytes, and its SHA-256 (hex) where known.

    Without a ``kind`` it is what its path's ending says.
    """

    path: str
    size_bytes: int
    kind: FileKind | None = None
    sha256: str | None = None
    media_type: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PacketView:
    """A packet with its files, oldest first."""

    packet: Packet
    files: list[PacketFile]


@dataclass(frozen=True)
class Deposit:
    """Who may put things in, and who may look, is for the door to say."""

    database: Database
    keyring: Keyring
    limits: Limits
    door: Door = DEPARTMENT

    def open_packet(self, actor: Actor, draft: PacketDraft, now: datetime) -> Packet:
        """A new, empty packet of the actor's department, with a key of its own."""
        staff = check_may_open_packets(actor)
        packet_id = uuid4()
        _, wrapped = self.keyring.generate(packet_key_context(staff.organization_id, packet_id))
        packet = Packet(
            id=packet_id,
            organization_id=staff.organization_id,
            department_id=staff.department_id,
            contributing_department_ids=tuple(dict.fromkeys(draft.contributing_department_ids)),
            state=PacketState.OPEN,
            case=draft.case,
            note=draft.note,
            created_at=now,
            created_by=staff.staff_id,
            written_at=now,
            wrapped_key=wrapped,
        )
        with self.database.changing() as tx:
            self._check_departments(tx, packet)
            tx.save(Event("packet.opened", staff, now, {"packet": packet.id}), packet)
        return packet

    def packet(self, actor: Actor, packet_id: UUID) -> PacketView:
        """One packet with its files; NotFound."""
        staff = check_may_read_packets(actor)
        with self.database.reading() as tx:
            packet = seen_packet(tx, staff, packet_id)
            return PacketView(packet, tx.find(PacketFile, packet.organization_id, packet_id=packet.id))

    def packets(self, actor: Actor, *, limit: int, cursor: str | None = None, **equals: object) -> Slice[Packet]:
        """The cases that the department has or contributes to, newest first.

        ``equals``: state, record_number, accession_number.
        """
        staff = check_may_read_packets(actor)
        department = sees_departments(staff)
        if department is not None:
            equals["seen_by"] = department
        with self.database.reading() as tx:
            return tx.page(Packet, staff.organization_id, limit=limit, cursor=cursor, of_kind=PacketKind.CASE, **equals)

    def add_file(self, actor: Actor, packet_id: UUID, draft: FileDraft, now: datetime) -> PacketFile:
        """Plan a file: PathInvalid, PathTaken, FileTooLarge, PacketNotOpen."""
        with self.database.changing() as tx:
            packet = self.door.filled(tx, actor, packet_id)
            packet.check_open()
            file = planned(packet, draft, self.limits, now)
            if tx.find(PacketFile, packet.organization_id, packet_id=packet.id, path=file.path):
                raise PathTaken
            tx.save(file_event("file.planned", actor, file, now), file, replace(packet, written_at=now))
        return file

    def file(self, actor: Actor, packet_id: UUID, file_id: UUID) -> PacketFile:
        """One file of one packet; NotFound."""
        with self.database.reading() as tx:
            return file_of(tx, self.door.looked_into(tx, actor, packet_id), file_id)

    def parts(self, actor: Actor, packet_id: UUID, file_id: UUID) -> list[Part]:
        """The parts that have arrived, by number; none of a rejected file, which is to be sent anew."""
        with self.database.reading() as tx:
            file = file_of(tx, self.door.looked_into(tx, actor, packet_id), file_id)
            if file.state is FileState.REJECTED:
                return []
            return tx.find(Part, file.organization_id, file_id=file.id)

    def delete_file(self, actor: Actor, packet_id: UUID, file_id: UUID, now: datetime) -> None:
        """Take a file out of an open packet; PacketNotOpen."""
        with self.database.changing() as tx:
            packet = self.door.filled(tx, actor, packet_id)
            packet.check_open()
            file = file_of(tx, packet, file_id)
            drop_file(tx, file, self.limits, now)
            tx.save(file_event("file.deleted", actor, file, now), replace(packet, written_at=now))

    def complete(self, actor: Actor, packet_id: UUID, file_id: UUID, sha256: str | None, now: datetime) -> PacketFile:
        """Say that every part was sent; reading back begins. PartsMissing, DigestMissing, DigestMismatch.

        Repeated, it answers with the file as it is; with another digest it is refused.
        """
        with self.database.changing() as tx:
            packet = self.door.filled(tx, actor, packet_id)
            file = file_of(tx, packet, file_id)
            if file.state is not FileState.RECEIVING:
                return _same_again(file, sha256)
            packet.check_open()
            file.check_receiving()
            tx.keep(replace(packet, written_at=now))
            return begin_verifying(tx, actor, file, sha256, now)

    def _check_departments(self, tx: Transaction, packet: Packet) -> None:
        for department_id in packet.contributing_department_ids:
            try:
                tx.get(Department, packet.organization_id, department_id)
            except NotFound:
                raise Invalid("A contributing department is not one of this organization's.") from None


def planned(packet: Packet, draft: FileDraft, limits: Limits, now: datetime) -> PacketFile:
    """The file that a draft becomes in that packet; PathInvalid, FileTooLarge."""
    if draft.size_bytes > limits.file_bytes:
        raise FileTooLarge(limit=limits.file_bytes)
    layout = Layout.for_size(draft.size_bytes)
    return PacketFile(
        id=uuid4(),
        organization_id=packet.organization_id,
        packet_id=packet.id,
        path=normal_path(draft.path),
        kind=draft.kind or kind_by_name(draft.path),
        media_type=draft.media_type,
        size_bytes=draft.size_bytes,
        part_bytes=layout.part_bytes,
        part_count=layout.part_count,
        state=FileState.RECEIVING,
        created_at=now,
        declared_sha256=draft.sha256,
    )


def begin_verifying(tx: Transaction, actor: Actor, file: PacketFile, sha256: str | None, now: datetime) -> PacketFile:
    """The exact list of parts is fixed here; whoever assembles the file sends this list and no other.

    PartsMissing, DigestMissing, DigestMismatch. A file that was rejected before may be declared another digest:
    the former may have been the slip.
    """
    parts = tx.find(Part, file.organization_id, file_id=file.id)
    missing = sorted(set(range(1, file.part_count + 1)) - {part.number for part in parts})
    if missing:
        raise PartsMissing(parts=missing[:PARTS_NAMED], missing=len(missing))
    first = not tx.find(AssemblyIntent, file.organization_id, file_id=file.id)
    if first and sha256 and file.declared_sha256 and sha256 != file.declared_sha256:
        raise DigestMismatch("The digest is not the one that was declared when the file was planned.")
    declared = sha256 or file.declared_sha256
    if declared is None and any(part.sha256 is None for part in parts):
        raise DigestMissing
    file = replace(file, state=FileState.VERIFYING, declared_sha256=declared, completed_at=now)
    intent = AssemblyIntent(
        file.organization_id, file.id, tuple((part.number, part.etag) for part in parts), attempt=1, made_at=now
    )
    tx.save(file_event("file.completed", actor, file, now), file, intent)
    return file


def drop_file(tx: Transaction, file: PacketFile, limits: Limits, now: datetime) -> None:
    """Remove a file's rows; its object is swept."""
    let_go(tx, file, limits, now)
    tx.drop(file)


def let_go(tx: Transaction, file: PacketFile, limits: Limits, now: datetime) -> None:
    """Leave the file's object, where it has one, to be swept.

    Not at once where an upload was never seen to end: a part or its completion that is still under way would make
    something that nobody knows of any more.
    """
    if file.object_key is not None:
        tx.keep(Leftover(file.object_key, now if file.upload_id is None else now + limits.leftover_for))


def file_event(action: str, actor: Actor, file: PacketFile, now: datetime, **facts: str | int) -> Event:
    """What happened to a file, as the audit log has it: its path is not said."""
    facts = {"size_bytes": file.size_bytes, **facts}
    return Event(action, actor, now, {"packet": file.packet_id, "file": file.id}, facts)


def _same_again(file: PacketFile, sha256: str | None) -> PacketFile:
    if sha256 is not None and sha256 != (file.declared_sha256 or file.sha256):
        raise NotNow("The file was completed with another digest, or with none and is still being read back.")
    return file
