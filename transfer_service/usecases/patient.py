"""The patient's session: the secret from the letter, a code to the same address, and the date of birth."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.language import nearest
from transfer_service.domain.link import Challenge
from transfer_service.domain.mail import Way
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.people import Actor, Credential, CredentialKind, Origin, Recipient, SystemActor
from transfer_service.domain.policy import check_is_patient
from transfer_service.domain.release import Grant, Release
from transfer_service.errors import AnswerWrong, Invalid, NotFound
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.tokens import mint_token, token_hash
from transfer_service.usecases.answers import Questions
from transfer_service.usecases.guesses import Guesses
from transfer_service.usecases.letter_secrets import LetterSecrets
from transfer_service.usecases.letters import about
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.news import News, news_of
from transfer_service.usecases.visits import Contact, contact_of


@dataclass(frozen=True, slots=True, repr=False)
class PatientAnswer:
    """What a person says to prove that the letter is theirs; its code will do for ``secret``."""

    secret: str
    challenge_id: UUID
    birth_date: date
    code: str


@dataclass(frozen=True, slots=True)
class PatientChallenge:
    """A code is on its way. ``ways``: how one can be sent to this patient, from here."""

    id: UUID
    expires_at: datetime
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, repr=False)
class PatientSession:
    """A bearer token for one release, until when, the release with the form's text, and what is new in it."""

    token: str
    expires_at: datetime
    release: Release
    news: News | None


@dataclass(frozen=True)
class Patients:
    """What the holder of a letter may do before they are a PatientActor."""

    database: Database
    questions: Questions
    limits: Limits
    secrets: LetterSecrets
    by_sms: bool = False
    _guesses: Guesses = field(default_factory=Guesses, repr=False)

    def challenge(self, secret: str, origin: Origin, now: datetime, way: Way = Way.EMAIL) -> PatientChallenge:
        """Send a code to the patient's address, or phone, as it stood when the release was asked for.

        ``secret`` is what the letter's address ends in, or its typed code. NotFound, ReleaseLocked, TooMany; Invalid
        for a ``way`` that this patient can't be reached by.
        """
        with self._guesses.typed(secret, origin, now), self.database.changing() as tx:
            release = self._reached(tx, secret, now)
            reached = self._reachable(release)
            if way not in reached:
                raise Invalid("No code can be sent that way.")
            packet = tx.get(Packet, release.organization_id, release.packet_id)
            who = about(tx, packet, reached[way], nearest(packet.case.patient.language), way)
            challenge = self.questions.mail_code(tx, release.id, who, now)
            tx.save(_event("patient.challenged", release, origin, now, way=way.value))
        return PatientChallenge(challenge.id, challenge.expires_at, tuple(reached))

    def begin(self, answer: PatientAnswer, origin: Origin, now: datetime) -> PatientSession:
        """A session of thirty minutes. AnswerWrong, ChallengeUsed, ChallengeOver, ReleaseLocked, NotFound, TooMany."""
        with self._guesses.typed(answer.secret, origin, now), self.database.changing() as tx:
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

    def contact(self, secret: str, origin: Origin, now: datetime) -> Contact:
        """The department that sent the letter, even where it opens nothing any more. NotFound, TooMany."""
        with self._guesses.typed(secret, origin, now), self.database.reading() as tx:
            return contact_of(tx, self.secrets.release(tx, secret))

    def release(self, actor: Actor) -> Release:
        """The release that this session is for."""
        patient = check_is_patient(actor)
        with self.database.reading() as tx:
            return tx.get(Release, patient.organization_id, patient.release_id)

    def grants(self, actor: Actor) -> list[tuple[Recipient, list[PacketFile]]]:
        """To whom, in the version that stands on the form, and which files."""
        patient = check_is_patient(actor)
        with self.database.reading() as tx:
            release = tx.get(Release, patient.organization_id, patient.release_id)
            files = tx.find(PacketFile, release.organization_id, packet_id=release.packet_id)
            return [(_named(tx, release, grant), _in(grant, files)) for grant in release.grants]

    def news(self, actor: Actor) -> News | None:
        """What is new since the form that the patient signed for a predecessor; None where there was none."""
        patient = check_is_patient(actor)
        with self.database.reading() as tx:
            return news_of(tx, tx.get(Release, patient.organization_id, patient.release_id))

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
        release = self.secrets.release(tx, secret)
        if now >= release.ends_at + self.limits.patient_secret_for:
            raise NotFound
        release.check_unlocked(self.limits.wrong_answers)
        return release

    def _reachable(self, release: Release) -> dict[Way, str]:
        by_sms = {Way.SMS: release.phone} if self.by_sms and release.phone else {}
        return {Way.EMAIL: release.email} | by_sms

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
        return PatientSession(token, expires_at, release, news_of(tx, release))


def _event(action: str, release: Release, origin: Origin, now: datetime, **facts: str) -> Event:
    visitor = SystemActor(release.organization_id, "visitor", origin)
    return Event(action, visitor, now, {"packet": release.packet_id, "release": release.id}, facts)


def _named(tx: Transaction, release: Release, grant: Grant) -> Recipient:
    return tx.recipient_version(release.organization_id, grant.recipient_id, grant.recipient_version)


def _in(grant: Grant, files: list[PacketFile]) -> list[PacketFile]:
    granted = frozenset(grant.file_ids)
    return [file for file in files if file.id in granted]
