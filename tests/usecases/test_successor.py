"""A closed packet never changes: what is new goes into a packet that starts from it."""

from uuid import uuid4

import pytest

from tests.factories import a_patient_actor, a_recipient_actor, a_system_actor
from tests.stages import CONTENTS, sha256_hex, some_bytes
from tests.usecases.conftest import PART_BYTES
from transfer_service.domain.opinion import Conclusion, MaterialKind, Missing, Reply
from transfer_service.domain.packet import FileState, NotIncluded, PacketState
from transfer_service.domain.people import Role
from transfer_service.domain.successor import CaseChanges
from transfer_service.errors import (
    FileNotReceiving,
    FilesUnverified,
    FileUnknown,
    Invalid,
    NotAllowed,
    NotFound,
    PacketNotClosed,
    PacketRetired,
    PathTaken,
    ReleaseNotSigned,
)
from transfer_service.usecases.deposit import FileDraft

TWO_PARTS = {"slides/A1.svs": some_bytes(PART_BYTES + 7), "reports/S26-1234.pdf": b"a report"}


def test_a_successor_starts_from_the_packet_as_it_is(stages):
    former = stages.closed()
    stage = stages.succeeded(former)
    packet = stage.packet
    assert (packet.state, packet.predecessor_id, packet.department_id) == (
        PacketState.OPEN, former.packet.id, former.packet.department_id,
    )  # fmt: skip
    assert (packet.case, packet.note) == (former.packet.case, former.packet.note)
    assert packet.wrapped_key != former.packet.wrapped_key
    for path, file in stage.files.items():
        source = former.files[path]
        assert (file.carried_from, file.declared_sha256, file.size_bytes, file.kind) == (
            source.id, source.sha256, source.size_bytes, source.kind,
        )  # fmt: skip
        assert file.state is FileState.RECEIVING
    (_, entry) = [entry for entry in stages.audit() if entry.action == "packet.opened"]
    assert entry.facts == {"predecessor": str(former.packet.id), "files": len(CONTENTS)}


def test_what_is_named_is_otherwise(stages):
    lost = (NotIncluded("the slides of 2019", "at another hospital"),)
    changes = CaseChanges(question="And the lymph node?", not_included=lost)
    packet = stages.succeeded(stages.closed(), case=changes, note="With the node").packet
    assert (packet.case.question, packet.case.not_included, packet.note) == (
        "And the lymph node?", lost, "With the node",
    )  # fmt: skip


def test_a_successor_can_bring_what_an_opinion_asked_for(stages):
    stage = stages.redeemed()
    missing = (Missing(MaterialKind.STAIN, "HER2 of block A1"),)
    asking = stages.answered(stage, Reply(Conclusion.NEEDS_MORE_MATERIAL, missing=missing)).opinion
    packet = stages.succeeded(stage, answers_opinion_id=asking.id).packet
    assert packet.answers_opinion_id == asking.id
    assert stages.audit()[-1].facts["answers"] == str(asking.id)


def test_only_an_opinion_on_that_packet_that_was_sent_and_asked_for_more_is_answered(stages):
    stage, other = stages.redeemed(), stages.closed()
    content = stages.answered(stage).opinion
    missing = (Missing(MaterialKind.BLOCK, "Block A1"),)
    asking = stages.answered(stage, Reply(Conclusion.NEEDS_MORE_MATERIAL, missing=missing)).opinion
    draft = stages.drafted(stage).opinion
    for former, opinion_id in ((stage, content.id), (other, asking.id), (stage, draft.id), (stage, uuid4())):
        with pytest.raises(Invalid):
            stages.succeeded(former, answers_opinion_id=opinion_id)


def test_chosen_files_are_carried_and_no_others(stages):
    former = stages.closed()
    assert [*stages.succeeded(former, file_ids=(former.file.id,)).files] == [former.file.path]
    assert stages.succeeded(former, file_ids=()).files == {}
    foreign = stages.closed().file.id
    for unknown in (foreign, uuid4()):
        with pytest.raises(FileUnknown):
            stages.succeeded(former, file_ids=(former.file.id, unknown))


@pytest.mark.parametrize("contents", [TWO_PARTS, {"empty": b""}], ids=["two parts", "empty"])
def test_carried_files_are_verified_like_every_file_and_closed_with_the_packet(stages, contents):
    former = stages.closed(contents)
    stage = stages.carried(former)
    assert {path: file.sha256 for path, file in stage.files.items()} == {
        path: sha256_hex(data) for path, data in contents.items()
    }
    stage = stages.closed(of=stage)
    reader = stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stages.released(of=stage)))))
    for path, file in stage.files.items():
        assert stages.download(reader.actor, file) == contents[path]
    stages.check_nothing_is_orphaned()


def test_each_packet_has_objects_and_keys_of_its_own(stages):
    former = stages.closed(TWO_PARTS)
    stage = stages.carried(former)
    for path, file in stage.files.items():
        source = stages.file_now(former.files[path])
        assert file.object_key != source.object_key
        assert stages.store.contents[file.object_key][1] != stages.store.contents[source.object_key][1]


@pytest.mark.parametrize("which", ["predecessor", "successor"])
def test_destroying_either_harms_the_other_in_nothing(stages, which):
    former = stages.closed(TWO_PARTS)
    stage = stages.closed(of=stages.carried(former))
    ended, kept = (former, stage) if which == "predecessor" else (stage, former)
    stages.journey.retire.retire(stages.hospital.privacy_officer, ended.packet.id, stages.now, at_once=True)
    stages.sweep()
    reader = stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stages.released(of=kept)))))
    for path, file in kept.files.items():
        assert stages.download(reader.actor, file) == kept.contents[path]
    stages.check_nothing_is_orphaned()


def test_no_release_of_the_predecessor_applies_to_the_successor(stages):
    former = stages.redeemed()
    stage = stages.closed(of=stages.carried(former))
    draft = stages.link_draft(former)
    with pytest.raises(NotFound):
        stages.journey.issue.issue(stages.coordinator, stage.packet.id, draft, stages.now)
    for file in stage.files.values():
        with pytest.raises(NotFound):
            stages.journey.deliver.begin(former.actor, file.id, 0, 1, stages.now)
    assert stages.journey.releases.of_packet(stages.coordinator, stage.packet.id) == []
    asked = stages.released(of=stage)
    with pytest.raises(ReleaseNotSigned):
        stages.linked(of=asked)
    assert stages.download(former.actor, former.file) == former.contents[former.file.path]


def test_only_a_closed_packet_has_successors(stages):
    with pytest.raises(PacketNotClosed):
        stages.succeeded(stages.verified())
    former = stages.closed()
    stages.journey.retire.retire(stages.coordinator, former.packet.id, stages.now)
    with pytest.raises(PacketRetired):
        stages.succeeded(former)


def test_whoever_may_deposit_in_a_packet_may_open_its_successor(stages):
    former, hospital = stages.closed(), stages.hospital
    assert stages.succeeded(former, hospital.depositor).packet.created_by == hospital.depositor.staff_id
    for unfit in (hospital.privacy_officer, hospital.admin, a_patient_actor(), a_recipient_actor(), a_system_actor()):
        with pytest.raises(NotAllowed):
            stages.succeeded(former, unfit)
    radiology = stages.staff(stages.department(hospital.organization, "Radiology"), Role.COORDINATOR)
    for foreign in (radiology, stages.enrolled("Other").coordinator):
        with pytest.raises(NotFound):
            stages.succeeded(former, foreign)


def test_while_a_file_is_carried_nobody_else_writes_it(stages):
    stage = stages.succeeded(stages.closed())
    file, receive = stage.file, stages.journey.receive
    with pytest.raises(FileNotReceiving):
        receive.expect_part(stages.coordinator, stage.packet.id, file.id, 1)
    with pytest.raises(FileNotReceiving):
        stages.complete(file, file.declared_sha256)
    with pytest.raises(PathTaken):
        receive.expect_content(stages.coordinator, stage.packet.id, FileDraft(file.path, 5), stages.now)
    with pytest.raises(FilesUnverified):
        stages.closed(of=stage)


def test_a_successor_that_is_to_close_once_verified_closes_itself(stages):
    stage = stages.succeeded(stages.closed(TWO_PARTS))
    close = stages.journey.close
    closing = close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=True)
    assert closing.state is PacketState.CLOSING
    assert close.settle(stages.now) == 0
    stages.carry_all()
    assert close.settle(stages.now) == 0
    stages.verify_all()
    assert close.settle(stages.now) == 1
    assert stages.refreshed(stage).packet.state is PacketState.CLOSED


def test_more_can_be_deposited_beside_what_is_carried(stages):
    former = stages.closed()
    stage = stages.succeeded(former)
    stages.put(stage, "slides/A4.svs", b"the missing stain")
    stages.carry_all()
    stage = stages.closed(of=stages.verified(of=stage))
    view = stages.journey.successors.changes(stages.hospital.privacy_officer, stage.packet.id)
    assert view.predecessor_id == former.packet.id
    assert [file.path for file in view.changes.added] == ["slides/A4.svs"]
    assert (view.changes.removed, view.changes.changed, view.changes.unchanged) == ((), (), len(CONTENTS))


def test_a_successor_can_have_a_successor(stages):
    first = stages.closed()
    second = stages.closed(of=stages.carried(first))
    third = stages.carried(second, file_ids=(second.file.id,))
    assert third.packet.predecessor_id == second.packet.id
    removed = stages.journey.successors.changes(stages.coordinator, third.packet.id).changes.removed
    assert len(removed) == len(CONTENTS) - 1


def test_who_may_see_what_differs(stages):
    former = stages.closed()
    stage, hospital = stages.succeeded(former), stages.hospital
    changes = stages.journey.successors.changes
    for actor in (hospital.depositor, hospital.coordinator, hospital.privacy_officer):
        assert changes(actor, stage.packet.id).changes.unchanged == len(CONTENTS)
        with pytest.raises(NotFound):
            changes(actor, former.packet.id)
    for unfit in (hospital.admin, a_patient_actor(), a_recipient_actor()):
        with pytest.raises(NotAllowed):
            changes(unfit, stage.packet.id)
    with pytest.raises(NotFound):
        changes(stages.enrolled("Other").privacy_officer, stage.packet.id)
