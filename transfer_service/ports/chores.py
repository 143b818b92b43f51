"""What the worker asks of all organizations at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from transfer_service.domain.link import Link
from transfer_service.domain.mail import Mail
from transfer_service.domain.packet import Leftover, Packet, PacketFile
from transfer_service.domain.release import Release
from transfer_service.domain.slide_request import SlideRequest
from transfer_service.domain.webhook import Notice, NoticeKind, Webhook


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits for the worker, each counted up to 10,000, and since when the oldest of it is due.

    ``audit_entries`` is how many entries all audit logs have together.
    """

    files: int
    oldest_file_at: datetime | None
    mails: int
    oldest_mail_at: datetime | None
    notices: int
    oldest_notice_at: datetime | None
    leftovers: int
    oldest_leftover_at: datetime | None
    audit_entries: int


class Chores(Protocol):
    """What the worker asks of all organizations at once. Each list is at most ``limit`` long."""

    def files_to_verify(self, now: datetime, limit: int) -> list[PacketFile]:
        """Verifying, and leased to nobody at ``now``; the longest waiting first."""
        ...

    def files_to_carry(self, now: datetime, limit: int) -> list[PacketFile]:
        """Being carried, and leased to nobody at ``now``; the longest not served first."""
        ...

    def packets_to_settle(self, limit: int) -> list[Packet]:
        """Closing, and with every file read back, or one of them rejected; the longest waiting first."""
        ...

    def packets_abandoned(self, written_before: datetime, limit: int) -> list[Packet]:
        """Open or closing, and not written since."""
        ...

    def packets_past_retention(self, closed_before: datetime, limit: int) -> list[Packet]:
        """Closed before that; the longest closed first."""
        ...

    def packets_to_destroy(self, now: datetime, limit: int) -> list[Packet]:
        """Retired, their grace period over, their key or some of their files still there."""
        ...

    def releases_without_copy(self, limit: int) -> list[Release]:
        """Signed, withdrawn since or not, and with no copy kept of the signed form; the longest signed first."""
        ...

    def file_count(self, packet: Packet) -> int:
        """How many files the packet has."""
        ...

    def files_to_let_go(self, packet: Packet, limit: int) -> list[PacketFile]:
        """The packet's files that still refer to an object."""
        ...

    def leftovers_due(self, now: datetime, limit: int) -> list[Leftover]:
        """Object keys that may be swept."""
        ...

    def mail_due(self, now: datetime, limit: int) -> list[Mail]:
        """Mail to send."""
        ...

    def links_to_remind_of(self, now: datetime, ending_by: datetime, issued_by: datetime, limit: int) -> list[Link]:
        """Live at ``now`` and never used, of recipients who want to be reminded and were not; the soonest end first."""
        ...

    def notices_due(self, now: datetime, limit: int) -> list[Notice]:
        """Notices to bring, to receivers that may be called; the longest due first."""
        ...

    def webhooks_that_want(self, kind: NoticeKind) -> list[Webhook]:
        """Every webhook that such notices are to be made for."""
        ...

    def slide_requests_past(self, before: datetime, limit: int) -> list[SlideRequest]:
        """Answered or taken back before that, or received before it and never answered; the oldest first."""
        ...

    def backlog(self, now: datetime) -> Backlog:
        """What waits at ``now``."""
        ...

    def request_behind(self, organization_id: UUID, at: datetime) -> str | None:
        """The id of the request that was recorded at that instant, as far as the log's newest entries go."""
        ...

    def forget(self, now: datetime) -> int:
        """Remove kept answers, challenges, credentials and notices that were over a day or more ago; how many."""
        ...
