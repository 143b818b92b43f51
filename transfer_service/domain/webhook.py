"""Webhooks: where a review service wants to hear of its releases, and the notices that go there (Standard Webhooks)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=8)
LONGEST_REST = timedelta(minutes=5)
MOST_ATTEMPTS = 16  # about three days
FORMER_SECRET_FOR = timedelta(hours=24)
_SPREAD = 1024


class NoticeKind(StrEnum):
    """What a service can be told: a release to it lives, was withdrawn, or will soon end."""

    RELEASED = "release.released"
    WITHDRAWN = "release.withdrawn"
    EXPIRING = "release.expiring"


class Silence(StrEnum):
    """Why a webhook is not called any more."""

    GONE = "gone"
    GIVEN_UP = "given_up"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a word, opens nothing


@dataclass(frozen=True, slots=True, repr=False)
class Webhook:
    """One a recipient. ``url`` and secrets (``whsec_`` and base64) are sealed at rest.

    ``set_by`` is the token that set it, which it ends with. ``former_secret`` signs too until ``former_until``. Nobody
    calls it until ``resting_until``: while somebody does, and after a failure. ``failures`` counts those in a row.
    """

    organization_id: UUID
    recipient_id: UUID
    url: str
    kinds: tuple[NoticeKind, ...]
    secret: str
    set_at: datetime
    set_by: UUID
    former_secret: str | None = None
    former_until: datetime | None = None
    last_delivered_at: datetime | None = None
    last_failed_at: datetime | None = None
    last_failure: str | None = None
    failures: int = 0
    resting_until: datetime | None = None
    disabled_at: datetime | None = None
    disabled_because: Silence | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether it is called at all."""
        return self.disabled_at is None

    def wants(self, kind: NoticeKind) -> bool:
        """Whether such notices are to be made."""
        return self.is_enabled and kind in self.kinds

    def may_be_called(self, now: datetime) -> bool:
        """Whether it is enabled, and has its rest behind it."""
        return self.is_enabled and (self.resting_until is None or self.resting_until <= now)

    def signing_secrets(self, now: datetime) -> tuple[str, ...]:
        """The secret, and the former one while that still signs."""
        if self.former_secret is None or self.former_until is None or self.former_until <= now:
            return (self.secret,)
        return (self.secret, self.former_secret)

    def rest_after(self, failures: int) -> timedelta:
        """How long to leave a failing receiver alone, whatever waits for it: so it costs the others little."""
        return min(FIRST_WAIT * 2.0 ** min(failures - 1, 10), LONGEST_REST)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message in the outbox: opaque ids, never PHI. One of a kind for a recipient and a release.

    ``id`` is the webhook-id, the same in every attempt. It is kept until ``forget_at``, so that it is not made again.
    """

    id: UUID
    organization_id: UUID
    recipient_id: UUID
    release_id: UUID
    packet_id: UUID
    kind: NoticeKind
    expires_at: datetime
    made_at: datetime
    due_at: datetime
    forget_at: datetime
    attempts: int = 0
    delivered_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it waits, and has waited long enough."""
        return self.delivered_at is None and self.due_at <= now

    @property
    def is_last_attempt(self) -> bool:
        """Whether there is no next. By number: days in which nobody could try are not the receiver's."""
        return self.attempts >= MOST_ATTEMPTS

    def wait_after(self, attempts: int) -> timedelta:
        """Three times as long each time, up to eight hours, and up to a quarter more: it spreads what failed at once.

        How much more is in this notice's own id, which is random.
        """
        wait = min(FIRST_WAIT * 3.0 ** min(attempts - 1, 10), LONGEST_WAIT)
        return wait + wait / 4 * ((self.id.int >> attempts) % _SPREAD) / _SPREAD
