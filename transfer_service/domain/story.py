"""The story of a packet, as its patient is told it: what was asked, signed, made, downloaded, refused and ended."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto

from transfer_service.domain.accounting import AccountLine
from transfer_service.domain.link import Link, Verification
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Recipient
from transfer_service.domain.release import Release


class Kind(StrEnum):
    """What happened. Of one instant, in this order."""

    ASKED = auto()
    SIGNED = auto()
    LINK_MADE = auto()
    DOWNLOADED = auto()
    CONFIRMED = auto()
    REFUSED = auto()
    LINK_CANCELLED = auto()
    LINK_ENDED = auto()
    DECLINED = auto()
    WITHDRAWN = auto()
    ENDED = auto()
    LAPSED = auto()
    RETIRED = auto()
    DESTROYED = auto()


_ORDER = list(Kind)


@dataclass(frozen=True, slots=True, repr=False)
class Happening:
    """One thing to tell. ``lines`` are a recipient's downloads, receipts or refusals of one day, oldest first."""

    at: datetime
    kind: Kind
    recipients: tuple[Recipient, ...] = ()
    release: Release | None = None
    link: Link | None = None
    lines: tuple[AccountLine, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Past:
    """All that is kept of a packet: its releases and links, each with whom it names, and what left or was refused."""

    packet: Packet
    releases: Sequence[tuple[Release, tuple[Recipient, ...]]]
    links: Sequence[tuple[Link, Release, Recipient]]
    lines: Sequence[AccountLine]


def story(past: Past, now: datetime) -> list[Happening]:
    """What happened until ``now``, oldest first."""
    told = [
        *(each for release in past.releases for each in _of_release(*release)),
        *(each for link in past.links for each in _of_link(*link)),
        *_of_packet(past.packet),
        *_by_day(past.lines),
    ]
    return sorted((each for each in told if each.at <= now), key=lambda each: (each.at, _ORDER.index(each.kind)))


def _of_release(release: Release, recipients: tuple[Recipient, ...]) -> Iterator[Happening]:
    signed = release.signed_at is not None
    ends = (release.withdrawn_at, Kind.WITHDRAWN if signed else Kind.DECLINED)
    if release.withdrawn_at is None:
        ends = (release.expires_at, Kind.ENDED if signed else Kind.LAPSED)
    for at, kind in ((release.requested_at, Kind.ASKED), (release.signed_at, Kind.SIGNED), ends):
        if at is not None:
            yield Happening(at, kind, recipients, release)


def _of_link(link: Link, release: Release, recipient: Recipient) -> Iterator[Happening]:
    """A review service's link comes of itself and ends with its release: nobody is told of it."""
    if link.verification is Verification.SERVICE_TOKEN:
        return
    yield Happening(link.issued_at, Kind.LINK_MADE, (recipient,), release, link)
    if link.revoked_at is not None:
        yield Happening(link.revoked_at, Kind.LINK_CANCELLED, (recipient,), release, link)
    elif link.expires_at < release.ends_at:
        yield Happening(link.expires_at, Kind.LINK_ENDED, (recipient,), release, link)


def _of_packet(packet: Packet) -> Iterator[Happening]:
    for at, kind in ((packet.retired_at, Kind.RETIRED), (packet.destroyed_at, Kind.DESTROYED)):
        if at is not None:
            yield Happening(at, kind)


def _by_day(lines: Iterable[AccountLine]) -> Iterator[Happening]:
    """One happening for each recipient, release and day (UTC), and what came of it."""
    groups: dict[tuple[object, ...], list[tuple[datetime, Kind, AccountLine]]] = {}
    for moment in _moments(lines):
        at, kind, line = moment
        whom = (line.recipient.id, line.recipient.version, line.release.id)
        groups.setdefault((kind, *whom, at.date(), line.disclosure.refused_code), []).append(moment)
    for group in groups.values():
        group.sort(key=lambda moment: moment[0])
        at, kind, first = group[0]
        yield Happening(at, kind, (first.recipient,), first.release, lines=tuple(line for *_, line in group))


def _moments(lines: Iterable[AccountLine]) -> Iterator[tuple[datetime, Kind, AccountLine]]:
    for line in lines:
        began, refused = line.disclosure.started_at, line.disclosure.refused_code is not None
        yield began, Kind.REFUSED if refused else Kind.DOWNLOADED, line
        if line.confirmed_at is not None:
            yield line.confirmed_at, Kind.CONFIRMED, line
