"""Closing: the receipt, waiting for verification, opening again after a rejection."""

from dataclasses import replace

import pytest

from tests.factories import DAY, a_case, a_patient_actor
from tests.fakes.hooked_database import HookedDatabase, once
from tests.stages import CONTENTS, sha256_hex
from transfer_service.domain.manifest import case_document
from transfer_service.domain.packet import FileState, PacketState
from transfer_service.domain.people import Role
from transfer_service.errors import (
    FilesUnverified,
    NotAllowed,
    NotFound,
    PacketEmpty,
    PacketNotClosed,
    PacketRetired,
    SealBroken,
)
from transfer_service.sealing.manifest import SigningKey, salted_digest, verify
from transfer_service.usecases.close import manifest_digest


def close(stages, stage, *, when_verified=False):
    return stages.journey.close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=when_verified)


def test_the_receipt_names_every_file_and_its_signature_holds(stages):
    stage = stages.closed()
    manifest = stage.packet.manifest
    verify(manifest.document, manifest.signature, stages.signing_key.public_key_pem())
    assert manifest.key_id == stages.signing_key.key_id
    named = {file["path"]: (file["sha256"], file["size"], file["id"]) for file in manifest.document["files"]}
    assert named == {path: (sha256_hex(data), len(data), str(stage.files[path].id)) for path, data in CONTENTS.items()}
    for change in ({"closed_at": "other"}, {"files": manifest.document["files"][:1]}):
        with pytest.raises(SealBroken):
            verify(manifest.document | change, manifest.signature, stages.signing_key.public_key_pem())
    with pytest.raises(SealBroken):
        verify(manifest.document, manifest.signature, SigningKey.generate().public_key_pem())


def test_the_receipt_fixes_the_case_without_showing_it(stages):
    first, second = stages.closed().packet, stages.closed().packet
    salted = salted_digest(first.case_salt, case_document(a_case()))
    assert first.manifest.document["case_sha256"] == salted
    assert second.manifest.document["case_sha256"] != salted
    assert len(first.case_salt) == 32
    assert "Ada Example" not in str(first.manifest.document)


def test_the_receipt_can_be_fetched_once_there_is_one(stages):
    stage = stages.verified()
    with pytest.raises(PacketNotClosed):
        stages.journey.close.manifest(stages.coordinator, stage.packet.id)
    closed = close(stages, stage)
    for actor in (stages.hospital.depositor, stages.coordinator, stages.hospital.privacy_officer):
        assert stages.journey.close.manifest(actor, stage.packet.id) == closed.manifest
    with pytest.raises(NotAllowed):
        stages.journey.close.manifest(a_patient_actor(), stage.packet.id)


@pytest.mark.parametrize("when_verified", [False, True])
def test_an_empty_packet_or_one_with_unfinished_files_does_not_close(stages, when_verified):
    stage = stages.opened()
    with pytest.raises(PacketEmpty):
        close(stages, stage, when_verified=when_verified)
    stages.planned(stage)
    with pytest.raises(FilesUnverified):
        close(stages, stage, when_verified=when_verified)
    stages.received(of=stages.opened())
    assert stages.refreshed(stage).packet.state is PacketState.OPEN


def test_a_packet_with_files_being_verified_closes_itself_when_asked_to(stages):
    stage = stages.received()
    with pytest.raises(FilesUnverified):
        close(stages, stage)
    assert close(stages, stage, when_verified=True).state is PacketState.CLOSING
    assert stages.journey.close.settle(stages.now) == 0
    stages.verify_all()
    assert stages.journey.close.settle(stages.now) == 1
    assert stages.refreshed(stage).packet.state is PacketState.CLOSED
    assert stages.journey.close.settle(stages.now) == 0
    assert stages.audit()[-1].actor_id == "worker"


def test_a_closing_packet_closes_at_once_when_asked_again_after_verification(stages):
    stage = stages.received()
    close(stages, stage, when_verified=True)
    stages.verify_all()
    assert close(stages, stage).state is PacketState.CLOSED


def test_a_packet_opens_again_as_soon_as_one_file_is_rejected(stages):
    stage = stages.received()
    close(stages, stage, when_verified=True)
    stages.store.contents.clear()
    stages.journey.verify.next_file()
    assert stages.journey.close.settle(stages.now) == 1
    assert stages.refreshed(stage).packet.state is PacketState.OPEN
    assert sorted(file.state for file in stage.files.values()) == [FileState.REJECTED, FileState.VERIFYING]
    assert stages.actions()[-1] == "packet.reopened"
    stages.verify_all()
    assert stages.journey.close.settle(stages.now) == 0
    assert stages.actions().count("packet.reopened") == 1


def test_a_packet_that_opened_again_closes_once_the_file_was_sent_again(stages):
    stage = stages.received()
    close(stages, stage, when_verified=True)
    stages.store.contents.popitem()
    stages.verify_all()
    assert stages.journey.close.settle(stages.now) == 1
    rejected = [file for file in stages.refreshed(stage).files.values() if file.state is FileState.REJECTED]
    with pytest.raises(FilesUnverified):
        close(stages, stage, when_verified=True)
    stages.put(stage, rejected[0].path, stage.contents[rejected[0].path])
    close(stages, stage, when_verified=True)
    stages.verify_all()
    stages.journey.close.settle(stages.now)
    assert stages.refreshed(stage).packet.state is PacketState.CLOSED


def test_settling_locks_nothing_while_there_is_nothing_to_settle(stages):
    close(stages, stages.received(), when_verified=True)
    database, steps = HookedDatabase(stages.database), []
    database.before = steps.append
    assert replace(stages.journey.close, database=database).settle(stages.now) == 0
    assert steps == ["reading"]


def test_packets_that_wait_for_verification_keep_no_finished_one_from_closing(stages, monkeypatch):
    monkeypatch.setattr("transfer_service.usecases.close.CLOSING_AT_ONCE", 1)
    finished = stages.verified()
    waiting = stages.received()
    close(stages, waiting, when_verified=True)
    stages.clock.advance(DAY)
    with stages.database.changing() as tx:
        tx.keep(replace(finished.packet, state=PacketState.CLOSING, written_at=stages.now))
    assert stages.journey.close.settle(stages.now) == 1
    assert stages.refreshed(finished).packet.state is PacketState.CLOSED


def test_a_packet_that_can_not_be_settled_keeps_no_other_from_it_and_is_reported_once(stages):
    broken, whole = stages.received(), stages.received()
    for stage in (broken, whole):
        close(stages, stage, when_verified=True)
    stages.verify_all()
    stages.kept.execute("UPDATE packet_files SET path = ? WHERE id = ?", bytes(200), broken.file.id.hex)
    with pytest.raises(SealBroken) as caught:
        stages.journey.close.settle(stages.now)
    assert str(broken.packet.id) in caught.value.__notes__[0]
    assert stages.refreshed(whole).packet.state is PacketState.CLOSED
    assert stages.journey.close.settle(stages.now) == 0


def test_closing_again_changes_nothing(stages):
    stage = stages.received()
    closing = close(stages, stage, when_verified=True)
    before = stages.rows()
    assert close(stages, stage, when_verified=True) == closing
    assert stages.rows() == before
    stages.verify_all()
    closed = close(stages, stage)
    before = stages.rows()
    for when_verified in (False, True):
        assert close(stages, stage, when_verified=when_verified) == closed
    assert stages.rows() == before


def test_a_packet_that_was_settled_by_another_worker_is_left_alone(stages):
    stage = stages.received()
    close(stages, stage, when_verified=True)
    stages.verify_all()
    database = HookedDatabase(stages.database)
    database.after = once("reading", lambda: close(stages, stage))
    assert replace(stages.journey.close, database=database).settle(stages.now) == 0
    assert stages.actions().count("packet.closed") == 1


@pytest.mark.parametrize("when_verified", [False, True])
@pytest.mark.parametrize("make", ["opened", "received", "verified"])
def test_a_retired_packet_does_not_close(stages, make, when_verified):
    stage = getattr(stages, make)()
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    with pytest.raises(PacketRetired):
        close(stages, stage, when_verified=when_verified)


def test_closing_is_for_the_packets_own_department(stages):
    stage = stages.verified()
    radiology = stages.department(stages.hospital.organization, "Radiology")
    for stranger in (stages.staff(radiology, Role.COORDINATOR), stages.enrolled("Other").coordinator):
        with pytest.raises(NotFound):
            stages.journey.close.close(stranger, stage.packet.id, stages.now, when_verified=False)
    for unfit in (stages.hospital.privacy_officer, stages.hospital.admin, a_patient_actor()):
        with pytest.raises(NotAllowed):
            stages.journey.close.close(unfit, stage.packet.id, stages.now, when_verified=False)


def test_a_release_binds_the_digest_of_the_receipt(stages):
    stage = stages.released()
    assert stage.release.manifest_sha256 == manifest_digest(stage.packet.manifest)
