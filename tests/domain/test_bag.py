"""What a recipient takes away: a BagIt bag (RFC 8493) that says what it is."""

import hashlib
import json

from tests.domain.bags import PACKET_ID, a_bag, a_kept_file
from tests.factories import a_department, an_organization
from transfer_service.domain.archive import archive_of
from transfer_service.domain.release import Basis

SLIDE, EMPTY = a_kept_file("slides/Ä 1.svs", b"a slide"), a_kept_file("empty", b"")


def text_of(bag, name):
    return bag.tag_files[name].decode()


def test_the_tag_files_are_those_of_the_rfc_and_ours():
    bag = a_bag(SLIDE, EMPTY)
    assert list(bag.tag_files) == [
        "bagit.txt",
        "README.txt",
        "bag-info.txt",
        "release-manifest.json",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
    ]
    assert text_of(bag, "bagit.txt") == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert text_of(bag, "manifest-sha256.txt") == (
        f"{hashlib.sha256(b'a slide').hexdigest()}  data/slides/Ä 1.svs\n"
        f"{hashlib.sha256(b'').hexdigest()}  data/empty\n"
    )
    assert text_of(bag, "bag-info.txt").splitlines() == [
        "Source-Organization: St. Agatha",
        "Contact-Name: Pathology, +1 555 0111",
        f"External-Identifier: {PACKET_ID}",
        "Bagging-Date: 2026-05-12",
        "Payload-Oxum: 7.2",
    ]


def test_every_tag_file_but_the_list_of_them_is_in_the_list_of_them():
    bag = a_bag(SLIDE)
    listed = dict(reversed(line.split("  ")) for line in text_of(bag, "tagmanifest-sha256.txt").splitlines())
    tags = {name: data for name, data in bag.tag_files.items() if name != "tagmanifest-sha256.txt"}
    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in tags.items()}


def test_the_signed_manifest_is_in_the_bag_as_it_was_signed():
    bag = a_bag(SLIDE)
    kept = json.loads(bag.tag_files["release-manifest.json"])
    assert kept == {"manifest": bag.manifest.document, "signature": "a signature", "key_id": "0123456789abcdef"}


def test_the_readme_of_a_release_for_treatment_speaks_of_no_signature():
    readme = text_of(a_bag(SLIDE, basis=Basis.TREATMENT), "README.txt")
    assert "released to you for the patient's treatment on May 12, 2026" in readme
    assert "signed on" not in readme


def test_the_readme_says_what_it_is_how_to_check_it_and_whom_to_call():
    readme = " ".join(text_of(a_bag(SLIDE, EMPTY), "README.txt").split())
    for said in (
        "Files from St. Agatha, Pathology",
        f"packet {PACKET_ID}: 2 files, 7 bytes",
        "signed on May 12, 2026",
        "sha256sum -c manifest-sha256.txt",
        "bagit.py --validate .",
        "packet verify .",
        "the key 0123456789abcdef",
        "A key that comes along with the files proves nothing",
        "Whom to call +1 555 0111",
    ):
        assert said in readme
    assert "Names that were changed" not in readme
    assert "1 file, 7 bytes" in text_of(a_bag(SLIDE), "README.txt")


def test_names_that_not_every_system_can_hold_are_changed_and_told():
    bag = a_bag(a_kept_file("Ki-67 20%.svs", b"x"), SLIDE)
    assert list(bag.payload) == ["data/Ki-67 20_.svs", "data/slides/Ä 1.svs"]
    assert "    data/Ki-67 20_.svs\n        was Ki-67 20%.svs\n" in text_of(bag, "README.txt")
    assert "Ä 1" not in text_of(bag, "README.txt")
    assert "data/Ki-67 20_.svs" in text_of(bag, "manifest-sha256.txt")


def test_a_name_on_several_lines_makes_no_line_of_its_own():
    bag = a_bag(
        SLIDE,
        organization=an_organization(name="St. {Agatha}\r\nBagging-Date: 1999-01-01"),
        department=a_department(name="Pathology", contact="Ada\nPayload-Oxum: 0.0"),
    )
    lines = text_of(bag, "bag-info.txt").splitlines()
    assert lines[:2] == [
        "Source-Organization: St. {Agatha} Bagging-Date: 1999-01-01",
        "Contact-Name: Pathology, Ada Payload-Oxum: 0.0",
    ]
    assert len(lines) == 5


def test_neither_folder_nor_archive_says_anything_of_the_patient():
    bag = a_bag(SLIDE)
    assert bag.name == archive_of(bag).name == "packet-d3b0f227"
    case = bag.packet.case
    everything = b"".join(bag.tag_files.values()).decode()
    for hidden in (case.patient.name, case.patient.record_number, case.accession_number, case.patient.email):
        assert hidden not in everything
