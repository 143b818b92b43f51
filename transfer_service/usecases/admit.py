"""Admit: whoever has proved themselves has a token for one redemption, and is shown what it opens."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from transfer_service.domain.link import Link, Redemption
from transfer_service.domain.manifest import release_manifest
from transfer_service.domain.packet import Packet, PacketFile, SignedManifest
from transfer_service.domain.people import (
    Actor,
    Credential,
    CredentialKind,
    Department,
    Organization,
    Recipient,
    RecipientActor,
)
from transfer_service.domain.policy import check_live
from transfer_service.domain.release import Release
from transfer_service.errors import ChallengeUsed, IdempotencyKeyReused, NotAuthenticated
from transfer_service.ports import Transaction
from transfer_service.sealing.keys import SecretKey
from transfer_service.sealing.manifest import SigningKey
from transfer_service.sealing.tokens import keyed_digest, matches, mint_token, token_hash
from transfer_service.usecases.issue import link_event
from transfer_service.usecases.limits import Limits

KEY_KEPT_FOR = timedelta(hours=24)
#: How often one redemption may be repeated: each repeat leaves a credential and an audit entry.
REPEATS = 20


@dataclass(frozen=True, slots=True)
class Replay:
    """By what a repeated redemption is known again; both None where no Idempotency-Key was sent."""

    key: bytes | None
    body: bytes | None


@dataclass(frozen=True, slots=True, repr=False)
class Released:
    """What one recipient may see of one packet: the case without contacts, and exactly the files granted."""

    packet: Packet
    organization: Organization
    department: Department
    release: Release
    link: Link
    recipient: Recipient
    files: list[PacketFile]
    manifest: SignedManifest
    expires_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Redeemed:
    """A bearer token, and what it opens."""

    token: str
    released: Released


@dataclass(frozen=True)
class Admit:
    """The last step of every redemption, whatever was its proof."""

    service_key: SecretKey
    signing_key: SigningKey
    limits: Limits

    def replay(self, link: Link, key: str | None, said: bytes) -> Replay:
        """What is kept of an Idempotency-Key and of what was said with it: keyed digests."""
        if key is None:
            return Replay(None, None)
        hashed = keyed_digest(self.service_key, b"redeem\x00" + link.id.bytes + key.encode())
        return Replay(hashed, keyed_digest(self.service_key, said))

    def former(self, tx: Transaction, link: Link, replay: Replay, now: datetime) -> Redemption | None:
        """The redemption that this one repeats. ChallengeUsed after too long, IdempotencyKeyReused."""
        if replay.key is None:
            return None
        for former in tx.find(Redemption, link.organization_id, link_id=link.id, replay_key=replay.key):
            age, is_the_same = now - former.redeemed_at, matches(former.replay_body or b"", replay.body or b"")
            if is_the_same and age < self.limits.replay_for:
                return former
            if is_the_same:
                raise ChallengeUsed
            if age < KEY_KEPT_FOR:
                raise IdempotencyKeyReused
        return None

    def admit(self, tx: Transaction, link: Link, redemption: Redemption, by: Actor, now: datetime) -> Redeemed:
        """A token for that redemption; its former token ends. ChallengeUsed where it was repeated too often."""
        former = tx.find(Credential, link.organization_id, holder_id=redemption.id)
        if len(former) > REPEATS:
            raise ChallengeUsed
        tx.keep(*(replace(session, revoked_at=now) for session in former if session.revoked_at is None))
        access_until = now + self.limits.access_for
        token = mint_token()
        credential = Credential(
            id=uuid4(),
            organization_id=link.organization_id,
            kind=CredentialKind.RECIPIENT,
            secret_hash=token_hash(token),
            subject_id=link.id,
            holder_id=redemption.id,
            role=None,
            recipient_id=link.recipient_id,
            created_at=now,
            expires_at=access_until,
        )
        event = link_event("link.admitted", by, link, now, redemption=str(redemption.id))
        tx.save(event, credential)
        return Redeemed(token, self.released(tx, link, access_until))

    def released(self, tx: Transaction, link: Link, access_until: datetime) -> Released:
        """What the link opens, until the first of its ends: the token's, its own, its release's."""
        release = tx.get(Release, link.organization_id, link.release_id)
        packet = tx.get(Packet, link.organization_id, link.packet_id)
        grant = release.grant_to(link.recipient_id)
        granted = frozenset(grant.file_ids)  # there may be ten thousand
        files = tx.find(PacketFile, packet.organization_id, packet_id=packet.id)
        document = release_manifest(release, grant, files)
        return Released(
            packet=packet,
            organization=tx.organization(packet.organization_id),
            department=tx.get(Department, packet.organization_id, packet.department_id),
            release=release,
            link=link,
            recipient=recipient_of(tx, release, link),
            files=sorted((file for file in files if file.id in granted), key=lambda file: file.path),
            manifest=SignedManifest(document, self.signing_key.sign(document), self.signing_key.key_id),
            expires_at=min(access_until, link.expires_at, release.expires_at),
        )


def recipient_of(tx: Transaction, release: Release, link: Link) -> Recipient:
    """The recipient in the version that the patient read."""
    grant = release.grant_to(link.recipient_id)
    return tx.recipient_version(link.organization_id, grant.recipient_id, grant.recipient_version)


def live_link(tx: Transaction, actor: RecipientActor, now: datetime) -> tuple[Link, Release]:
    """A redemption's link and release, if everything that it hangs on is live: session, link, release, packet.

    NotAuthenticated, LinkRevoked, LinkExpired, ReleaseWithdrawn, ReleaseExpired, PacketRetired. A session may outlive
    its link, so that whoever comes too late is told why, and recorded.
    """
    sessions = tx.find(Credential, actor.organization_id, id=actor.session_id)  # none, once it was forgotten
    if not any(session.is_live(now) for session in sessions):
        raise NotAuthenticated
    link = tx.get(Link, actor.organization_id, actor.link_id)
    return link, live_release(tx, link, now)


def live_release(tx: Transaction, link: Link, now: datetime) -> Release:
    """The link's release, if it, the link and the packet are live."""
    release = tx.get(Release, link.organization_id, link.release_id)
    check_live(link, release, tx.get(Packet, link.organization_id, link.packet_id), now)
    return release
