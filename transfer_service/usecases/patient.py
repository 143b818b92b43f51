"""The patient's session: the secret from the letter, a code to the same address, and the date of birth."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.language import nearest
from transfer_service.domain.link import Challenge
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Actor, Credential, CredentialKind, Origin, SystemActor
from transfer_service.domain.policy import check_is_patient
from transfer_service.domain.release import Release
from transfer_service.errors import AnswerWrong, NotFound
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.tokens import mint_token, token_hash
from transfer_service.usecases.answers import Questions
from transfer_service.usecases.letters import about
from transfer_service.usecases.limits import Limits


@dataclass(frozen=True, slots=True, repr=False)
class PatientAnswer:
    """What a person says to prove that the letter is theirs."""

    secret: str
    challenge_id: UUID
    birth_date: date
    code: str


@dataclass(frozen=True, slots=True, repr=False)
class PatientSession:
    """A bearer token for one release, until when, and the release with the form's text."""

    token: str
    expires_at: datetime
    release: Release


@dataclass(frozen=True)
class Patients:
    """What the holder of a letter may do before they are a PatientActor."""

    database: Database
    questions: Questions
    limits: Limits

    def challenge(self, secret: str, origin: Origin, now: datetime) -> Challenge:
        """Send a code to the patient's address as it stood when the release was asked for.

        NotFound, ReleaseLocked, TooMany.
        """
        with self.database.changing() as tx:
            release = self._reached(tx, secret, now)
            packet = tx.get(Packet, release.organization_id, release.packet_id)
            who = about(tx, packet, release.email, nearest(packet.case.patient.language))
            challenge = self.questions.mail_code(tx, release.id, who, now)
            tx.save(_event("patient.challenged", release, origin, now))
        return challenge

    def begin(self, answer: PatientAnswer, origin: Origin, now: datetime) -> PatientSession:
        """A session of thirty minutes. AnswerWrong, ChallengeUsed, ChallengeOver, ReleaseLocked, NotFound."""
        with self.database.changing() as tx:
            release = self._reached(tx, answer.secret, now)
            challenge = self.questions.open_challenge(tx, release.organization_id, release.id, answer.challenge_id, now)
            patient = tx.get(Packet, release.organization_id, release.packet_id).case.patient
            code_is_right = self.questions.code_is_right(challenge, answer.code)
            if code_is_right and answer.birth_date == patient.birth_date:
                return self._session(tx, release, challenge, origin, now)
            wrong = replace(challenge, wrong_answers=challenge.wrong_answers + 1)
            release = replace(release, wrong_answers=release.wrong_answers + 1)
            tx.save(_event("patient.refused", release, origin, now, code=AnswerWrong.code), release, wrong)
        raise self.questions.wrong(wrong, release.wrong_answers)

    def release(self, actor: Actor) -> Release:
        """The release that this session is for."""
        patient = check_is_patient(actor)
        with self.database.reading() as tx:
            return tx.get(Release, patient.organization_id, patient.release_id)

    def choose(self, actor: Actor, now: datetime, *, tells_of_fetching: bool) -> Release:
        """Whether an e-mail shall say that somebody has received files; to the address that the letter went to."""
        patient = check_is_patient(actor)
        with self.database.changing() as tx:
            release = tx.get(Release, patient.organization_id, patient.release_id)
            if release.tells_of_fetching == tells_of_fetching:
                return release
            release = replace(release, tells_of_fetching=tells_of_fetching)
            facts = {"fetched": "yes" if tells_of_fetching else "no"}
            subject = {"packet": release.packet_id, "release": release.id}
            tx.save(Event("patient.mail_chosen", patient, now, subject, facts), release)
        return release

    def _reached(self, tx: Transaction, secret: str, now: datetime) -> Release:
        release = tx.by_secret(Release, token_hash(secret))
        if now >= release.ends_at + self.limits.patient_secret_for:
            raise NotFound
        release.check_unlocked(self.limits.wrong_answers)
        return release

    def _session(
        self, tx: Transaction, release: Release, challenge: Challenge, origin: Origin, now: datetime
    ) -> PatientSession:
        token, session_id = mint_token(), uuid4()
        expires_at = now + self.limits.patient_session_for
        credential = Credential(
            id=session_id,
            organization_id=release.organization_id,
            kind=CredentialKind.PATIENT,
            secret_hash=token_hash(token),
            subject_id=release.id,
            holder_id=session_id,
            role=None,
            recipient_id=None,
            created_at=now,
            expires_at=expires_at,
        )
        used = replace(challenge, used_at=now)
        tx.save(_event("patient.session_begun", release, origin, now), credential, used)
        return PatientSession(token, expires_at, release)


def _event(action: str, release: Release, origin: Origin, now: datetime, **facts: str) -> Event:
    visitor = SystemActor(release.organization_id, "visitor", origin)
    return Event(action, visitor, now, {"packet": release.packet_id, "release": release.id}, facts)
