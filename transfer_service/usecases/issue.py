"""Issue: under a live release the department issues an expiring, revocable link to one named recipient."""

import secrets
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event, actor_words
from transfer_service.domain.link import Link, LinkState, Passcode, Verification
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Actor
from transfer_service.domain.policy import check_live, check_may_ask_releases, check_may_oversee_releases
from transfer_service.domain.release import Release
from transfer_service.errors import (
    ExpiryTooFar,
    Invalid,
    LinkExpired,
    LinkLocked,
    LinkRevoked,
    LinkUsedUp,
    NotFound,
    NotNow,
    PacketRetired,
    RecipientChanged,
    ReleaseExpired,
    ReleaseWithdrawn,
)
from transfer_service.ports import Database, Transaction
from transfer_service.sealing.keys import SecretKey
from transfer_service.sealing.tokens import mint_secret, passcode_hash, token_hash
from transfer_service.usecases.expiry import check_expiry
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.once import secret_of
from transfer_service.usecases.reach import check_recipient, owned_packet

PASSCODE_SALT_BYTES = 16

_STATE_OF: dict[type[NotNow], LinkState] = {
    LinkRevoked: LinkState.REVOKED,
    ReleaseWithdrawn: LinkState.WITHDRAWN,
    PacketRetired: LinkState.RETIRED,
    LinkExpired: LinkState.EXPIRED,
    ReleaseExpired: LinkState.EXPIRED,
    LinkLocked: LinkState.LOCKED,
    LinkUsedUp: LinkState.USED_UP,
    RecipientChanged: LinkState.RECIPIENT_CHANGED,
}


@dataclass(frozen=True, slots=True, repr=False)
class LinkDraft:
    """A link as the department wants it; ``passcode`` only where the verification is by passcode."""

    release_id: UUID
    recipient_id: UUID
    expires_at: datetime
    verification: Verification
    max_redemptions: int | None = None
    passcode: str | None = None


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link, and what it is worth now."""

    link: Link
    state: LinkState


@dataclass(frozen=True)
class Issue:
    """Coordinators issue; they and privacy officers revoke."""

    database: Database
    service_key: SecretKey
    limits: Limits
    public_url: str

    def issue(
        self, actor: Actor, packet_id: UUID, draft: LinkDraft, now: datetime, *, form: str | None = None
    ) -> tuple[Link, str]:
        """The link, and its URL, which is shown this once: the secret stands in the fragment, and is kept as a hash.

        The same asked again on the same ``form`` is the same link. For ``replay_for`` it has the same URL: who clicked
        twice sees only the second answer. Afterwards the URL is empty: it was shown, and nobody knows it any more.

        ReleaseNotSigned, ReleaseExpired, ReleaseWithdrawn, RecipientNotNamed, RecipientChanged, ExpiryInPast,
        ExpiryTooFar.
        """
        staff = check_may_ask_releases(actor)
        if (draft.passcode is not None) != (draft.verification is Verification.PASSCODE):
            raise Invalid("A passcode goes with the verification by passcode, and with no other.")
        if draft.verification is Verification.SERVICE_TOKEN:
            raise Invalid("A service's link comes of itself, when the service first redeems.")
        check_expiry(draft.expires_at, now, now + self.limits.link_for)
        passcode = self._passcode(draft.passcode)
        secret = self._secret(form, packet_id, staff.staff_id, astuple(draft))
        with self.database.changing() as tx:
            packet = owned_packet(tx, staff, packet_id)
            for known in tx.find(Link, packet.organization_id, packet_id=packet.id, secret_hash=token_hash(secret)):
                return known, self._url(secret) if now < known.issued_at + self.limits.replay_for else ""
            packet.check_closed()
            release = tx.get(Release, packet.organization_id, draft.release_id)
            if release.packet_id != packet.id:
                raise NotFound
            release.check_live(now)
            check_recipient(tx, release, draft.recipient_id)
            if draft.expires_at > release.expires_at:
                raise ExpiryTooFar("The link would outlive its release.")
            link = Link(
                id=uuid4(),
                organization_id=packet.organization_id,
                packet_id=packet.id,
                release_id=release.id,
                recipient_id=draft.recipient_id,
                secret_hash=token_hash(secret),
                verification=draft.verification,
                passcode=passcode,
                issued_at=now,
                issued_by=staff.staff_id,
                expires_at=draft.expires_at,
                max_redemptions=draft.max_redemptions,
            )
            tx.save(link_event("link.issued", staff, link, now), link)
        return link, self._url(secret)

    def of_packet(self, actor: Actor, packet_id: UUID, now: datetime) -> list[LinkView]:
        """Every link of the packet, ended ones too, oldest first; never a secret."""
        staff = check_may_oversee_releases(actor)
        with self.database.reading() as tx:
            packet = owned_packet(tx, staff, packet_id)
            links = tx.find(Link, packet.organization_id, packet_id=packet.id)
            return [LinkView(link, self._state(tx, packet, link, now)) for link in links]

    def revoke(self, actor: Actor, link_id: UUID, now: datetime) -> Link:
        """Dead before this returns: each use of the link reads it again."""
        staff = check_may_oversee_releases(actor)
        with self.database.changing() as tx:
            link = tx.get(Link, staff.organization_id, link_id)
            owned_packet(tx, staff, link.packet_id)
            if link.revoked_at is not None:
                return link
            link = replace(link, revoked_at=now, revoked_by=":".join(actor_words(staff)))
            tx.save(link_event("link.revoked", staff, link, now), link)
        return link

    def _state(self, tx: Transaction, packet: Packet, link: Link, now: datetime) -> LinkState:
        """By the very checks that redeeming makes, so that a link listed as live is one that works."""
        try:
            release = tx.get(Release, link.organization_id, link.release_id)
            check_live(link, release, packet, now)
            check_recipient(tx, release, link.recipient_id)
            link.check_unlocked(self.limits.wrong_answers)
            link.check_redeemable()
        except NotNow as why:
            return _STATE_OF[type(why)]
        return LinkState.LIVE

    def _secret(self, form: str | None, *words: object) -> str:
        return secret_of(self.service_key, form, *words) if form else mint_secret()

    def _url(self, secret: str) -> str:
        return f"{self.public_url}/l#{secret}"

    def _passcode(self, passcode: str | None) -> Passcode | None:
        if passcode is None:
            return None
        salt = secrets.token_bytes(PASSCODE_SALT_BYTES)
        return Passcode(salt, passcode_hash(self.service_key, salt, passcode))


def link_event(action: str, actor: Actor, link: Link, now: datetime, **facts: str | int) -> Event:
    """What happened to a link, as the audit log has it."""
    subject = {"packet": link.packet_id, "release": link.release_id, "link": link.id, "recipient": link.recipient_id}
    return Event(action, actor, now, subject, facts)
