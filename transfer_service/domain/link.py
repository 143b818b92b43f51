"""Link: an expiring, revocable grant under one release to one recipient. Challenge: proving who one is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from transfer_service.errors import (
    ChallengeOver,
    ChallengeUsed,
    LinkExpired,
    LinkLocked,
    LinkRevoked,
    LinkUsedUp,
)

#: Of a passcode, in characters.
SHORTEST_PASSCODE = 6
LONGEST_PASSCODE = 128
MOST_REDEMPTIONS = 1000


class Verification(StrEnum):
    """How the recipient proves who they are: a code to their address, a passcode told by other means, or its token.

    A link of the last kind is a review service's: nobody was ever told its secret.
    """

    EMAIL_CODE = "email_code"
    PASSCODE = "passcode"
    SERVICE_TOKEN = "service_token"  # noqa: S105 - a kind of proof, and none itself


class LinkState(StrEnum):
    """What a link is worth now: live, or why not (any more)."""

    LIVE = "live"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    RETIRED = "retired"
    EXPIRED = "expired"
    LOCKED = "locked"
    USED_UP = "used_up"
    RECIPIENT_CHANGED = "recipient_changed"


@dataclass(frozen=True, slots=True)
class Passcode:
    """A passcode as we keep it: its salt and its slow, keyed hash."""

    salt: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """One link. ``max_redemptions`` None means: as often as needed until it ends.

    ``issued_by`` is the member of staff; of a service's link, the recipient.
    """

    id: UUID
    organization_id: UUID
    packet_id: UUID
    release_id: UUID
    recipient_id: UUID
    secret_hash: bytes
    verification: Verification
    passcode: Passcode | None
    issued_at: datetime
    issued_by: UUID
    expires_at: datetime
    max_redemptions: int | None
    redemptions: int = 0
    wrong_answers: int = 0
    revoked_at: datetime | None = None
    revoked_by: str | None = None

    def check_live(self, now: datetime) -> None:
        """LinkRevoked, LinkExpired; an expiry equal to now is over."""
        if self.revoked_at is not None:
            raise LinkRevoked
        if now >= self.expires_at:
            raise LinkExpired

    def matters(self, now: datetime) -> bool:
        """Whether somebody may have what it opened, or could open it yet."""
        return self.redemptions > 0 or (self.revoked_at is None and now < self.expires_at)

    def check_unlocked(self, limit: int) -> None:
        """LinkLocked after ``limit`` wrong answers in the link's life."""
        if self.wrong_answers >= limit:
            raise LinkLocked

    def check_redeemable(self) -> None:
        """LinkUsedUp."""
        if self.max_redemptions is not None and self.redemptions >= self.max_redemptions:
            raise LinkUsedUp


@dataclass(frozen=True, slots=True)
class Challenge:
    """One question put to somebody who holds a secret. ``subject_id`` is the link's or the release's.

    ``code_hash`` is None where nothing was mailed (a passcode).
    """

    id: UUID
    organization_id: UUID
    subject_id: UUID
    code_hash: bytes | None
    made_at: datetime
    expires_at: datetime
    wrong_answers: int = 0
    used_at: datetime | None = None
    voided_at: datetime | None = None

    def check_open(self, now: datetime, tries: int) -> None:
        """ChallengeUsed, ChallengeOver."""
        if self.used_at is not None:
            raise ChallengeUsed
        if self.voided_at is not None or now >= self.expires_at or self.wrong_answers >= tries:
            raise ChallengeOver


@dataclass(frozen=True, slots=True)
class Redemption:
    """One counted use of a link. ``replay_key`` lets the same request, repeated, have a fresh token.

    ``challenge_id`` is what proved it: the challenge, or a service's credential.
    """

    id: UUID
    organization_id: UUID
    link_id: UUID
    challenge_id: UUID
    redeemed_at: datetime
    replay_key: bytes | None = None
    replay_body: bytes | None = None
