"""The documents that manifests sign."""

from tests.factories import NOW, a_case, a_file, a_packet, a_release
from transfer_service.domain.manifest import case_document, packet_manifest, release_manifest
from transfer_service.domain.packet import Specimen
from transfer_service.domain.release import Grant


def test_the_case_is_shown_without_contacts():
    case = a_case(specimens=(Specimen("A"),))
    text = str(case_document(case))
    assert case.patient.name in text
    assert "ada@patient.test" not in text
    assert "555" not in text


def test_a_packet_manifest_lists_every_file_by_path():
    packet = a_packet()
    document = packet_manifest(packet, [a_file(path="b"), a_file(path="a")], "0" * 64, NOW)
    assert [file["path"] for file in document["files"]] == ["a", "b"]
    assert document["packet"] == str(packet.id)


def test_a_release_manifest_lists_exactly_the_files_granted():
    granted, other = a_file(path="granted"), a_file(path="other")
    release = a_release()
    grant = Grant(release.grants[0].recipient_id, 1, (granted.id,))
    document = release_manifest(release, grant, [granted, other])
    assert [file["path"] for file in document["files"]] == ["granted"]
    assert document["packet_manifest_sha256"] == release.manifest_sha256
