"""Packets and files: the states, and what moves them."""

import pytest

from tests.factories import a_file, a_packet
from transfer_service.client.deposit.scan import KINDS
from transfer_service.domain.packet import (
    KIND_BY_ENDING,
    PACKET_TRANSITIONS,
    FileKind,
    FileState,
    PacketState,
    check_may_close,
    kind_by_name,
)
from transfer_service.errors import (
    FileNotReceiving,
    FilesUnverified,
    NotNow,
    PacketEmpty,
    PacketNotClosed,
    PacketNotOpen,
    PacketRetired,
)


@pytest.mark.parametrize("state", PacketState)
@pytest.mark.parametrize("to", PacketState)
def test_a_packet_moves_only_where_the_table_says(state, to):
    packet = a_packet(state=state)
    if to in PACKET_TRANSITIONS[state]:
        assert packet.moved(to).state is to
    else:
        with pytest.raises(NotNow):
            packet.moved(to)


def test_a_file_is_called_what_its_ending_says_by_the_service_and_by_its_client_alike():
    assert kind_by_name("slides/A1.SVS") is FileKind.SLIDE
    assert kind_by_name("mammograms/left.dcm") is FileKind.RADIOLOGY
    assert kind_by_name("report.pdf") is FileKind.REPORT
    assert kind_by_name("slides.svs/README") is kind_by_name("svs.") is FileKind.OTHER
    assert {kind.value: {f".{each}" for each in endings} for kind, endings in KIND_BY_ENDING.items()} == KINDS


def test_nothing_leads_out_of_retired_and_nothing_but_retirement_out_of_closed():
    assert PACKET_TRANSITIONS[PacketState.RETIRED] == frozenset()
    assert PACKET_TRANSITIONS[PacketState.CLOSED] == {PacketState.RETIRED}


def test_only_an_open_packet_takes_files():
    a_packet(state=PacketState.OPEN).check_open()
    for state in set(PacketState) - {PacketState.OPEN}:
        with pytest.raises(PacketNotOpen):
            a_packet(state=state).check_open()


def test_only_a_closed_packet_is_released():
    a_packet(state=PacketState.CLOSED).check_closed()
    with pytest.raises(PacketRetired):
        a_packet(state=PacketState.RETIRED).check_closed()
    for state in (PacketState.OPEN, PacketState.CLOSING):
        with pytest.raises(PacketNotClosed):
            a_packet(state=state).check_closed()


@pytest.mark.parametrize("state", FileState)
def test_a_file_takes_parts_while_receiving_and_again_after_a_rejection(state):
    if state in {FileState.RECEIVING, FileState.REJECTED}:
        a_file(state=state).check_receiving()
    else:
        with pytest.raises(FileNotReceiving):
            a_file(state=state).check_receiving()


def test_a_rejected_file_starts_anew_with_nothing_of_the_former_attempt():
    former = a_file(state=FileState.REJECTED, object_key="k", upload_id="u", etag="e", rejected_code="digest_mismatch")
    anew = former.received_anew()
    assert anew.state is FileState.RECEIVING
    assert (anew.object_key, anew.upload_id, anew.etag, anew.rejected_code) == (None, None, None, None)


def test_a_packet_closes_when_it_has_files_and_all_are_verified():
    check_may_close([a_file(state=FileState.VERIFIED)])
    with pytest.raises(PacketEmpty):
        check_may_close([])
    with pytest.raises(FilesUnverified):
        check_may_close([a_file(state=FileState.VERIFIED), a_file(state=FileState.VERIFYING)])


def test_what_a_patient_and_a_case_hold_is_not_printed():
    packet = a_packet()
    for text in (repr(packet.case), repr(packet.case.patient), str(packet)):
        assert packet.case.patient.name not in text
        assert packet.case.accession_number not in text
