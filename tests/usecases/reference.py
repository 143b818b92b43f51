"""Who may have a file's key, and when: the whole rule, by dates and flags alone.

It shares no code with the service. 45 CFR 164.508(b)(2): an authorization that is unsigned, expired, withdrawn, or
about something or somebody else, is none.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

SESSION_FOR = timedelta(hours=24)


@dataclass(eq=False)
class Packet:
    files: list[UUID]


@dataclass(eq=False)
class Release:
    packet: Packet
    files_of: dict[UUID, set[UUID]]  # by recipient
    ends_at: datetime
    signed: bool = False
    withdrawn: bool = False

    def may_be_signed(self, now: datetime) -> bool:
        return not self.signed and not self.withdrawn and now < self.ends_at

    def is_live(self, now: datetime) -> bool:
        return self.signed and not self.withdrawn and now < self.ends_at


@dataclass(eq=False)
class Link:
    release: Release
    recipient: UUID
    ends_at: datetime
    most: int | None
    redeemed: int = 0
    revoked: bool = False

    def is_live(self, now: datetime) -> bool:
        return not self.revoked and now < self.ends_at and self.release.is_live(now)

    def may_be_redeemed(self, now: datetime) -> bool:
        return self.is_live(now) and (self.most is None or self.redeemed < self.most)


@dataclass(eq=False)
class Session:
    link: Link
    ends_at: datetime

    def is_live(self, now: datetime) -> bool:
        """May the service open the packet's key for it at all?"""
        return now < self.ends_at and self.link.is_live(now)

    def covers(self, file: UUID, now: datetime) -> bool:
        """The one question: may what that key opens leave now?"""
        return self.is_live(now) and file in self.link.release.files_of[self.link.recipient]


@dataclass
class Reference:
    packets: list[Packet] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)

    def may_issue(self, release: Release, recipient: UUID, ends_at: datetime, now: datetime) -> bool:
        return release.is_live(now) and recipient in release.files_of and now < ends_at <= release.ends_at

    def redeem(self, link: Link, now: datetime) -> Session:
        link.redeemed += 1
        self.sessions.append(Session(link, now + SESSION_FOR))
        return self.sessions[-1]
