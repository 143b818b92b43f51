"""News: what a release is about that the form which the patient signed before, for a predecessor, was not."""

from dataclasses import dataclass
from datetime import datetime

from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.release import Release
from transfer_service.domain.successor import Changes, changes_between
from transfer_service.ports import Transaction


@dataclass(frozen=True, slots=True, repr=False)
class News:
    """When the former form was signed, and how the files on the two differ."""

    signed_at: datetime
    changes: Changes


def news_of(tx: Transaction, release: Release) -> News | None:
    """Against the newest form that was signed for the nearest predecessor; None where there was none."""
    packet = tx.get(Packet, release.organization_id, release.packet_id)
    while packet.predecessor_id is not None:
        packet = tx.get(Packet, packet.organization_id, packet.predecessor_id)
        signed = _newest_signed(tx, packet)
        if signed is not None:
            former, signed_at = signed
            return News(signed_at, changes_between(_on_the_form(tx, former), _on_the_form(tx, release)))
    return None


def _newest_signed(tx: Transaction, packet: Packet) -> tuple[Release, datetime] | None:
    releases = tx.find(Release, packet.organization_id, packet_id=packet.id)
    signed = [(each, each.signed_at) for each in releases if each.signed_at is not None]
    return max(signed, key=lambda each: each[1], default=None)


def _on_the_form(tx: Transaction, release: Release) -> list[PacketFile]:
    """Every file that goes to anybody."""
    granted = {file_id for grant in release.grants for file_id in grant.file_ids}
    files = tx.find(PacketFile, release.organization_id, packet_id=release.packet_id)
    return [file for file in files if file.id in granted]
