"""A packet that starts from a closed one, at a running installation: its files come of themselves, and are equal."""

from tests.journey.hospital import PART, File, Hospital, Packet, code_of, sha256, some_bytes
from tests.standalone_process import Standalone


def test_a_file_of_two_parts_is_carried_over_and_equal_while_the_predecessor_is_retired(standalone: Standalone) -> None:
    hospital = Hospital(standalone, "St. Sequel")
    former = hospital.packet()
    slide, report = former.deposit(some_bytes(PART + 70_001), "slides/A1.svs"), former.deposit(b"a report", "S-1.pdf")
    signed = former.close().released()
    opened = hospital.coordinator.did(f"{former.url}/successor", {"note": "With the missing stain"})
    ids = {file["path"]: file["id"] for file in opened["files"]}
    successor = Packet(hospital, opened["id"], former.patient_email)
    successor.files = [
        File(hospital.coordinator, f"{successor.url}/files/{ids[file.path]}", ids[file.path], file.path, file.data)
        for file in (slide, report)
    ]
    stain = successor.deposit(some_bytes(50_000), "slides/A2.svs")
    successor.close()
    shown = {file["path"]: (file["state"], file["sha256"]) for file in successor.shown()["files"]}
    assert shown == {file.path: ("verified", sha256(file.data)) for file in (slide, report, stain)}
    changes = hospital.coordinator.shown(f"{successor.url}/changes")
    assert ([file["path"] for file in changes["added"]], changes["unchanged"]) == (["slides/A2.svs"], 2)
    refused = hospital.coordinator.post(f"{successor.url}/links", signed.link_body())
    assert code_of(refused) == (404, "not_found")
    hospital.privacy_officer.did(f"{former.url}/retire", {"now": True})
    successor.check_every_byte()
