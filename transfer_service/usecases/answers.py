"""Putting a question to somebody who holds a secret, and judging the answer.

Tries end with the challenge; wrong answers are counted for the whole life of the secret, and lock it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from transfer_service.domain.link import Challenge
from transfer_service.errors import AnswerWrong, ChallengeOver, NotFound, TooMany
from transfer_service.ports import Transaction
from transfer_service.sealing.keys import SecretKey
from transfer_service.sealing.tokens import code_hash, matches, mint_code
from transfer_service.usecases.letters import Correspondents, code_letter
from transfer_service.usecases.limits import Limits

HOUR = timedelta(hours=1)
#: Asking for a passcode mails nothing, but leaves a row and an audit entry.
PASSCODES_ASKED_AN_HOUR = 100


@dataclass(frozen=True)
class Questions:
    """Challenges for links and releases. ``service_key`` keys the hashes of the codes."""

    service_key: SecretKey
    limits: Limits

    def ask(self, tx: Transaction, organization_id: UUID, subject_id: UUID, now: datetime) -> Challenge:
        """A challenge with nothing mailed: whoever answers knows the answer already. TooMany in one hour."""
        former = tx.find(Challenge, organization_id, subject_id=subject_id)
        _check_seldom(former, PASSCODES_ASKED_AN_HOUR, now)
        challenge = Challenge(uuid4(), organization_id, subject_id, None, now, now + self.limits.code_for)
        tx.keep(challenge)
        return challenge

    def mail_code(self, tx: Transaction, subject_id: UUID, who: Correspondents, now: datetime) -> Challenge:
        """A challenge whose code goes out; it voids the ones before. TooMany in one hour."""
        organization_id = who.organization.id
        former = [c for c in tx.find(Challenge, organization_id, subject_id=subject_id) if c.code_hash is not None]
        _check_seldom(former, self.limits.codes_an_hour, now)
        tx.keep(*(replace(c, voided_at=now) for c in former if c.voided_at is None and c.used_at is None))
        code, challenge_id = mint_code(), uuid4()
        hashed = code_hash(self.service_key, challenge_id.bytes, code)
        challenge = Challenge(challenge_id, organization_id, subject_id, hashed, now, now + self.limits.code_for)
        tx.keep(challenge, code_letter(who, code, self.limits.code_for, now))
        return challenge

    def open_challenge(
        self, tx: Transaction, organization_id: UUID, subject_id: UUID, challenge_id: UUID, now: datetime
    ) -> Challenge:
        """The challenge, if it was put for that very secret and may still be answered. ChallengeUsed, ChallengeOver."""
        try:
            challenge = tx.get(Challenge, organization_id, challenge_id)
        except NotFound:
            raise ChallengeOver from None
        if challenge.subject_id != subject_id:
            raise ChallengeOver
        challenge.check_open(now, self.limits.code_tries)
        return challenge

    def code_is_right(self, challenge: Challenge, code: str) -> bool:
        """In constant time."""
        hashed = code_hash(self.service_key, challenge.id.bytes, code)
        return challenge.code_hash is not None and matches(challenge.code_hash, hashed)

    def wrong(self, challenge: Challenge, wrong_answers: int) -> AnswerWrong:
        """What to say of a wrong answer: how many are left in the secret's life, and how many to this challenge."""
        attempts = max(0, self.limits.wrong_answers - wrong_answers)
        tries = max(0, self.limits.code_tries - challenge.wrong_answers)
        return AnswerWrong(remaining_attempts=attempts, remaining_tries=min(attempts, tries))


def _check_seldom(former: Sequence[Challenge], most: int, now: datetime) -> None:
    recent = sorted(c.made_at for c in former if now - c.made_at < HOUR)
    if len(recent) >= most:
        wait = recent[-most] + HOUR - now
        raise TooMany("Too many codes were asked for in the last hour.", retry_after_s=int(wait.total_seconds()) + 1)
