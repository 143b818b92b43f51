"""Disclosures with what they refer to: each recipient, file and release is read once, however often it is named."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from transfer_service.domain.accounting import AccountLine, AccountQuery
from transfer_service.domain.disclosure import Disclosure, Receipt
from transfer_service.domain.packet import PacketFile
from transfer_service.domain.people import Recipient
from transfer_service.domain.release import Release
from transfer_service.ports import Transaction

#: How many are read at once where all are wanted.
AT_ONCE = 500


def account_lines(tx: Transaction, organization_id: UUID, disclosures: Sequence[Disclosure]) -> list[AccountLine]:
    """The disclosures of one organization as they are accounted for, in their order."""
    files = tx.each(PacketFile, organization_id, _ids(each.file_id for each in disclosures))
    releases = tx.each(Release, organization_id, _ids(each.release_id for each in disclosures))
    recipients = _recipients(tx, organization_id, disclosures)
    confirmed = _confirmed(tx, organization_id, releases)
    return [
        AccountLine(
            disclosure=each,
            recipient=recipients[each.recipient_id, each.recipient_version],
            file=files[each.file_id] if each.file_id else None,
            release=releases[each.release_id],
            confirmed_at=confirmed.get((each.release_id, each.recipient_id, each.file_id)),
        )
        for each in disclosures
    ]


def all_account_lines(tx: Transaction, organization_id: UUID, query: AccountQuery) -> Iterator[AccountLine]:
    """All that is asked for, newest first. A reader of tiles leaves a thousand spans a row: they are let go at once."""
    cursor = None
    while True:
        page = tx.disclosures(organization_id, query, limit=AT_ONCE, cursor=cursor)
        yield from account_lines(tx, organization_id, [replace(each, spans=()) for each in page.items])
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def _ids(found: Iterable[UUID | None]) -> set[UUID]:
    return {each for each in found if each is not None}


def _recipients(
    tx: Transaction, organization_id: UUID, disclosures: Sequence[Disclosure]
) -> dict[tuple[UUID, int], Recipient]:
    wanted = {(each.recipient_id, each.recipient_version) for each in disclosures}
    return {one: tx.recipient_version(organization_id, *one) for one in wanted}


def _confirmed(
    tx: Transaction, organization_id: UUID, release_ids: Iterable[UUID]
) -> dict[tuple[UUID, UUID, UUID | None], datetime]:
    receipts = (one for id_ in release_ids for one in tx.find(Receipt, organization_id, release_id=id_))
    return {(one.release_id, one.recipient_id, one.file_id): one.confirmed_at for one in receipts}
