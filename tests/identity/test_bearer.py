"""Whose token it is, asked anew on every call."""

from datetime import timedelta

import pytest

from tests.factories import a_credential, an_event
from tests.stages import ORIGIN
from transfer_service.domain.people import CredentialKind, PatientActor, RecipientActor, ServiceActor, StaffActor
from transfer_service.errors import NotAuthenticated
from transfer_service.sealing.tokens import mint_token, token_hash

TICK = timedelta(microseconds=1)


def with_token(stages, **changes):
    token = mint_token()
    credential = a_credential(organization_id=stages.hospital.id, secret_hash=token_hash(token), **changes)
    with stages.database.changing() as tx:
        tx.save(an_event(stages.coordinator), credential)
    return token, credential


def test_each_kind_of_token_makes_its_own_actor(stages):
    for kind, changes, actor in [
        (CredentialKind.STAFF, {}, StaffActor),
        (CredentialKind.PATIENT, {"role": None}, PatientActor),
        (CredentialKind.RECIPIENT, {"role": None, "recipient_id": stages.recipient.id}, RecipientActor),
        (CredentialKind.SERVICE, {"role": None, "recipient_id": stages.recipient.id}, ServiceActor),
    ]:
        token, credential = with_token(stages, kind=kind, **changes)
        found = stages.bearers.actor(token, ORIGIN, stages.now)
        assert type(found) is actor
        assert found.organization_id == stages.hospital.id
        ids = {getattr(found, name) for name in found.__slots__}
        assert {credential.id, credential.recipient_id or credential.subject_id} <= ids
        assert found.origin == ORIGIN


def test_a_token_without_what_its_kind_needs_is_nobodys(stages):
    for kind, changes in [
        (CredentialKind.STAFF, {"role": None}),
        (CredentialKind.RECIPIENT, {"recipient_id": None}),
        (CredentialKind.SERVICE, {"recipient_id": None}),
    ]:
        token, _ = with_token(stages, kind=kind, **changes)
        with pytest.raises(NotAuthenticated):
            stages.bearers.actor(token, ORIGIN, stages.now)


def test_unknown_expired_and_revoked_tokens_are_refused_alike(stages):
    token, credential = with_token(stages, expires_at=stages.now + TICK)
    assert stages.bearers.actor(token, ORIGIN, stages.now)
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(token, ORIGIN, credential.expires_at)
    revoked, _ = with_token(stages, revoked_at=stages.now)
    for unknown in (revoked, mint_token(), "", token[3:], token.swapcase(), "ts_é"):
        with pytest.raises(NotAuthenticated):
            stages.bearers.actor(unknown, ORIGIN, stages.now)
