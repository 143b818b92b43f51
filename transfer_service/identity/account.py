"""A member's own account: an invitation accepted, a new password, new recovery codes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from transfer_service.audit.entry import Event
from transfer_service.domain.member import PASSWORD_CHARACTERS, RECOVERY_CODES, Member
from transfer_service.domain.people import Origin, StaffActor, SystemActor
from transfer_service.errors import AnswerWrong, Invalid, NotFound
from transfer_service.identity.sign_in import SignIn
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.tokens import token_hash
from transfer_service.sealing.totp import mint_totp_key, totp_address, totp_text
from transfer_service.sealing.typed_codes import grouped, mint_typed_code
from transfer_service.usecases.members import MemberView, ended_sessions, member_view

_OF_THEIR_OWN = 6  # characters that a password has beside a name


@dataclass(frozen=True, slots=True, repr=False)
class Invitation:
    """Who is invited; and the authenticator's key, as the address in a QR code and as text to type."""

    view: MemberView
    totp_address: str
    totp_text: str


@dataclass(frozen=True, slots=True, repr=False)
class Accepted:
    """The session's token, and the recovery codes, which come once."""

    token: str
    recovery_codes: tuple[str, ...]


@dataclass(frozen=True)
class Accounts:
    """What members do with their own account."""

    database: Database
    sign_in: SignIn

    def invitation(self, secret: str, now: datetime) -> Invitation:
        """The open invitation; NotFound for one that was used, has lapsed, or never was."""
        with self.database.reading() as tx:
            view = member_view(tx, _invited(tx, secret, now))
        key = view.member.totp_key
        return Invitation(view, totp_address(key, view.member.email, view.organization.name), totp_text(key))

    def open_invitation(self, secret: str, origin: Origin, now: datetime) -> None:
        """Somebody begins to set up, with a fresh key for the authenticator: who looked earlier has a copy of none.

        NotFound for an invitation that was used, has lapsed, or never was.
        """
        with self.database.changing() as tx:
            member = replace(_invited(tx, secret, now), totp_key=mint_totp_key())
            visitor = SystemActor(member.organization_id, "visitor", origin)
            tx.save(Event("member.invitation_opened", visitor, now, {"staff": member.id}), member)

    def accept(self, secret: str, password: str, code: str, origin: Origin, now: datetime) -> Accepted:
        """Set the password, prove the authenticator, and enter. NotFound, Invalid, AnswerWrong, TooMany, Busy."""
        check_password(password)
        with self.database.reading() as tx:
            _invited(tx, secret, now)
        hashed = self.sign_in.hashed(password)
        with self.database.changing() as tx:
            member = _invited(tx, secret, now)
            _check_is_not(password, member_view(tx, member))
            proved = self.sign_in.proved(member, code, now)
            if proved is None:
                raise AnswerWrong("The code is not right.")
            codes = _fresh_codes()
            member = replace(proved, password_hash=hashed, secret_hash=None, invited_until=None)
            return Accepted(self.sign_in.begun(tx, self._with_codes(member, codes), origin, now), codes)

    def change_password(self, actor: StaffActor, password: str, fresh: str, code: str, now: datetime) -> None:
        """Another password; every session ends, this one too. AnswerWrong, Invalid, TooMany, Busy."""
        check_password(fresh)
        hashed = self.sign_in.hashed(fresh)

        def change(tx: Transaction, member: Member) -> None:
            _check_is_not(fresh, member_view(tx, member))
            event = Event("member.changed_password", actor, now, {"staff": member.id})
            tx.save(event, replace(member, password_hash=hashed), *ended_sessions(tx, member, now))

        self._proved(actor, password, code, now, change)

    def renew_codes(self, actor: StaffActor, password: str, code: str, now: datetime) -> tuple[str, ...]:
        """Fresh recovery codes in place of those that are left; they come once. AnswerWrong, TooMany, Busy."""
        codes = _fresh_codes()

        def change(tx: Transaction, member: Member) -> None:
            event = Event("member.renewed_recovery_codes", actor, now, {"staff": member.id})
            tx.save(event, self._with_codes(member, codes))

        self._proved(actor, password, code, now, change)
        return codes

    def _proved(
        self,
        actor: StaffActor,
        password: str,
        code: str,
        now: datetime,
        change: Callable[[Transaction, Member], None],
    ) -> None:
        """``change`` the member who proved themselves once more. Whoever sits at their desk may not try without end."""
        with self.database.reading() as tx:
            known = tx.get(Member, actor.organization_id, actor.staff_id)
        knows = self.sign_in.is_password(password, known)
        with self.sign_in.guesses.counted(actor.origin, now, AnswerWrong):
            with self.database.changing() as tx:
                member = self.sign_in.proved_or_refused(tx, known, code, actor.origin, now, knows=knows)
                if member is not None:
                    change(tx, replace(member, wrong_answers=0))
            if member is None:
                raise AnswerWrong("The password or the code is not right.")

    def _with_codes(self, member: Member, codes: tuple[str, ...]) -> Member:
        hashes = tuple(self.sign_in.recovery_hash(code.replace("-", "")) for code in codes)
        return replace(member, recovery_hashes=hashes)


def check_password(password: str) -> None:
    """Long enough, and no longer than can be meant (NIST SP 800-63B section 5.1.1.2 asks for no more). Invalid."""
    if len(password) not in PASSWORD_CHARACTERS:
        raise Invalid("A password has 12 to 256 characters.")


def _check_is_not(password: str, view: MemberView) -> None:
    """It is not made of what everybody knows of them."""
    plain = password.casefold()
    known = (view.member.email, view.staff.name.casefold(), view.organization.name.casefold())
    if any(plain == each or (plain.startswith(each) and len(plain) - len(each) < _OF_THEIR_OWN) for each in known):
        raise Invalid("That password is your address, your name or your hospital's. Take another.")


def _invited(tx: Transaction, secret: str, now: datetime) -> Member:
    member = tx.by_secret(Member, token_hash(secret))
    if not member.is_invited(now):
        raise NotFound
    return member


def _fresh_codes() -> tuple[str, ...]:
    return tuple(grouped(mint_typed_code()) for _ in range(RECOVERY_CODES))
