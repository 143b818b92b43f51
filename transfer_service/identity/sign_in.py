"""Signing in: a member of staff proves themselves by password and authenticator, and has a session.

1. Address, password and code are asked for together, and refused together: nobody learns which was wrong, nor who is
   a member. An unknown address costs as much time as a known one.
2. A code counts once (RFC 6238 section 5.2). A recovery code stands in for it, once.
3. After ten wrong answers in a row nobody gets in for fifteen minutes; each wrong answer is in the audit log.
4. A session ends by itself, when it is not used, when the member leaves, and when an admin changes what they may.

Passkeys and OpenID Connect come into this room beside it: what they prove, ``begun`` turns into a session.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from transfer_service.audit.entry import Event, Fact
from transfer_service.domain.member import Member, email_identity
from transfer_service.domain.people import Credential, CredentialKind, Origin, Role, Staff, StaffActor, SystemActor
from transfer_service.domain.texts import is_one_address
from transfer_service.errors import AnswerWrong, NotAllowed, NotAuthenticated, NotFound
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.keys import SecretKey, derive_key
from transfer_service.sealing.passwords import is_password, password_hash
from transfer_service.sealing.tokens import keyed_digest, matches, mint_token, token_hash
from transfer_service.sealing.totp import totp_step
from transfer_service.sealing.typed_codes import read_typed_code
from transfer_service.usecases.guesses import Guesses
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.members import ended_sessions

#: A whole hospital may be behind one address, and some mistype.
MOST_OF_A_PEER = 100


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """What somebody gives who signs in. ``code``: the authenticator's six digits, or a recovery code."""

    email: str
    password: str
    code: str


@dataclass(frozen=True)
class SignIn:
    """Members at the door."""

    database: Database
    service_key: SecretKey
    limits: Limits
    guesses: Guesses = field(default_factory=lambda: Guesses(MOST_OF_A_PEER), repr=False)

    def enter(self, proof: Proof, origin: Origin, now: datetime) -> str:
        """The token of a new session. AnswerWrong whatever was wrong, TooMany, Busy."""
        with self.guesses.counted(origin, now, AnswerWrong):
            member = self._known(proof.email)
            knows = self.is_password(proof.password, member)
            token = self._entered(member, proof, origin, now, knows=knows) if member else None
            if token is None:
                raise AnswerWrong("The e-mail address, the password or the code is not right.")
            return token

    def is_password(self, password: str, member: Member | None) -> bool:
        """Whether it is theirs; it takes its time where there is nobody. Busy."""
        hashed = member.password_hash if member else None
        is_theirs = is_password(self._pepper, password, hashed or _NOBODYS)
        return is_theirs and hashed is not None

    def hashed(self, password: str) -> str:
        """What is kept of a new password. Busy."""
        return password_hash(self._pepper, password)

    def recovery_hash(self, code: str) -> str:
        """What is kept of a recovery code in its canonical form: an HMAC, for it has but 60 bits."""
        return keyed_digest(derive_key(self.service_key, "recovery-codes"), code.encode()).hex()

    def begun(self, tx: Transaction, member: Member, origin: Origin, now: datetime) -> str:
        """Begin a session of ``member``, as just changed by proving themselves; its token."""
        token, staff = mint_token(), tx.get(Staff, member.organization_id, member.id)
        session = Credential(
            id=uuid4(),
            organization_id=member.organization_id,
            kind=CredentialKind.STAFF,
            secret_hash=token_hash(token),
            subject_id=staff.department_id,
            holder_id=member.id,
            role=member.roles[0],
            recipient_id=None,
            created_at=now,
            expires_at=now + self.limits.staff_session_for,
            used_at=now,
        )
        actor = StaffActor(session.organization_id, staff.department_id, member.id, session.id, member.roles[0], origin)
        subject = {"staff": member.id, "session": session.id}
        tx.save(Event("session.begun", actor, now, subject), replace(member, wrong_answers=0), session)
        return token

    def act_as(self, actor: StaffActor, role: Role, now: datetime) -> None:
        """From now on the session acts in another role of its member. NotAllowed for one that they don't have."""
        with self.database.changing() as tx:
            session, member = _session(tx, actor), tx.get(Member, actor.organization_id, actor.staff_id)
            if role not in member.roles:
                raise NotAllowed
            if role is not session.role:
                subject = {"staff": member.id, "session": session.id}
                event = Event("session.role_chosen", actor, now, subject, {"role": role.value})
                tx.save(event, replace(session, role=role))

    def leave(self, actor: StaffActor, now: datetime) -> None:
        """End this session."""
        with self.database.changing() as tx:
            session = _session(tx, actor)
            event = Event("session.left", actor, now, {"session": session.id})
            tx.save(event, replace(session, revoked_at=now))

    def leave_everywhere(self, actor: StaffActor, now: datetime) -> None:
        """End every session of this member, this one too."""
        with self.database.changing() as tx:
            _session(tx, actor)
            member = tx.get(Member, actor.organization_id, actor.staff_id)
            event = Event("session.left_everywhere", actor, now, {"staff": member.id})
            tx.save(event, *ended_sessions(tx, member, now))

    @property
    def _pepper(self) -> SecretKey:
        return derive_key(self.service_key, "member-passwords")

    def _known(self, email: str) -> Member | None:
        identity = email_identity(email)
        if not is_one_address(identity):
            return None
        with self.database.reading() as tx:
            try:
                return tx.by_email(identity)
            except NotFound:
                return None

    def _entered(self, known: Member, proof: Proof, origin: Origin, now: datetime, *, knows: bool) -> str | None:
        """The session's token; None where something is wrong."""
        with self.database.changing() as tx:
            proved = self.proved_or_refused(tx, known, proof.code, origin, now, knows=knows)
            return self.begun(tx, proved, origin, now) if proved is not None else None

    def proved_or_refused(
        self, tx: Transaction, known: Member, code: str, origin: Origin, now: datetime, *, knows: bool
    ) -> Member | None:
        """The member by password and code; None, and written down, where something is wrong.

        What was read before, as ``known`` was, may be over. The caller lets the transaction end well.
        """
        member = tx.get(Member, known.organization_id, known.id)
        may_try = member.may_try(now)
        knows = knows and may_try and member.knows_as(known)
        proved = self.proved(member, code, now) if knows else None
        if proved is None:
            _refuse(tx, member, member.answered_wrongly(now) if may_try else member, origin, now)
        return proved

    def proved(self, member: Member, code: str, now: datetime) -> Member | None:
        """The member without the code that they just used up; None where it is not theirs."""
        recovery = read_typed_code(code)
        if recovery is not None:
            given = self.recovery_hash(recovery).encode()
            left = tuple(each for each in member.recovery_hashes if not matches(each.encode(), given))
            return replace(member, recovery_hashes=left) if len(left) < len(member.recovery_hashes) else None
        step = totp_step(member.totp_key, "".join(code.split()), now, after=member.totp_step)
        return None if step is None else replace(member, totp_step=step)


# The hash of a password that nobody has: it is not known what was hashed, and no HMAC comes to it.
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$MDAwMDAwMDAwMDAwMDAwMA$wlsxSwo4GkTSDXb9eOZ3iJC12LSBlBsYIGPyfwYz9uQ"


def _refuse(tx: Transaction, known: Member, member: Member, origin: Origin, now: datetime) -> None:
    """Write the refusal down; the account locks by it, or not."""
    locked = member.locked_until is not None and member.locked_until != known.locked_until
    who = SystemActor(member.organization_id, "visitor", origin)
    facts: dict[str, Fact] = {"code": AnswerWrong.code, "locked": locked}
    tx.save(Event("session.refused", who, now, {"staff": member.id}, facts), member)


def _session(tx: Transaction, actor: StaffActor) -> Credential:
    """The session that this member acts in; NotAuthenticated where they came with a token instead."""
    session = tx.get(Credential, actor.organization_id, actor.token_id)
    if not session.is_session:
        raise NotAuthenticated
    return session
