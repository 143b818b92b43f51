"""Opening packets, planning and deleting files, saying that all was sent, and who may look."""

from uuid import uuid4

import pytest

from tests.factories import a_case, a_patient, a_patient_actor, a_recipient_actor
from tests.stages import sha256_hex, some_bytes
from tests.usecases.conftest import PART_BYTES
from transfer_service.domain.packet import FileState, PacketState
from transfer_service.domain.people import Role
from transfer_service.errors import (
    DigestMismatch,
    DigestMissing,
    FileTooLarge,
    Invalid,
    NotAllowed,
    NotFound,
    NotNow,
    PacketNotOpen,
    PacketRetired,
    PartsMissing,
    PathInvalid,
    PathTaken,
)
from transfer_service.usecases.deposit import FileDraft, PacketDraft
from transfer_service.usecases.reach import packet_key, packet_key_context


def part_digest(data):
    return bytes.fromhex(sha256_hex(data))


def test_a_packet_has_a_key_of_its_own_that_is_kept_only_wrapped(stages):
    keys = []
    for packet in (stages.opened().packet, stages.opened().packet):
        context = packet_key_context(packet.organization_id, packet.id)
        keys.append(stages.keyring.unwrap(packet.wrapped_key, context).reveal())
    assert keys[0] != keys[1]
    assert all(key not in stages.kept.octets() for key in keys)


def test_a_packet_without_its_key_opens_no_more(stages):
    packet = stages.opened().packet
    assert packet_key(stages.keyring, packet)
    stages.journey.retire.retire(stages.hospital.privacy_officer, packet.id, stages.now, at_once=True)
    stages.sweep()
    stage = stages.refreshed(stages.opened())
    stage.packet = packet
    with pytest.raises(PacketRetired):
        packet_key(stages.keyring, stages.refreshed(stage).packet)


def test_a_contributing_department_is_one_of_the_same_organization(stages):
    radiology = stages.department(stages.hospital.organization, "Radiology")
    foreign = stages.enrolled("Other").pathology
    draft = PacketDraft(a_case(), (radiology.id, radiology.id))
    packet = stages.journey.deposit.open_packet(stages.coordinator, draft, stages.now)
    assert packet.contributing_department_ids == (radiology.id,)
    for department_id in (foreign.id, uuid4()):
        with pytest.raises(Invalid):
            stages.journey.deposit.open_packet(stages.coordinator, PacketDraft(a_case(), (department_id,)), stages.now)


def test_who_may_do_what(stages):
    deposit, hospital = stages.journey.deposit, stages.hospital
    stage = stages.received()
    writers, readers = [hospital.depositor, hospital.coordinator], [hospital.privacy_officer]
    strangers = [hospital.admin, a_patient_actor(organization_id=hospital.id), a_recipient_actor()]
    file, packet = stage.file, stage.packet
    reads = [
        lambda actor: deposit.packet(actor, packet.id),
        lambda actor: deposit.packets(actor, limit=5),
        lambda actor: deposit.file(actor, packet.id, file.id),
        lambda actor: deposit.parts(actor, packet.id, file.id),
    ]
    writes = [
        lambda actor: deposit.open_packet(actor, PacketDraft(a_case()), stages.now),
        lambda actor: deposit.add_file(actor, packet.id, FileDraft(str(uuid4()), 1), stages.now),
        lambda actor: deposit.complete(actor, packet.id, file.id, None, stages.now),
    ]
    for actor in writers:
        for call in reads + writes:
            call(actor)
    for actor in readers:
        for call in reads:
            call(actor)
    for actor, calls in [*((reader, writes) for reader in readers), *((one, reads + writes) for one in strangers)]:
        for call in calls:
            with pytest.raises(NotAllowed):
                call(actor)
    with pytest.raises(NotAllowed):
        deposit.delete_file(hospital.privacy_officer, packet.id, file.id, stages.now)


def test_departments_and_organizations_do_not_see_each_others_packets(stages):
    deposit, stage = stages.journey.deposit, stages.received()
    radiology = stages.department(stages.hospital.organization, "Radiology")
    colleague, stranger = stages.staff(radiology, Role.COORDINATOR), stages.enrolled("Other").coordinator
    officer = stages.staff(radiology, Role.PRIVACY_OFFICER, "R. Guard")
    for actor in (colleague, stranger):
        assert deposit.packets(actor, limit=5).items == []
        for call in (
            lambda actor: deposit.packet(actor, stage.packet.id),
            lambda actor: deposit.file(actor, stage.packet.id, stage.file.id),
            lambda actor: deposit.parts(actor, stage.packet.id, stage.file.id),
            lambda actor: deposit.add_file(actor, stage.packet.id, FileDraft("x", 1), stages.now),
            lambda actor: deposit.delete_file(actor, stage.packet.id, stage.file.id, stages.now),
            lambda actor: deposit.complete(actor, stage.packet.id, stage.file.id, None, stages.now),
        ):
            with pytest.raises(NotFound):
                call(actor)
    assert [packet.id for packet in deposit.packets(officer, limit=5).items] == [stage.packet.id]


def test_packets_are_found_by_their_numbers_and_state(stages):
    deposit = stages.journey.deposit
    mine = stages.opened(patient=a_patient(record_number="MRN-7"), accession_number="S26-7")
    stages.opened()
    for asked in ({"record_number": " mrn-7"}, {"accession_number": "s26-7"}):
        assert [p.id for p in deposit.packets(stages.coordinator, limit=5, **asked).items] == [mine.packet.id]
    assert len(deposit.packets(stages.coordinator, limit=5, state=PacketState.OPEN).items) == 2
    assert deposit.packets(stages.coordinator, limit=5, state=PacketState.CLOSED).items == []
    first = deposit.packets(stages.coordinator, limit=1)
    second = deposit.packets(stages.coordinator, limit=1, cursor=first.next_cursor)
    assert {first.items[0].id, second.items[0].id} == {p.id for p in deposit.packets(stages.coordinator, limit=5).items}


def test_a_path_is_unique_in_its_packet_and_stays_inside_it(stages):
    stage = stages.opened()
    stages.planned(stage, "slides/Ä.svs")
    for same in ("slides/Ä.svs", "SLIDES/a\u0308.SVS"):
        with pytest.raises(PathTaken):
            stages.planned(stage, same)
    stages.planned(stages.opened(), "slides/Ä.svs")
    with pytest.raises(PathInvalid):
        stages.planned(stage, "../a.svs")
    with pytest.raises(FileTooLarge):
        stages.planned(stage, "b.svs", stages.limits.file_bytes + 1)
    assert len(stages.refreshed(stage).files) == 1


def test_a_deleted_file_is_gone_and_so_is_what_it_held(stages):
    stage = stages.verified()
    for file in stage.files.values():
        stages.journey.deposit.delete_file(stages.coordinator, stage.packet.id, file.id, stages.now)
        with pytest.raises(NotFound):
            stages.file_now(file)
    stages.check_nothing_is_orphaned()
    assert stages.rows()["parts"] == stages.rows()["assembly_intents"] == []
    assert stages.put(stage, stage.file.path, b"other").size_bytes == 5


def test_nothing_is_deleted_from_a_packet_that_is_not_open(stages):
    stage = stages.closed()
    with pytest.raises(PacketNotOpen):
        stages.journey.deposit.delete_file(stages.coordinator, stage.packet.id, stage.file.id, stages.now)
    with pytest.raises(PacketNotOpen):
        stages.planned(stage, "late.svs")


def test_complete_names_the_parts_that_are_missing(stages):
    file = stages.planned(stages.opened(), size=PART_BYTES * 3)
    stages.put_part(file, 2, some_bytes(PART_BYTES))
    with pytest.raises(PartsMissing) as refusal:
        stages.complete(file, "ab" * 32)
    assert refusal.value.facts == {"parts": [1, 3], "missing": 2}
    assert stages.file_now(file).state is FileState.RECEIVING


def test_complete_needs_a_digest_of_the_whole_or_of_every_part(stages):
    stage = stages.opened()
    file = stages.planned(stage, size=PART_BYTES + 1)
    stages.put_part(file, 1, b"x" * PART_BYTES, part_digest(b"x" * PART_BYTES))
    stages.put_part(file, 2, b"y")
    with pytest.raises(DigestMissing):
        stages.complete(file)
    stages.put_part(file, 2, b"y", part_digest(b"y"))
    assert stages.complete(file).state is FileState.VERIFYING
    stages.verify_all()
    assert stages.file_now(file).sha256 == sha256_hex(b"x" * PART_BYTES + b"y")


def test_the_digest_of_complete_is_the_one_that_was_planned(stages):
    file = stages.planned(stages.opened(), size=1, sha256=sha256_hex(b"x"))
    stages.put_part(file, 1, b"x")
    with pytest.raises(DigestMismatch):
        stages.complete(file, sha256_hex(b"y"))
    assert stages.complete(file, sha256_hex(b"x")).declared_sha256 == sha256_hex(b"x")


@pytest.mark.parametrize("planned", [None, sha256_hex(b"slip")])
def test_a_rejected_file_may_be_declared_another_digest(stages, planned):
    file = stages.planned(stages.opened(), size=1, sha256=planned)
    stages.put_part(file, 1, b"x")
    stages.complete(file, sha256_hex(b"slip"))
    stages.verify_all()
    assert stages.file_now(file).state is FileState.REJECTED
    stages.put_part(file, 1, b"x")
    stages.complete(file, sha256_hex(b"x"))
    stages.verify_all()
    assert (stages.file_now(file).state, stages.file_now(file).sha256) == (FileState.VERIFIED, sha256_hex(b"x"))


@pytest.mark.parametrize("verified", [False, True])
@pytest.mark.parametrize("declared", [None, sha256_hex(b"x")])
def test_complete_repeated_answers_with_the_file_as_it_is(stages, verified, declared):
    file = stages.planned(stages.opened(), size=1)
    stages.put_part(file, 1, b"x", part_digest(b"x"))
    stages.complete(file, declared)
    if verified:
        stages.verify_all()
    before = stages.rows()
    for _ in range(3):
        assert stages.complete(file, declared) == stages.file_now(file)
    assert stages.complete(file) == stages.file_now(file)
    if declared or verified:
        with pytest.raises(NotNow):
            stages.complete(file, sha256_hex(b"y"))
    assert stages.rows() == before


def test_complete_is_too_late_in_a_packet_that_is_over(stages):
    stage = stages.opened()
    file = stages.planned(stage, size=1)
    stages.put_part(file, 1, b"x")
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    with pytest.raises(PacketNotOpen):
        stages.complete(file, sha256_hex(b"x"))
