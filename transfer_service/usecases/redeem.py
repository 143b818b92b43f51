"""Redeem: the recipient opens the link, proves who they are, and is let in.

The procedure of ``redeem``, in order; nothing is granted unless every step holds:

1. The secret finds its link; a secret that finds none is NotFound, whatever else was sent.
2. A repeat of a redemption, with its Idempotency-Key, has a fresh token for the same redemption, uncounted.
3. The link is not locked, revoked or expired; its release is live; its packet is there; its recipient is still who
   the patient read of, at the same address.
4. The challenge was put for this link, is not over, and was not used; the link is not used up.
5. The answer is right. A wrong one is counted, for the challenge and for the life of the link.
6. The redemption is counted, the challenge used up, a token made, the audit entry written: one transaction.

Steps 1 to 6 see one state of the database. A refusal on a known link is recorded as a disclosure refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

from transfer_service.domain.link import Challenge, Link, Redemption, Verification
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import (
    Actor,
    Credential,
    Origin,
    SystemActor,
)
from transfer_service.domain.policy import check_is_recipient
from transfer_service.domain.release import Release
from transfer_service.errors import (
    AnswerWrong,
    NotNow,
    TooMany,
    TransferError,
)
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.keys import SecretKey
from transfer_service.sealing.tokens import matches, passcode_hash, token_hash
from transfer_service.usecases.admit import Admit, Redeemed, Released, Replay, live_link, live_release, recipient_of
from transfer_service.usecases.answers import Questions
from transfer_service.usecases.issue import link_event
from transfer_service.usecases.letters import about
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.reach import check_recipient
from transfer_service.usecases.refusals import record_refusal, refusals_recorded
from transfer_service.usecases.telling import language_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What a recipient says. ``replay`` is the Idempotency-Key they sent, where they sent one."""

    secret: str
    challenge_id: UUID
    response: str
    replay: str | None = None


@dataclass(frozen=True)
class Redeem:
    """What the holder of a link may do."""

    database: Database
    questions: Questions
    service_key: SecretKey
    admit: Admit
    limits: Limits

    def challenge(self, secret: str, origin: Origin, now: datetime) -> tuple[Challenge, Verification]:
        """Ask the holder to prove who they are; sends the code where the link says so. Counts nothing."""

        def ask(tx: Transaction, link: Link) -> tuple[Challenge, Verification]:
            self._check_open(tx, link, now)
            link.check_redeemable()
            tx.save(link_event("link.challenged", _visitor(link, origin), link, now))
            if link.verification is Verification.PASSCODE:
                return self.questions.ask(tx, link.organization_id, link.id, now), link.verification
            release = tx.get(Release, link.organization_id, link.release_id)
            packet = tx.get(Packet, link.organization_id, link.packet_id)
            language = language_of(tx, link.organization_id, link.recipient_id)
            who = about(tx, packet, recipient_of(tx, release, link).email, language)
            return self.questions.mail_code(tx, link.id, who, now), link.verification

        return self._at_link(secret, origin, now, ask)

    def redeem(self, answer: Answer, origin: Origin, now: datetime) -> Redeemed:
        """Let the recipient in, by the numbered procedure above."""
        passcode = self._hashed_passcode(answer, now)

        def let_in(tx: Transaction, link: Link) -> Redeemed | TransferError:
            former = self.admit.former(tx, link, self._replay(link, answer), now)
            if former is not None:
                self._check_live(tx, link, now)
                return self.admit.admit(tx, link, former, _visitor(link, origin), now)
            challenge = self._answerable(tx, link, answer, now)
            if not self._is_right(link, challenge, answer, passcode):
                return self._count_wrong(tx, link, challenge, origin, now)
            counted = replace(link, redemptions=link.redemptions + 1)
            redemption = self._redemption(counted, challenge, answer, now)
            event = link_event("link.redeemed", _visitor(link, origin), counted, now, redemptions=counted.redemptions)
            tx.save(event, counted, redemption, replace(challenge, used_at=now))
            return self.admit.admit(tx, counted, redemption, _visitor(link, origin), now)

        outcome = self._at_link(answer.secret, origin, now, let_in)
        if isinstance(outcome, TransferError):
            raise outcome
        return outcome

    def released(self, actor: Actor, now: datetime) -> Released:
        """The same again, for a redemption that is still live."""
        recipient = check_is_recipient(actor)
        with refusals_recorded(self.database, recipient, now), self.database.reading() as tx:
            link, _ = live_link(tx, recipient, now)
            session = tx.get(Credential, recipient.organization_id, recipient.session_id)
            return self.admit.released(tx, link, session.expires_at or link.expires_at)

    def _at_link(self, secret: str, origin: Origin, now: datetime, act: Callable[[Transaction, Link], T]) -> T:
        """Act on the link of that secret; a refusal undoes what was done and is recorded."""
        with self.database.reading() as tx:
            known = tx.by_secret(Link, token_hash(secret))
        try:
            with self.database.changing() as tx:
                return act(tx, tx.get(Link, known.organization_id, known.id))
        except (NotNow, TooMany) as refusal:
            with self.database.changing() as tx:
                record_refusal(tx, known, _visitor(known, origin), refusal.code, now)
            raise

    def _check_open(self, tx: Transaction, link: Link, now: datetime) -> None:
        link.check_unlocked(self.limits.wrong_answers)
        self._check_live(tx, link, now)

    def _check_live(self, tx: Transaction, link: Link, now: datetime) -> None:
        check_recipient(tx, live_release(tx, link, now), link.recipient_id)

    def _answerable(self, tx: Transaction, link: Link, answer: Answer, now: datetime) -> Challenge:
        """Steps 3 and 4. That a challenge was used is said first: its answer may have been lost."""
        self._check_open(tx, link, now)
        challenge = self.questions.open_challenge(tx, link.organization_id, link.id, answer.challenge_id, now)
        link.check_redeemable()
        return challenge

    def _hashed_passcode(self, answer: Answer, now: datetime) -> bytes:
        """Slow on purpose, so made before the transaction begins, and not at all where no passcode could help."""
        with self.database.reading() as tx:
            link = tx.by_secret(Link, token_hash(answer.secret))
            if link.passcode is None or not self._may_be_answered(tx, link, answer, now):
                return b""
        return passcode_hash(self.service_key, link.passcode.salt, answer.response)

    def _may_be_answered(self, tx: Transaction, link: Link, answer: Answer, now: datetime) -> bool:
        """Links and challenges only ever end; a directory that is mended in this very moment costs one more try."""
        try:
            self._answerable(tx, link, answer, now)
        except NotNow:
            return False
        return True

    def _is_right(self, link: Link, challenge: Challenge, answer: Answer, passcode: bytes) -> bool:
        if link.passcode is not None:
            return matches(link.passcode.hash, passcode)
        return self.questions.code_is_right(challenge, answer.response)

    def _count_wrong(
        self, tx: Transaction, link: Link, challenge: Challenge, origin: Origin, now: datetime
    ) -> AnswerWrong:
        wrong = replace(challenge, wrong_answers=challenge.wrong_answers + 1)
        link = replace(link, wrong_answers=link.wrong_answers + 1)
        record_refusal(tx, link, _visitor(link, origin), AnswerWrong.code, now, link, wrong)
        return self.questions.wrong(wrong, link.wrong_answers)

    def _redemption(self, link: Link, challenge: Challenge, answer: Answer, now: datetime) -> Redemption:
        replay = self._replay(link, answer)
        return Redemption(uuid4(), link.organization_id, link.id, challenge.id, now, replay.key, replay.body)

    def _replay(self, link: Link, answer: Answer) -> Replay:
        return self.admit.replay(link, answer.replay, answer.challenge_id.bytes + answer.response.encode())


def _visitor(link: Link, origin: Origin) -> SystemActor:
    return SystemActor(link.organization_id, "visitor", origin)
