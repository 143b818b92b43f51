"""Tell the patient what happened to their packet, from the releases, links and disclosures that are kept of it."""

from dataclasses import dataclass
from datetime import datetime

from transfer_service.domain.accounting import AccountQuery
from transfer_service.domain.link import Link
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Actor, Recipient
from transfer_service.domain.policy import check_is_patient
from transfer_service.domain.release import Grant, Release
from transfer_service.domain.story import Happening, Past, story
from transfer_service.ports import Database, Transaction
from transfer_service.usecases.account_lines import all_account_lines


@dataclass(frozen=True)
class Tell:
    """For the patient alone: staff have the account and the audit log."""

    database: Database

    def story(self, actor: Actor, now: datetime) -> list[Happening]:
        """All that happened to the packet whose release the patient holds, oldest first."""
        patient = check_is_patient(actor)
        with self.database.reading() as tx:
            held = tx.get(Release, patient.organization_id, patient.release_id)
            return story(_past(tx, tx.get(Packet, held.organization_id, held.packet_id)), now)


def _past(tx: Transaction, packet: Packet) -> Past:
    releases = tx.find(Release, packet.organization_id, packet_id=packet.id)
    links = tx.find(Link, packet.organization_id, packet_id=packet.id)
    under = {release.id: release for release in releases}
    return Past(
        packet=packet,
        releases=[(each, tuple(_named(tx, each, grant) for grant in each.grants)) for each in releases],
        links=[(link, under[link.release_id], _holder(tx, under[link.release_id], link)) for link in links],
        lines=list(all_account_lines(tx, packet.organization_id, AccountQuery(packet_id=packet.id))),
    )


def _named(tx: Transaction, release: Release, grant: Grant) -> Recipient:
    return tx.recipient_version(release.organization_id, grant.recipient_id, grant.recipient_version)


def _holder(tx: Transaction, release: Release, link: Link) -> Recipient:
    return _named(tx, release, release.grant_to(link.recipient_id))
