"""Which links their recipients are to be reminded of, asked in one statement over all organizations."""

from datetime import datetime

import sqlalchemy
from sqlalchemy import ColumnElement, Text, and_, exists, not_, or_

from transfer_service.adapters.database.tables import links, mail, packets, recipients, releases
from transfer_service.domain.mail import MailKind
from transfer_service.domain.packet import PacketState
from transfer_service.domain.release import ReleaseState


def is_to_be_reminded_of(now: datetime, ending_by: datetime, issued_by: datetime) -> ColumnElement[bool]:
    """Of a link: live and never used, old enough, soon over, its recipient willing and not told yet."""
    return and_(
        links.c.expires_at > now,
        links.c.expires_at <= ending_by,
        links.c.issued_at <= issued_by,
        links.c.redemptions == 0,
        links.c.revoked_at.is_(None),
        _has_a_live_release(now),
        _has_its_packet(),
        _is_of_somebody_willing(),
        not_(_was_reminded_of()),
    )


def _has_a_live_release(now: datetime) -> ColumnElement[bool]:
    its = and_(releases.c.organization_id == links.c.organization_id, releases.c.id == links.c.release_id)
    return exists().where(its, releases.c.state == ReleaseState.SIGNED, releases.c.expires_at > now)


def _has_its_packet() -> ColumnElement[bool]:
    its = and_(packets.c.organization_id == links.c.organization_id, packets.c.id == links.c.packet_id)
    return exists().where(its, packets.c.state == PacketState.CLOSED)


def _is_of_somebody_willing() -> ColumnElement[bool]:
    """As the newest version says; the list of kinds is JSON, and a kind stands in it as text. None: every kind."""
    newer = recipients.alias("newer")
    its = and_(recipients.c.organization_id == links.c.organization_id, recipients.c.id == links.c.recipient_id)
    same = and_(newer.c.organization_id == recipients.c.organization_id, newer.c.id == recipients.c.id)
    is_newest = not_(exists().where(same, newer.c.version > recipients.c.version))
    wanted = sqlalchemy.cast(recipients.c.notify, Text).contains(f'"{MailKind.EXPIRING}"', autoescape=True)
    return exists().where(its, is_newest, or_(recipients.c.notify.is_(None), wanted))


def _was_reminded_of() -> ColumnElement[bool]:
    its = and_(mail.c.organization_id == links.c.organization_id, mail.c.about_id == links.c.id)
    return exists().where(its, mail.c.kind == MailKind.EXPIRING)
