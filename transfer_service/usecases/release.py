"""Release: the department asks, the patient signs or withdraws. No live release, no link, no bytes."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from uuid import UUID

from transfer_service.audit.entry import Event, Fact
from transfer_service.domain.form import Terms
from transfer_service.domain.language import Language, nearest
from transfer_service.domain.mail import Mail, MailKind
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.people import Actor, Credential, Department, PatientActor, Recipient
from transfer_service.domain.policy import (
    check_is_patient_of,
    check_may_ask_releases,
    check_may_oversee_releases,
)
from transfer_service.domain.release import (
    Basis,
    Grant,
    Medium,
    Release,
    ReleaseState,
    Signature,
    Signer,
    check_signs_by_name,
)
from transfer_service.domain.webhook import NoticeKind
from transfer_service.errors import (
    FileUnknown,
    Invalid,
    NotAllowed,
    NotFound,
    PatientUnreachable,
    ReleaseExpired,
)
from transfer_service.ports import Database, Transaction
from transfer_service.usecases.close import manifest_digest
from transfer_service.usecases.expiry import check_expiry
from transfer_service.usecases.form_templates import language_of_form
from transfer_service.usecases.letter_secrets import LetterSecret, LetterSecrets
from transfer_service.usecases.letters import about, letter_of
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.notices import notices_of
from transfer_service.usecases.once import id_of
from transfer_service.usecases.posted import ListedRelease, listed
from transfer_service.usecases.reach import owned_packet, release_and_packet
from transfer_service.usecases.telling import of_withdrawal
from transfer_service.usecases.treatment import ground_of
from transfer_service.usecases.withdrawal import NOTHING_SAID, WithdrawalDraft, check_may_say, withdrawn


@dataclass(frozen=True, slots=True)
class GrantDraft:
    """To whom, and which files; no files named means every file of the packet."""

    recipient_id: UUID
    file_ids: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ReleaseDraft:
    """A release as the department asks for it. ``signing`` on paper: no letter goes out, staff print the form.

    For treatment, with an ``attestation``, nothing is asked: the patient is told, by a letter or on paper.
    """

    grants: Sequence[GrantDraft]
    purpose: str
    expires_at: datetime
    basis: Basis = Basis.AUTHORIZATION
    expiry_event: str | None = None
    language: Language | None = None
    signing: Medium = Medium.PAGE
    attestation: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class SignatureDraft:
    """What the signing person says."""

    form_sha256: str
    name: str
    signer: Signer
    authority: str | None = None


@dataclass(frozen=True)
class Releases:
    """Coordinators ask; patients sign; patients and staff withdraw."""

    database: Database
    limits: Limits
    secrets: LetterSecrets
    public_url: str

    def ask(
        self, actor: Actor, packet_id: UUID, draft: ReleaseDraft, now: datetime, *, form: str | None = None
    ) -> Release:
        """A requested release (one for treatment is live at once), and the patient's letter, in one transaction.

        The same asked again on the same ``form`` is the same release. PacketNotClosed, ExpiryInPast, ExpiryTooFar,
        FileUnknown, PatientUnreachable, TemplateNotApproved, TreatmentNotAllowed, Invalid.
        """
        staff = check_may_ask_releases(actor)
        check_expiry(draft.expires_at, now, now + self.limits.release_for)
        fresh = self.secrets.mint(f"{self.public_url}/r")
        with self.database.changing() as tx:
            packet = owned_packet(tx, staff, packet_id)
            release_id = id_of(form, packet.id, staff.staff_id, astuple(draft))
            for known in tx.find(Release, packet.organization_id, id=release_id):
                return known
            packet.check_closed()
            email, is_letter = packet.case.patient.email or "", draft.signing is Medium.PAGE
            if is_letter and not email:
                raise PatientUnreachable
            granted = _granted(tx, packet, draft.grants)
            terms, language = _terms(tx, packet, granted, draft), language_of_form(tx, packet, draft.language)
            ground = ground_of(terms, language, draft.basis, draft.attestation)
            release = Release(
                id=release_id,
                organization_id=packet.organization_id,
                packet_id=packet.id,
                state=ground.state,
                basis=draft.basis,
                grants=tuple(
                    Grant(recipient.id, recipient.version, tuple(file.id for file in files))
                    for recipient, files in granted
                ),
                purpose=draft.purpose,
                expires_at=draft.expires_at,
                manifest_sha256=manifest_digest(packet.signed_manifest()),
                form=ground.form,
                email=email,
                phone=packet.case.patient.phone,
                secret_hash=fresh.secret_hash if is_letter else None,
                typed_code_hash=fresh.typed_code_hash if is_letter else None,
                requested_at=now,
                requested_by=staff.staff_id,
                attestation=draft.attestation,
            )
            letters = [self._letter(tx, release, fresh, now)] if is_letter else []
            notices = notices_of(tx, release, NoticeKind.RELEASED, now) if release.permitted_at else ()
            tx.save(_event(ground.action, staff, release, now, **ground.facts), release, *letters, *notices)
        return release

    def resend(self, actor: Actor, release_id: UUID, now: datetime, *, after: UUID | None = None) -> Release:
        """A fresh letter with a fresh secret; the lost or locked one is dead, and so are its sessions.

        Nothing, where ``after`` is not the newest letter: somebody has sent another one already. Of a release that has
        ended too, for as long as the patient may look who got what. ReleaseExpired after that; PatientUnreachable where
        it was asked for on paper, of somebody without an address.
        """
        staff = check_may_ask_releases(actor)
        fresh = self.secrets.mint(f"{self.public_url}/r")
        with self.database.changing() as tx:
            release, _ = release_and_packet(tx, actor, release_id)
            if after is not None and after != _newest_letter(tx, release):
                return release
            if now >= release.ends_at + self.limits.patient_secret_for:
                raise ReleaseExpired
            if not release.email:
                raise PatientUnreachable
            release = replace(
                release, secret_hash=fresh.secret_hash, typed_code_hash=fresh.typed_code_hash, wrong_answers=0
            )
            end_sessions(tx, release, now)
            tx.save(_event("release.resent", staff, release, now), release, self._letter(tx, release, fresh, now))
        return release

    def of_packet(self, actor: Actor, packet_id: UUID) -> list[ListedRelease]:
        """The packet's releases, oldest first."""
        staff = check_may_oversee_releases(actor)
        with self.database.reading() as tx:
            packet = owned_packet(tx, staff, packet_id)
            return [listed(tx, release) for release in tx.find(Release, packet.organization_id, packet_id=packet.id)]

    def one(self, actor: Actor, release_id: UUID) -> Release:
        """One release: for staff of its department, privacy officers, and its patient."""
        with self.database.reading() as tx:
            return release_and_packet(tx, actor, release_id)[0]

    def sign(self, actor: Actor, release_id: UUID, draft: SignatureDraft, now: datetime) -> Release:
        """The patient's signature. Refusals of ``check_signs``.

        Invalid, PacketRetired, FormChanged, ReleaseNotRequested, ReleaseWithdrawn, ReleaseExpired.
        """
        self.check_signs(actor, release_id, now)
        check_signs_by_name(draft.name, draft.signer, draft.authority)
        with self.database.changing() as tx:
            release = tx.get(Release, actor.organization_id, release_id)
            tx.get(Packet, release.organization_id, release.packet_id).check_closed()
            release.check_may_be_signed(draft.form_sha256, now)
            signature = Signature(draft.name, draft.signer, draft.authority, release.email)
            release = replace(release.moved(ReleaseState.SIGNED), signature=signature, signed_at=now)
            facts = {"form_sha256": release.form.sha256, "manifest_sha256": release.manifest_sha256}
            notices = notices_of(tx, release, NoticeKind.RELEASED, now)
            event = _event("release.signed", actor, release, now, signer=draft.signer.value, **facts)
            tx.save(event, release, *notices)
        return release

    def check_signs(self, actor: Actor, release_id: UUID, now: datetime) -> None:
        """NotAllowed for all but patients, which is recorded whatever they sent; NotFound for another's release."""
        if not isinstance(actor, PatientActor):
            self._refuse(actor, release_id, now)
            raise NotAllowed("Only the patient, or who may act for them, can sign.")
        check_is_patient_of(actor, release_id)

    def withdraw(self, actor: Actor, release_id: UUID, now: datetime, draft: WithdrawalDraft = NOTHING_SAID) -> Release:
        """Every link under it is dead before this returns: each use of one reads the release again. Invalid.

        Whoever had one is told.
        """
        check_may_say(actor, draft)
        with self.database.changing() as tx:
            release, packet = release_and_packet(tx, actor, release_id)
            if release.state is ReleaseState.WITHDRAWN:
                return release
            release = withdrawn(release, actor, draft, now)
            notices = notices_of(tx, release, NoticeKind.WITHDRAWN, now) if release.permitted_at else ()
            told = of_withdrawal(tx, release, packet, now)
            facts = {} if release.withdrawn_how is None else {"how": release.withdrawn_how.value}
            tx.save(_event("release.withdrawn", actor, release, now, **facts), release, *notices, *told)
        return release

    def _refuse(self, actor: Actor, release_id: UUID, now: datetime) -> None:
        """Record it where there is such a release; the refusal does not say whether there is."""
        with self.database.changing() as tx:
            try:
                release = tx.get(Release, actor.organization_id, release_id)
            except NotFound:
                return
            tx.save(_event("release.sign_refused", actor, release, now, code=NotAllowed.code))

    def _letter(self, tx: Transaction, release: Release, fresh: LetterSecret, now: datetime) -> Mail:
        packet = tx.get(Packet, release.organization_id, release.packet_id)
        who = about(tx, packet, release.email, nearest(packet.case.patient.language))
        usable_until = release.ends_at + self.limits.patient_secret_for
        return letter_of(release, now)(who, fresh, usable_until, now).about(MailKind.LETTER, release.id)


def _granted(tx: Transaction, packet: Packet, drafts: Sequence[GrantDraft]) -> list[tuple[Recipient, list[PacketFile]]]:
    """Recipients with the files of each grant, in the packet's order; FileUnknown, Invalid."""
    files = sorted(tx.find(PacketFile, packet.organization_id, packet_id=packet.id), key=lambda file: file.path)
    if not drafts or len({draft.recipient_id for draft in drafts}) != len(drafts):
        raise Invalid("A release names at least one recipient, and each of them once.")
    return [(_recipient(tx, packet, draft.recipient_id), _chosen(files, draft.file_ids)) for draft in drafts]


def _recipient(tx: Transaction, packet: Packet, recipient_id: UUID) -> Recipient:
    try:
        return tx.get(Recipient, packet.organization_id, recipient_id)
    except NotFound:
        raise Invalid("A recipient named is not in the directory.") from None


def _chosen(files: list[PacketFile], file_ids: tuple[UUID, ...] | None) -> list[PacketFile]:
    if file_ids is None:
        return files
    if not file_ids:
        raise Invalid("A grant names at least one file.")
    if not set(file_ids) <= {file.id for file in files}:
        raise FileUnknown
    return [file for file in files if file.id in file_ids]


def _terms(
    tx: Transaction, packet: Packet, granted: list[tuple[Recipient, list[PacketFile]]], draft: ReleaseDraft
) -> Terms:
    return Terms(
        case=packet.case,
        organization=tx.organization(packet.organization_id),
        department=tx.get(Department, packet.organization_id, packet.department_id),
        grants=granted,
        purpose=draft.purpose,
        expires_at=draft.expires_at,
        expiry_event=draft.expiry_event,
    )


def _newest_letter(tx: Transaction, release: Release) -> UUID | None:
    letter = listed(tx, release).letter
    return None if letter is None else letter.id


def end_sessions(tx: Transaction, release: Release, now: datetime) -> None:
    """Whoever proved to be the patient of that release has to prove it again."""
    for session in tx.find(Credential, release.organization_id, subject_id=release.id):
        if session.is_live(now):
            tx.keep(replace(session, revoked_at=now))


def _event(action: str, actor: Actor, release: Release, now: datetime, **facts: Fact) -> Event:
    return Event(action, actor, now, {"packet": release.packet_id, "release": release.id}, facts)
