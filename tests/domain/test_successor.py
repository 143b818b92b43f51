"""What differs between a packet and the one that it starts from."""

from dataclasses import fields

from tests.factories import a_case, a_file, a_verified_file
from transfer_service.domain.packet import Case, NotIncluded, Specimen
from transfer_service.domain.successor import CaseChanges, ChangedFile, changes_between


def paths(files):
    return [file.path for file in files]


def test_files_are_compared_by_path_and_digest():
    same, gone, former = (a_verified_file(path=path) for path in ("same", "gone", "other"))
    again, new, other = (
        a_verified_file(path="same"),
        a_verified_file(path="new"),
        a_verified_file(path="other", sha256="cd" * 32),
    )
    changes = changes_between([gone, former, same], [other, new, again])
    assert (paths(changes.added), paths(changes.removed), changes.unchanged) == (["new"], ["gone"], 1)
    assert changes.changed == (ChangedFile(former, other),)


def test_what_differs_comes_in_the_order_of_paths():
    files = [a_verified_file(path=path) for path in "cab"]
    assert paths(changes_between([], files).added) == paths(changes_between(files, []).removed) == ["a", "b", "c"]


def test_a_file_that_is_not_read_back_yet_is_compared_by_what_was_declared():
    former = a_verified_file(path="a")
    assert changes_between([former], [a_file(path="a", declared_sha256=former.sha256)]).unchanged == 1
    assert len(changes_between([former], [a_file(path="a", declared_sha256=None)]).changed) == 1


def test_what_is_not_named_of_a_case_stays():
    case = a_case()
    assert CaseChanges().applied(case) == case
    changed = CaseChanges("S26-2", "Q", "D", "right", (Specimen("B1"),), (NotIncluded("B2", "lost"),)).applied(case)
    assert changed == Case("S26-2", case.patient, "Q", "D", "right", (Specimen("B1"),), (NotIncluded("B2", "lost"),))


def test_everything_but_the_patient_can_be_otherwise():
    assert {each.name for each in fields(Case)} - {each.name for each in fields(CaseChanges)} == {"patient"}
