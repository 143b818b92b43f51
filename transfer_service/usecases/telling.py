"""Telling: who hears by mail of what happened, once each. No PHI, and nothing that opens anything.

Recipients are written to at the address that the patient read, in the language that they now have.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.language import Language, nearest
from transfer_service.domain.link import Link
from transfer_service.domain.mail import Mail, MailKind, Postmark, id_of_the_one
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Recipient
from transfer_service.domain.release import Grant, Release
from transfer_service.ports import Transaction
from transfer_service.usecases.letters import (
    Correspondents,
    about,
    expiring_letter,
    fetched_letter,
    withdrawn_letter,
)


def of_withdrawal(tx: Transaction, release: Release, packet: Packet, now: datetime) -> Iterator[Mail]:
    """To everyone who has what a link under it opened, or holds one that would still open it.

    To nobody whose links were revoked or over before they were used: nothing changes for them.
    """
    for grant in release.grants:
        links = tx.find(Link, release.organization_id, release_id=release.id, recipient_id=grant.recipient_id)
        is_told = _is_told(tx, release.organization_id, MailKind.WITHDRAWN, release.id, grant.recipient_id)
        if not is_told and any(link.matters(now) for link in links):
            mail = withdrawn_letter(_to(tx, packet, grant), now)
            yield mail.once(MailKind.WITHDRAWN, release.id, grant.recipient_id)


def of_fetching(tx: Transaction, disclosure: Disclosure, now: datetime) -> Iterator[Mail]:
    """To the patient who asked for it, when the first file has left whole: once a recipient and release."""
    organization_id, recipient_id = disclosure.organization_id, disclosure.recipient_id
    for release in tx.find(Release, organization_id, id=disclosure.release_id, tells_of_fetching=True):
        if not _is_told(tx, organization_id, MailKind.FETCHED, release.id, recipient_id):
            packet = tx.get(Packet, organization_id, release.packet_id)
            who = about(tx, packet, release.email, nearest(packet.case.patient.language))
            yield fetched_letter(who, now).once(MailKind.FETCHED, release.id, recipient_id)


def of_end(tx: Transaction, link: Link, now: datetime) -> Iterator[Mail]:
    """To the recipient of a link that was not used and will soon end."""
    if _is_told(tx, link.organization_id, MailKind.EXPIRING, link.id, link.recipient_id):
        return
    release = tx.get(Release, link.organization_id, link.release_id)
    packet = tx.get(Packet, link.organization_id, link.packet_id)
    who = _to(tx, packet, release.grant_to(link.recipient_id))
    yield expiring_letter(who, link.expires_at, now).once(MailKind.EXPIRING, link.id, link.recipient_id)


def language_of(tx: Transaction, organization_id: UUID, recipient_id: UUID) -> Language:
    """The recipient's, as the directory has it now."""
    return nearest(tx.get(Recipient, organization_id, recipient_id).language)


def _to(tx: Transaction, packet: Packet, grant: Grant) -> Correspondents:
    organization_id = packet.organization_id
    recipient = tx.recipient_version(organization_id, grant.recipient_id, grant.recipient_version)
    return about(tx, packet, recipient.email, language_of(tx, organization_id, recipient.id))


def _is_told(tx: Transaction, organization_id: UUID, kind: MailKind, about_id: UUID, recipient_id: UUID) -> bool:
    return bool(tx.find(Postmark, organization_id, id=id_of_the_one(kind, about_id, recipient_id)))
