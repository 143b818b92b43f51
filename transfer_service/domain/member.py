"""Members: staff who sign in at the pages. Each is the ``Staff`` of the same id, with what lets them in."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from transfer_service.domain.people import Role

#: How long an invitation opens. Who is on leave asks for another.
INVITATION_FOR: Final = timedelta(days=7)
#: So many wrong answers in a row, and nobody gets in for a while (NIST SP 800-63B section 5.2.2 allows 100).
WRONG_ANSWERS: Final = 10
LOCKED_FOR: Final = timedelta(minutes=15)
#: Of the codes that stand in for a lost authenticator, made at once.
RECOVERY_CODES: Final = 10
PASSWORD_CHARACTERS: Final = range(12, 257)


@dataclass(frozen=True, slots=True)
class Member:
    """A local account. ``secret_hash`` is that of an open invitation; without password it has never been accepted.

    ``totp_step`` is the last time step whose code was used, ``recovery_hashes`` what codes are left,
    ``wrong_answers`` how many were given since the last right one.
    """

    id: UUID
    organization_id: UUID
    email: str
    roles: tuple[Role, ...]
    created_at: datetime
    totp_key: bytes = field(repr=False)
    secret_hash: bytes | None = field(default=None, repr=False)
    invited_until: datetime | None = None
    password_hash: str | None = field(default=None, repr=False)
    totp_step: int = 0
    recovery_hashes: tuple[str, ...] = field(default=(), repr=False)
    wrong_answers: int = 0
    locked_until: datetime | None = None
    disabled_at: datetime | None = None

    def is_invited(self, now: datetime) -> bool:
        """Whether an invitation is open."""
        return self.disabled_at is None and self.invited_until is not None and now < self.invited_until

    def may_try(self, now: datetime) -> bool:
        """Whether an answer is looked at at all."""
        is_locked = self.locked_until is not None and now < self.locked_until
        return self.password_hash is not None and self.disabled_at is None and not is_locked

    def knows_as(self, known: "Member") -> bool:
        """Whether the password is still that of an earlier reading, which was looked at since."""
        return self.password_hash == known.password_hash

    def answered_wrongly(self, now: datetime) -> "Member":
        """After one more wrong answer; locked by the last one."""
        wrong = self.wrong_answers + 1
        if wrong < WRONG_ANSWERS:
            return replace(self, wrong_answers=wrong)
        return replace(self, wrong_answers=0, locked_until=now + LOCKED_FOR)


def email_identity(email: str) -> str:
    """What two spellings of one address have in common, for signing in."""
    return email.strip().casefold()
