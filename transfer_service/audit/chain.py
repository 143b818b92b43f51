"""The chain: each entry carries the hash of the one before, so that no entry can change, go, or come between."""

from collections.abc import Iterable
from dataclasses import replace

from transfer_service.audit.entry import GENESIS, Entry, Event, Head, actor_words, entry_hash
from transfer_service.errors import InstallationDamaged


class ChainBroken(InstallationDamaged):
    """The log is not what was written. ``seq`` is the first entry that does not hold."""

    code = "audit_chain_broken"

    def __init__(self, organization: str, seq: int, why: str) -> None:
        super().__init__(f"The audit log of organization {organization} breaks at entry {seq}: {why}.", seq=seq)
        self.seq = seq


def appended(head: Head, event: Event) -> tuple[Entry, Head]:
    """The entry that this event becomes after ``head``, and the head after it."""
    kind, identity = actor_words(event.by)
    entry = Entry(
        organization_id=head.organization_id,
        seq=head.size + 1,
        at=event.at,
        actor_kind=kind,
        actor_id=identity,
        action=event.action,
        subject={name: str(value) for name, value in event.subject.items()},
        facts=dict(event.facts),
        request_id=event.by.origin.request_id,
        address=event.by.origin.address,
        previous_hash=head.hash,
        hash=b"",
    )
    entry = replace(entry, hash=entry_hash(entry))
    return entry, Head(head.organization_id, entry.seq, entry.hash)


def verify(head: Head, entries: Iterable[Entry]) -> None:
    """ChainBroken unless ``entries``, in order, are exactly the log that ends in ``head``."""
    organization = str(head.organization_id)
    size, previous = 0, GENESIS
    for entry in entries:
        size += 1
        if entry.seq != size:
            raise ChainBroken(organization, size, f"entry {entry.seq} stands in its place")
        if entry.organization_id != head.organization_id or entry.previous_hash != previous:
            raise ChainBroken(organization, size, "it does not follow the entry before it")
        if entry_hash(entry) != entry.hash:
            raise ChainBroken(organization, size, "it was changed")
        previous = entry.hash
    if (size, previous) != (head.size, head.hash):
        raise ChainBroken(organization, size + 1, f"the head says {head.size} entries and another hash")
