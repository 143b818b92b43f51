"""What a packet waits for, on whom and since when: decided from facts and an instant, and from nothing else.

What is to come is known as far as the clock brings it (a link ends, a release expires), so the same facts also say when
that will change: ``phases``. The database keeps those, and needs nobody to turn them over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from transfer_service.domain.packet import PacketState
from transfer_service.domain.release import Basis, ReleaseState

EVER = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


class Party(StrEnum):
    """On whom something waits. The service is the worker, which needs nobody."""

    DEPARTMENT = "department"
    PATIENT = "patient"
    RECIPIENT = "recipient"
    SERVICE = "service"
    NOBODY = "nobody"


class Awaited(StrEnum):
    """What a packet waits for. Where it waits for several things, the first of these counts.

    What the department can do itself comes first, for it is the department that reads this.
    """

    REJECTED_FILE = "rejected_file"
    FILES = "files"
    CARRYING = "carrying"
    VERIFICATION = "verification"
    CLOSE = "close"
    CONFIRMATION = "confirmation"
    SHARING = "sharing"
    LINK = "link"
    RELEASE = "release"
    SIGNATURE = "signature"
    REDEMPTION = "redemption"
    OPINION = "opinion"
    NOTHING = "nothing"
    ENDED = "ended"

    @property
    def party(self) -> Party:
        """On whom."""
        return _PARTIES.get(self, Party.DEPARTMENT)


_PARTIES = {
    Awaited.CARRYING: Party.SERVICE,
    Awaited.VERIFICATION: Party.SERVICE,
    Awaited.SIGNATURE: Party.PATIENT,
    Awaited.REDEMPTION: Party.RECIPIENT,
    Awaited.OPINION: Party.RECIPIENT,
    Awaited.NOTHING: Party.NOBODY,
    Awaited.ENDED: Party.NOBODY,
}
_RANKS = {awaited: rank for rank, awaited in enumerate(Awaited)}
#: What somebody still has to do something about.
PENDING = tuple(awaited for awaited in Awaited if awaited.party is not Party.NOBODY)


@dataclass(frozen=True, slots=True)
class Wait:
    """What is waited for, and since when."""

    awaited: Awaited
    since: datetime


@dataclass(frozen=True, slots=True)
class Phase:
    """A wait, and from when until when (half-open) it is the packet's, if nobody does anything."""

    wait: Wait
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class FileFacts:
    """How the files of an unfinished packet stand: the oldest completion among the rejected and the verifying, the
    newest among the verified, each None where there is none; whether any is to come, or to be carried over.
    """

    rejected_at: datetime | None = None
    verifying_at: datetime | None = None
    verified_at: datetime | None = None
    receiving: bool = False
    carried: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A release as far as it decides. ``services`` are those of its recipients who need no link to be issued."""

    id: UUID
    state: ReleaseState
    basis: Basis
    recipients: tuple[UUID, ...]
    requested_at: datetime
    expires_at: datetime
    services: frozenset[UUID] = frozenset()
    signed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    scanned_at: datetime | None = None

    @property
    def permits(self) -> bool:
        """Whether it lets anything leave until it ends: what ``Release.check_live`` says, without the clock."""
        return self.state is ReleaseState.SIGNED or (
            self.state is ReleaseState.ATTESTED and self.basis is Basis.TREATMENT
        )

    @property
    def permitted_at(self) -> datetime:
        """Since when."""
        return self.signed_at or self.requested_at

    @property
    def ends_at(self) -> datetime:
        """When it was withdrawn, or else expires."""
        return min(self.withdrawn_at or self.expires_at, self.expires_at)


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link as far as it decides. ``redeemed_at``: first. ``spent``: used up or locked, nobody gets in any more."""

    release_id: UUID
    recipient_id: UUID
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    redeemed_at: datetime | None = None
    spent: bool = False

    @property
    def ends_at(self) -> datetime:
        """When it was revoked, or else expires."""
        return min(self.revoked_at or self.expires_at, self.expires_at)


@dataclass(frozen=True, slots=True)
class OpinionFacts:
    """An opinion that was sent."""

    release_id: UUID
    recipient_id: UUID
    sent_at: datetime
    shared_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PacketFacts:
    """All that decides of one packet. ``succeeded_at``: since when it has a successor that is not retired.

    Whether a recipient is still who the patient read of is not asked here: the packet's own page says so.
    """

    state: PacketState
    opened_at: datetime
    closed_at: datetime | None = None
    retired_at: datetime | None = None
    succeeded_at: datetime | None = None
    files: FileFacts = FileFacts()
    releases: tuple[ReleaseFacts, ...] = ()
    links: tuple[LinkFacts, ...] = ()
    opinions: tuple[OpinionFacts, ...] = ()


def wait_of(facts: PacketFacts, now: datetime) -> Wait:
    """What the packet waits for at ``now``."""
    found = [*_WAYS[facts.state](facts, now)]
    awaited = min((wait.awaited for wait in found), key=_RANKS.__getitem__)
    since = [wait.since for wait in found if wait.awaited is awaited]
    return Wait(awaited, max(since) if awaited is Awaited.NOTHING else min(since))


def phases(facts: PacketFacts) -> tuple[Phase, ...]:
    """What it waits for from the last thing that happened on, as the clock alone will change it; in order, no gap."""
    latest = max(_happened(facts))
    ends = {release.ends_at for release in facts.releases} | {link.ends_at for link in facts.links}
    starts = [latest, *sorted(end for end in ends if end > latest)]
    waits = [wait_of(facts, start) for start in starts]
    changes = [number for number in range(len(starts)) if number == 0 or waits[number] != waits[number - 1]]
    bounds = [EVER, *(starts[number] for number in changes[1:]), NEVER]
    return tuple(Phase(waits[number], bounds[at], bounds[at + 1]) for at, number in enumerate(changes))


def _happened(facts: PacketFacts) -> Iterator[datetime]:
    """Every instant in the facts that is past, whatever the clock says."""
    files = facts.files
    instants = [facts.closed_at, facts.retired_at, facts.succeeded_at]
    instants += [files.rejected_at, files.verifying_at, files.verified_at]
    for release in facts.releases:
        instants += [release.requested_at, release.signed_at, release.scanned_at, release.withdrawn_at]
    for link in facts.links:
        instants += [link.issued_at, link.revoked_at, link.redeemed_at]
    for opinion in facts.opinions:
        instants += [opinion.sent_at, opinion.shared_at]
    yield facts.opened_at
    yield from (instant for instant in instants if instant is not None)


def _unfinished(facts: PacketFacts, now: datetime) -> Iterator[Wait]:  # noqa: ARG001 - one shape for all
    files, opened_at = facts.files, facts.opened_at
    if files.rejected_at:
        yield Wait(Awaited.REJECTED_FILE, files.rejected_at)
    if files.receiving or files == FileFacts():
        yield Wait(Awaited.FILES, opened_at)
    if files.carried:
        yield Wait(Awaited.CARRYING, opened_at)
    if files.verifying_at:
        yield Wait(Awaited.VERIFICATION, files.verifying_at)
    if files.verified_at:
        is_closing = facts.state is PacketState.CLOSING
        yield Wait(Awaited.VERIFICATION if is_closing else Awaited.CLOSE, files.verified_at)


def _closed(facts: PacketFacts, now: datetime) -> Iterator[Wait]:
    found = [wait for release in facts.releases for wait in _of_release(facts, release, now)]
    yield from found
    if not found and facts.succeeded_at:
        yield Wait(Awaited.NOTHING, facts.succeeded_at)
    elif not found:
        ended = [release.ends_at for release in facts.releases]
        yield Wait(Awaited.RELEASE, max(facts.closed_at or facts.opened_at, *ended, EVER))


def _retired(facts: PacketFacts, now: datetime) -> Iterator[Wait]:  # noqa: ARG001 - one shape for all
    yield Wait(Awaited.ENDED, facts.retired_at or facts.opened_at)


_WAYS: dict[PacketState, Callable[[PacketFacts, datetime], Iterator[Wait]]] = {
    PacketState.OPEN: _unfinished,
    PacketState.CLOSING: _unfinished,
    PacketState.CLOSED: _closed,
    PacketState.RETIRED: _retired,
}


def _of_release(facts: PacketFacts, release: ReleaseFacts, now: datetime) -> Iterator[Wait]:
    """What one release waits for; nothing where it ended before anybody had anything."""
    links = [link for link in facts.links if link.release_id == release.id]
    opinions = _newest([opinion for opinion in facts.opinions if opinion.release_id == release.id])
    yield from (Wait(Awaited.SHARING, opinion.sent_at) for opinion in opinions.values() if opinion.shared_at is None)
    if now >= release.ends_at:
        if opinions or any(link.redeemed_at for link in links):
            yield Wait(Awaited.NOTHING, release.ends_at)
    elif release.permits:
        for recipient_id in release.recipients:
            own = [link for link in links if link.recipient_id == recipient_id]
            yield _of_recipient(release, recipient_id, own, opinions.get(recipient_id), now)
    elif release.state is ReleaseState.AWAITING_CONFIRMATION:
        yield Wait(Awaited.CONFIRMATION, release.scanned_at or release.requested_at)
    else:
        yield Wait(Awaited.SIGNATURE, release.requested_at)


def _newest(opinions: list[OpinionFacts]) -> dict[UUID, OpinionFacts]:
    """Of each recipient the one that counts."""
    return {each.recipient_id: each for each in sorted(opinions, key=lambda opinion: opinion.sent_at)}


def _of_recipient(
    release: ReleaseFacts, recipient_id: UUID, links: list[LinkFacts], opinion: OpinionFacts | None, now: datetime
) -> Wait:
    """What one recipient's part of a live release waits for."""
    if opinion is not None:
        return Wait(Awaited.NOTHING, opinion.shared_at or opinion.sent_at)
    live = [link for link in links if now < link.ends_at]
    fetched = [link.redeemed_at for link in live if link.redeemed_at]
    if fetched:
        return Wait(Awaited.OPINION, min(fetched))
    may_open = [link.issued_at for link in live if not link.spent]
    if may_open:
        return Wait(Awaited.REDEMPTION, min(may_open))
    if any(link.redeemed_at for link in links):
        return Wait(Awaited.NOTHING, max(link.ends_at for link in links if link.redeemed_at))
    if recipient_id in release.services:
        return Wait(Awaited.REDEMPTION, release.permitted_at)
    over = (link.issued_at if link in live else link.ends_at for link in links)
    return Wait(Awaited.LINK, max(release.permitted_at, *over, EVER))
