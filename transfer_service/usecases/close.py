"""Close: the content of a packet is fixed, and its manifest is made and signed: the depositor's receipt."""

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from transfer_service.audit.entry import Event, Fact
from transfer_service.domain.manifest import case_document, packet_manifest
from transfer_service.domain.packet import (
    FileState,
    Packet,
    PacketFile,
    PacketState,
    SignedManifest,
    check_may_close,
)
from transfer_service.domain.people import Actor, SystemActor
from transfer_service.domain.policy import check_may_open_packets, check_may_read_packets
from transfer_service.errors import PacketRetired
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.manifest import SigningKey, canonical, salted_digest
from transfer_service.usecases.one_by_one import OneByOne
from transfer_service.usecases.reach import owned_packet, seen_packet

SALT_BYTES = 32
CLOSING_AT_ONCE = 100


@dataclass(frozen=True)
class Close:
    """The packet's own department closes; the worker closes what was to close when verified."""

    database: Database
    signing_key: SigningKey
    _one_by_one: OneByOne = field(default_factory=OneByOne, repr=False)

    def close(self, actor: Actor, packet_id: UUID, now: datetime, *, when_verified: bool) -> Packet:
        """Closed, or closing where files are still being verified and ``when_verified``.

        PacketEmpty, FilesUnverified, PacketRetired. Closing again what is closed answers with it.
        """
        staff = check_may_open_packets(actor)
        with self.database.changing() as tx:
            packet = owned_packet(tx, staff, packet_id)
            if packet.state is PacketState.CLOSED or (packet.state is PacketState.CLOSING and when_verified):
                return packet
            if packet.state is PacketState.RETIRED:
                raise PacketRetired
            files = tx.find(PacketFile, packet.organization_id, packet_id=packet.id)
            if when_verified and _only_waits_for_verification(files):
                return self._wait(tx, staff, packet, now)
            check_may_close(files)
            return self.fix(tx, staff, packet, files, now)

    def settle(self, now: datetime) -> int:
        """Close every closing packet whose files are all verified, open again what has one rejected; how many.

        Nothing is locked while there is none. What fails is raised when the others are done.
        """
        with self.database.reading() as tx:
            ready = tx.packets_to_settle(CLOSING_AT_ONCE)
        return self._one_by_one.do(ready, lambda packet: self._settle(packet, now))

    def manifest(self, actor: Actor, packet_id: UUID) -> SignedManifest:
        """The signed packet manifest; PacketNotClosed."""
        staff = check_may_read_packets(actor)
        with self.database.reading() as tx:
            return seen_packet(tx, staff, packet_id).signed_manifest()

    def _wait(self, tx: Transaction, actor: Actor, packet: Packet, now: datetime) -> Packet:
        packet = replace(packet.moved(PacketState.CLOSING), written_at=now)
        tx.save(Event("packet.closing", actor, now, {"packet": packet.id}), packet)
        return packet

    def _settle(self, found: Packet, now: datetime) -> bool:
        with self.database.changing() as tx:
            packet = tx.get(Packet, found.organization_id, found.id)
            if packet.state is not PacketState.CLOSING:
                return False  # it was listed before another worker, or the department, was faster
            files = tx.find(PacketFile, packet.organization_id, packet_id=packet.id)
            worker = SystemActor(packet.organization_id, "worker")
            if FileState.REJECTED in {file.state for file in files}:
                reopened = packet.moved(PacketState.OPEN)
                tx.save(Event("packet.reopened", worker, now, {"packet": packet.id}), reopened)
            else:
                check_may_close(files)
                self.fix(tx, worker, packet, files, now)
        return True

    def fix(self, tx: Transaction, actor: Actor, packet: Packet, files: list[PacketFile], now: datetime) -> Packet:
        """Close it with exactly these files, which the caller has checked."""
        salt = secrets.token_bytes(SALT_BYTES)
        document = packet_manifest(packet, files, salted_digest(salt, case_document(packet.case)), now)
        signed = SignedManifest(document, self.signing_key.sign(document), self.signing_key.key_id)
        packet = replace(
            packet.moved(PacketState.CLOSED), case_salt=salt, manifest=signed, closed_at=now, written_at=now
        )
        facts: dict[str, Fact] = {"files": len(files), "manifest_sha256": manifest_digest(signed)}
        tx.save(Event("packet.closed", actor, now, {"packet": packet.id}, facts), packet)
        return packet


def _only_waits_for_verification(files: list[PacketFile]) -> bool:
    states = {FileState.VERIFYING if file.is_being_carried else file.state for file in files}
    return FileState.VERIFYING in states and states <= {FileState.VERIFYING, FileState.VERIFIED}


def manifest_digest(manifest: SignedManifest) -> str:
    """SHA-256 (hex) of the manifest's canonical JSON: what releases bind."""
    return hashlib.sha256(canonical(manifest.document)).hexdigest()
